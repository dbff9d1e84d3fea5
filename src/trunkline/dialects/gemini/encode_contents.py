"""The conversation as Google wants it: the system apart, all results of a turn in one content."""

from itertools import takewhile

from msgspec import Raw

from trunkline.canon.content import Message, Part, Reasoning, Role, Text, ToolCall, ToolResult
from trunkline.canon.deployment import Quirks
from trunkline.canon.foreign import foreign_fields
from trunkline.canon.request import ChatRequest
from trunkline.dialects.gemini.encode_parts import PartWriter, WirePart
from trunkline.dialects.gemini.names import Names
from trunkline.dialects.gemini.signature import sign_calls
from trunkline.dialects.gemini.wire import NAME, Fields
from trunkline.dialects.notes import Notes
from trunkline.dialects.point import SAYS_NOTHING, is_empty_turn, refuse_pointless
from trunkline.dialects.raws import NOT_JSON, RAW_MAP
from trunkline.dialects.thought_ids import unsigned

_SYSTEM = (Role.SYSTEM, Role.DEVELOPER)
_DROPPED = "dropped: the Gemini API has no such field"
_OPENING = "Continue."
"""Stands for the user where a conversation has none to begin with: contents may not be empty."""


class _Content:
    def __init__(self, role: str, parts: list[WirePart]) -> None:
        self.role = role
        self.parts = parts

    def fields(self) -> Fields:
        return {"role": self.role, "parts": self.parts}


class ContentWriter:
    def __init__(self, request: ChatRequest, quirks: Quirks, names: Names, notes: Notes) -> None:
        self._messages = request.messages
        self._own = request.origin == NAME
        self._signs = quirks.thought_signatures
        self._names = names
        self._notes = notes
        self._parts = PartWriter(quirks, notes, own=self._own)
        self._called: dict[str, str] = {}
        """The names of the calls so far, by id."""
        self._written: list[_Content] = []

    def write(self) -> tuple[list[WirePart], list[Fields]]:
        """The parts of systemInstruction, and contents. Raises Unsupported."""
        leading = list(takewhile(lambda message: message.role in _SYSTEM, self._messages))
        system: list[WirePart] = []
        for index, message in enumerate(leading):
            self._note_foreign(index, message)
            system += self._shown(index, message)
        for index, message in enumerate(self._messages[len(leading) :], len(leading)):
            self._note_foreign(index, message)
            before = len(self._written)
            self._message(index, message)
            self._note_empty(index, before)
        refuse_pointless(self._messages, self._written[-1].role if self._written else None)
        if not self._own and (not self._written or self._written[0].role != "user"):
            self._notes.add("messages", f'a user turn "{_OPENING}" put first: one begins here')
            self._written.insert(0, _Content("user", [{"text": _OPENING}]))
        if self._signs:
            sign_calls((content.role, content.parts) for content in self._written)
        return system, [content.fields() for content in self._written]

    def _note_empty(self, index: int, before: int) -> None:
        if len(self._written) == before and is_empty_turn(self._messages, index):
            self._notes.add(f"messages.{index}.content", SAYS_NOTHING)

    def _message(self, index: int, message: Message) -> None:
        if message.role is Role.ASSISTANT:
            self._put("model", self._spoken(index, message))
        elif message.role is Role.TOOL:
            self._results(index, message)
        else:
            if message.role in _SYSTEM:
                # In place: to hoist it would change what it follows, and break every prompt cache.
                why = "system sent as user text in place: taken no other way here"
                self._notes.add(f"messages.{index}.role", why)
            self._put("user", self._shown(index, message))

    def _put(self, role: str, parts: list[WirePart]) -> None:
        """A turn of the model's is one content: the results must follow all of its calls."""
        if not parts:
            return
        last = self._written[-1] if self._written else None
        if role == "model" and last is not None and last.role == role and not self._own:
            last.parts += parts
        else:
            self._written.append(_Content(role, parts))

    def _shown(self, index: int, message: Message) -> list[WirePart]:
        path = f"messages.{index}.content"
        written = [
            self._parts.part(f"{path}.{at}", part, shown=True)
            for at, part in enumerate(message.parts)
        ]
        return [part for part in written if part is not None]

    def _results(self, index: int, message: Message) -> None:
        aside: list[WirePart] = []
        parts: list[WirePart] = []
        for at, part in enumerate(message.parts):
            if isinstance(part, ToolResult):
                name = self._called.get(part.call_id, "")
                parts.append(
                    self._parts.result(f"messages.{index}.content.{at}", part, name, aside)
                )
        self._put("user", parts)
        self._put("user", aside)

    def _spoken(self, index: int, message: Message) -> list[WirePart]:
        written: list[WirePart] = []
        waiting = ""
        for at, part in enumerate(message.parts):
            path = f"messages.{index}.content.{at}"
            if isinstance(part, Reasoning) and not part.text and part.origin == NAME:
                waiting = _proven(written, part.signature, waiting)
                continue
            wire = self._spoken_part(path, part)
            if wire is None:
                continue
            if waiting and isinstance(part, Text) and isinstance(wire, dict):
                wire["thoughtSignature"], waiting = waiting, ""
            written.append(wire)
        if waiting:
            written.append({"text": "", "thoughtSignature": waiting})
        return written

    def _spoken_part(self, path: str, part: Part) -> WirePart | None:
        if isinstance(part, ToolCall):
            return self._call(path, part)
        if isinstance(part, Reasoning):
            if part.origin != NAME:
                self._notes.add(path, "reasoning dropped: it is not this provider's own")
                return None
            wire: Fields = {"text": part.text, "thought": True}
            if part.signature:
                wire["thoughtSignature"] = part.signature
            return wire
        return self._parts.part(path, part, shown=False)

    def _call(self, path: str, call: ToolCall) -> Fields:
        plain, signature = unsigned(call.id)
        name = self._names(call.name)
        self._called[call.id] = name
        args, fits = arguments_of(call)
        if not fits:
            self._notes.add(f"{path}.arguments", "wrapped in an object: they are not one")
        function: Fields = {"id": plain} if plain else {}
        function |= {"name": name, "args": args}
        wire: Fields = {"functionCall": function}
        if signature:
            wire["thoughtSignature"] = signature
        return {**wire, **call.extra} if self._own else wire

    def _note_foreign(self, index: int, message: Message) -> None:
        if message.name is not None:
            self._notes.add(f"messages.{index}.name", "dropped: participants have no names here")
        if not self._own:
            for note in foreign_fields(index, message, _DROPPED):
                self._notes.add(note.field, note.message)


def arguments_of(call: ToolCall) -> tuple[Raw | Fields, bool]:
    """An object, and whether that is what they were."""
    if call.kind == "custom":
        return {"input": call.arguments}, True
    if not call.arguments.strip():
        return Raw(b"{}"), True
    try:
        raw = call.arguments.encode()
        RAW_MAP.decode(raw)
    except NOT_JSON:
        return {"input": call.arguments}, False
    return Raw(raw), True


def _proven(written: list[WirePart], signature: str, waiting: str) -> str:
    """A signature of what nobody sees belongs to the text before it, else to the one behind."""
    last = written[-1] if written else None
    if (
        isinstance(last, dict)
        and "text" in last
        and not {"thought", "thoughtSignature"} & last.keys()
    ):
        last["thoughtSignature"] = signature
        return waiting
    if waiting:
        written.append({"text": "", "thoughtSignature": waiting})
    return signature
