"""The conversation of a request as the items of `input`."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import groupby
from typing import TypeGuard

from msgspec import Raw, Struct
from msgspec.structs import replace

from trunkline.canon.content import (
    Message,
    Opaque,
    Part,
    Reasoning,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.canon.deployment import Quirks
from trunkline.canon.foreign import foreign_fields
from trunkline.canon.request import ChatRequest
from trunkline.dialects.notes import Notes
from trunkline.dialects.openai_names import ToolName
from trunkline.dialects.openai_responses.encode_request_parts import PartWriter, Wire
from trunkline.dialects.openai_responses.namespaces import members
from trunkline.dialects.openai_responses.reasoning import Proof, item_of, proof_of
from trunkline.dialects.openai_responses.upstream_wire import KIND
from trunkline.dialects.openai_responses.wire import NAME
from trunkline.dialects.point import refuse_pointless
from trunkline.dialects.raws import NOT_JSON
from trunkline.dialects.thought_ids import unsigned

# "string too long. Expected a string with maximum length 64" (seen 2026-11-21).
_LONGEST_ID = 64
_DROPPED = "dropped: Responses has no such field"
_CONTENT = ("input_", "output_text", "text", "refusal", "computer_screenshot")

Item = Wire | Struct | Raw


class ItemWriter:
    def __init__(self, request: ChatRequest, quirks: Quirks, names: ToolName, notes: Notes) -> None:
        self._messages = request.messages
        self._own = request.origin == NAME
        self._quirks = quirks
        self._names = names
        self._notes = notes
        self._parts = PartWriter(notes, own=self._own, flat=quirks.flat_text)
        self._members = members(request.tools)
        self._kinds: dict[str, str] = {}
        """Of each call so far: its output is an item of the same kind."""
        self._written: list[Item] = []
        self.instructions = _instructions(request)
        """The first message, where its client gave it apart from the input."""

    def write(self) -> list[Item]:
        leading, said = True, False
        for index, message in enumerate(self._messages):
            if index == 0 and self.instructions is not None:
                continue
            self._note(index, message)
            if message.role in (Role.SYSTEM, Role.DEVELOPER):
                self._system(index, message, leading=leading)
                continue
            leading = False
            before = len(self._written)
            if message.role is Role.TOOL:
                self._results(index, message)
            elif message.role is Role.ASSISTANT:
                self._assistant(index, message)
            else:
                self._user(index, message)
            said = said or len(self._written) > before
        if not self._own:
            refuse_pointless(self._messages, "user" if said else None)
        return self._written

    def _note(self, index: int, message: Message) -> None:
        if message.name is not None:
            self._notes.add(f"messages.{index}.name", "dropped: participants have no names here")
        if not self._own:
            for note in foreign_fields(index, message, _DROPPED):
                self._notes.add(note.field, note.message)

    def _put(self, role: str, message: Message, content: object) -> None:
        """Without a type: a role says enough, to every provider that was recorded."""
        extra: Mapping[str, Raw] = message.extra if self._own else {}
        self._written.append({"role": role, "content": content, **extra})

    def _system(self, index: int, message: Message, *, leading: bool) -> None:
        """In place: to hoist it would change what it follows, and break every prompt cache."""
        quirks, role = self._quirks, message.role.value
        if quirks.system_role != "developer":
            role = quirks.system_role
        if not leading and not quirks.mid_system:
            role = "user"
        if role == "user":
            self._notes.add(f"messages.{index}.role", "sent as a user's: the provider's roles")
        rest = self._items_in(message)
        if rest or not message.parts:
            self._put(role, message, self._parts.heard(_path(index), rest))

    def _user(self, index: int, message: Message) -> None:
        rest = self._items_in(message)
        if rest or not message.parts:
            self._put("user", message, self._parts.heard(_path(index), rest, shown=True))

    def _items_in(self, message: Message) -> Sequence[Part]:
        """Writes those parts of a message that are items of their own; the rest is returned."""
        rest: list[Part] = []
        for part in message.parts:
            if _is_item(part):
                self._written.append(part.raw)
            else:
                rest.append(part)
        return rest

    def _assistant(self, index: int, message: Message) -> None:
        """Item by item, in the order they were written: reasoning stands before what it led to."""
        for single, parts in groupby(message.parts, _stands_alone):
            if not single:
                for said in self._messages_of(tuple(parts)):
                    self._say(index, message, said)
                continue
            for part in parts:
                if isinstance(part, Reasoning):
                    self._thought(index, part)
                elif isinstance(part, ToolCall):
                    self._call(part)
                elif _is_item(part):
                    self._written.append(part.raw)

    def _messages_of(self, parts: Sequence[Part]) -> Sequence[Sequence[Part]]:
        """
        Texts of another dialect are a message each: a list of them, without an id the API gave,
        is none of the forms that its specification allows.
        """
        return [parts] if self._own else [[part] for part in parts]

    def _say(self, index: int, message: Message, parts: Sequence[Part]) -> None:
        """An answer's phase belongs to the message, though it is kept with its text."""
        phases = [p.extra["phase"] for p in parts if isinstance(p, Text) and "phase" in p.extra]
        spoken = [_without_phase(part) for part in parts] if phases else parts
        content = self._parts.said(_path(index), spoken)
        if content == []:
            return
        self._put("assistant", message, content)
        if phases and self._own:
            self._written[-1] = {**self._last(), "phase": phases[0]}

    def _last(self) -> Wire:
        last = self._written[-1]
        return last if isinstance(last, Mapping) else {}

    def _thought(self, index: int, part: Reasoning) -> None:
        """
        Only to who can tell that it is genuine, and never as visible text.

        An id alone names an answer that the provider would have stored: nothing is, there.
        """
        proof = proof_of(part)
        shown = self._quirks.replay_reasoning or (proof.spoken and self._own)
        if proof.encrypted_content:
            self._written.append(item_of(part, proof))
        elif part.text and shown:
            self._written.append(item_of(part, Proof(spoken=True)))
        elif part.text or part.origin != NAME:
            note = "the reasoning of earlier turns is not sent to this provider"
            self._notes.add(_path(index), note)

    def _call(self, call: ToolCall) -> None:
        self._kinds[call.id] = call.kind
        self._parts.forget_mark(call.cache)
        item: dict[str, object] = {"call_id": fitted(call.id), **self._called(call.name)}
        if call.kind == "custom":
            item |= {"type": "custom_tool_call", "input": call.arguments}
        else:
            # No dialect but this says "no arguments" by an empty text.
            arguments = call.arguments if self._own else call.arguments or "{}"
            item |= {"type": "function_call", "arguments": arguments}
        if self._own:
            item |= call.extra
        self._written.append(item)

    def _called(self, name: str) -> Wire:
        member = self._members.get(name)
        if member is not None:
            return {"name": member.name, "namespace": member.namespace}
        return {"name": self._names(name)}

    def _results(self, index: int, message: Message) -> None:
        for part in message.parts:
            if isinstance(part, ToolResult):
                self._result(index, part)

    def _result(self, index: int, result: ToolResult) -> None:
        parts = list(result.parts)
        if result.is_error:
            # The API has no field for it (platform.openai.com/docs/api-reference/responses).
            parts.insert(0, Text("The tool call failed:"))
            self._notes.add(_path(index), "is_error is said in words")
        self._parts.forget_mark(result.cache)
        output = self._parts.heard(_path(index), _joined(parts) if result.is_error else parts)
        kind = self._kinds.get(result.call_id, "function")
        extra: Mapping[str, Raw] = result.extra if self._own else {}
        self._written.append(
            {
                "type": f"{'custom_tool' if kind == 'custom' else kind}_call_output",
                "call_id": fitted(result.call_id),
                "output": output,
                **extra,
            }
        )


def fitted(call_id: str) -> str:
    """The id as the API takes it: the same for the call and its output, on every turn."""
    plain, _ = unsigned(call_id)
    if len(plain) <= _LONGEST_ID:
        return plain
    return "call_" + sha256(plain.encode()).hexdigest()[:32]


def _stands_alone(part: Part) -> bool:
    """An item of its own; other parts of an answer share a message."""
    return isinstance(part, Reasoning | ToolCall) or _is_item(part)


def _without_phase(part: Part) -> Part:
    if not isinstance(part, Text) or "phase" not in part.extra:
        return part
    return replace(part, extra={k: v for k, v in part.extra.items() if k != "phase"})


def _instructions(request: ChatRequest) -> str | None:
    if request.origin != NAME or "instructions" not in request.echo or not request.messages:
        return None
    first = request.messages[0]
    alone = len(first.parts) == 1 and first.role is Role.SYSTEM
    return first.parts[0].text if alone and isinstance(first.parts[0], Text) else None


def _path(index: int) -> str:
    return f"messages.{index}.content"


def _is_item(part: Part) -> TypeGuard[Opaque]:
    """An item of this dialect that we do not look into; a part of content begins otherwise."""
    if not isinstance(part, Opaque) or part.origin != NAME:
        return False
    try:
        kind = KIND.decode(part.raw).type
    except NOT_JSON:
        return True  # a type given twice, the first time as no text; for the provider to refuse
    return not kind.startswith(_CONTENT)


def _joined(parts: Sequence[Part]) -> list[Part]:
    """Texts as one, where there is nothing else."""
    if all(isinstance(part, Text) for part in parts):
        return [Text("\n\n".join(part.text for part in parts if isinstance(part, Text)))]
    return list(parts)
