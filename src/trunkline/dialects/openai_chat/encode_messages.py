"""The conversation of a request, onto the wire of one upstream."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Raw, json
from msgspec.structs import replace

from trunkline.canon.content import (
    CacheMark,
    Document,
    Image,
    Message,
    Opaque,
    Part,
    PlainText,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.canon.deployment import Quirks
from trunkline.canon.foreign import foreign_fields, refuse_foreign_parts
from trunkline.canon.request import ChatRequest
from trunkline.dialects.custom_input import arguments_with
from trunkline.dialects.notes import Notes
from trunkline.dialects.openai_chat import call_ids
from trunkline.dialects.openai_chat.encode_answer import write_call
from trunkline.dialects.openai_chat.encode_parts import PartWriter, Wire, words_of
from trunkline.dialects.openai_chat.reasoning import UNPROVEN, replayed
from trunkline.dialects.openai_chat.wire import NAME
from trunkline.dialects.openai_names import ToolName
from trunkline.dialects.point import refuse_pointless
from trunkline.dialects.thought_ids import unsigned

_DROPPED = "dropped: Chat Completions has no such field"


def _is_foreign(part: Part) -> bool:
    return isinstance(part, Opaque) and part.origin != NAME


def _says_something(message: Wire) -> bool:
    """An assistant's of which all was dropped says nothing; what a user leaves empty is sent so."""
    return message["role"] != "assistant" or any(
        value for field, value in message.items() if field != "role"
    )


class MessageWriter:
    def __init__(self, request: ChatRequest, quirks: Quirks, names: ToolName, notes: Notes) -> None:
        self._messages = request.messages
        self._own = request.origin == NAME
        self._quirks = quirks
        self._names = names
        self._notes = notes
        marks = quirks.cache_marks or self._own
        self._parts = PartWriter(quirks, notes, own=self._own, marks=marks)
        self._written: list[Wire] = []

    def write(self) -> list[Wire]:
        leading, said = True, False
        for index, message in self._turns():
            if not self._own:
                refuse_foreign_parts(index, message, NAME)
                for note in foreign_fields(index, message, _DROPPED):
                    self._notes.add(note.field, note.message)
                if message.parts and all(map(_is_foreign, message.parts)):
                    self._content(index, message.parts)  # to note them
                    continue
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
                content = self._content(index, message.parts, shown=True)
                self._put("user", message, {"content": content})
            said = said or any(map(_says_something, self._written[before:]))
        if not self._own:
            refuse_pointless(self._messages, "user" if said else None)
        return self._written

    def _turns(self) -> Iterator[tuple[int, Message]]:
        """
        With the index where each begins.

        Elsewhere a turn may come in several messages, which the API joins: Google's SDK sends one
        for each chunk of a stream (google-genai 3.4.0). Here calls must be followed by their results.
        """
        messages = self._messages
        at = 0
        while at < len(messages):
            message, begin = messages[at], at
            at += 1
            if message.role is Role.ASSISTANT and not self._own:
                while at < len(messages) and messages[at].role is Role.ASSISTANT:
                    message = replace(message, parts=(*message.parts, *messages[at].parts))
                    at += 1
            yield begin, message

    def _put(self, role: str, message: Message, fields: Wire) -> None:
        named: Wire = {} if message.name is None else {"name": message.name}
        extra: Mapping[str, Raw] = message.extra if self._own else {}
        self._written.append({"role": role, **fields, **named, **extra})

    def _content(self, index: int, parts: Sequence[Part], *, shown: bool = False) -> object:
        return self._parts.content(f"messages.{index}.content", parts, shown=shown)

    def _system(self, index: int, message: Message, *, leading: bool) -> None:
        """In place: to hoist it would change what it follows, and break every prompt cache."""
        quirks, role = self._quirks, message.role.value
        if quirks.system_role == "system":
            role = "system"
        elif quirks.system_role != "developer":
            role = quirks.system_role
        if not leading and not quirks.mid_system:
            role = "user"
        if role == "user":
            self._notes.add(f"messages.{index}.role", "sent as a user's: the provider's roles")
        self._put(role, message, {"content": self._content(index, message.parts)})

    def _assistant(self, index: int, message: Message) -> None:
        spoken: list[Part] = []
        calls: list[ToolCall] = []
        thoughts: list[Reasoning] = []
        refusal = ""
        for part in message.parts:
            if isinstance(part, ToolCall):
                calls.append(part)
            elif isinstance(part, Reasoning):
                thoughts.append(part)
            elif isinstance(part, Refusal):
                refusal += part.text
            else:
                spoken.append(part)
        content = self._content(index, spoken)
        if not spoken and (calls or refusal):
            content = None
        fields: dict[str, object] = {"content": content}
        if refusal:
            fields["refusal"] = refusal
        if thoughts:
            fields.update(self._thoughts(index, thoughts, content, calls=bool(calls)))
        if calls:
            fields["tool_calls"] = [self._call(index, call) for call in calls]
        self._put("assistant", message, fields)

    def _thoughts(
        self, index: int, thoughts: list[Reasoning], content: object, *, calls: bool
    ) -> Wire:
        field = self._quirks.reasoning_field
        shown = "".join(part.text for part in thoughts)
        if field == "content":
            # Mistral: thinking is an entry of the content list.
            pieces = [{"type": "text", "text": shown}]
            said = [{"type": "text", "text": content}] if isinstance(content, str) else content
            rest = said if isinstance(said, list) else []
            return {"content": [{"type": "thinking", "thinking": pieces}, *rest]} if shown else {}
        if field == "reasoning_content" and not (self._quirks.replay_reasoning and calls):
            path = f"messages.{index}.content"
            self._notes.add(path, "the reasoning of earlier turns is not sent to this provider")
            return {}
        fields: dict[str, object] = {field: shown} if shown else {}
        if any(part.signature and part.origin != NAME for part in thoughts):
            self._notes.add(f"messages.{index}.content", UNPROVEN)
        details = replayed(thoughts)
        if details and (field == "reasoning" or self._own):
            fields["reasoning_details"] = details
        return fields

    def _call(self, index: int, call: ToolCall) -> Wire:
        plain, signature = unsigned(call.id)
        fitted = call_ids.fitted(plain, self._quirks.tool_id)
        if not (call.arguments or self._own or call.kind == "custom"):
            # Others say "no arguments" by an empty text; vLLM's templates read it as JSON.
            call = replace(call, arguments="{}")
        if call.kind == "custom" and not self._quirks.custom_tools:
            call = replace(call, kind="function", arguments=arguments_with(call.arguments))
        wire: dict[str, object] = {**write_call(call, fitted, self._names(call.name))}
        if call.cache is not None:
            self._parts.mark(f"messages.{index}", wire, call.cache)
        if self._own:
            wire.update(call.extra)
        if signature and self._quirks.thought_signatures:
            wire["extra_content"] = call_ids.extra_content(signature)
        return wire

    def _results(self, index: int, message: Message) -> None:
        """One message each; what cannot stand in them follows in a user's, behind them all."""
        aside: list[Part] = []
        for part in message.parts:
            if isinstance(part, ToolResult):
                self._result(index, part, aside)
        if aside:
            self._notes.add(
                f"messages.{index}.content", "attachments of tool results follow as a user's"
            )
            self._put("user", Message(Role.USER, ()), {"content": self._content(index, aside)})

    def _result(self, index: int, result: ToolResult, aside: list[Part]) -> None:
        inside: list[Part] = []
        attached: list[Part] = []
        for part in map(_in_words, result.parts):
            stays = isinstance(part, Text | Opaque) or (
                isinstance(part, Image) and self._quirks.tool_images
            )
            (inside if stays else attached).append(part)
        call_id = call_ids.fitted(result.call_id, self._quirks.tool_id)
        if attached:
            aside += (Text(f"Attached to the result of tool call {call_id}:"), *attached)
            if not inside:
                inside.append(Text("(The result is attached to the next message.)"))
        if result.is_error:
            # The wire has no field for it (platform.openai.com/docs/api-reference/chat).
            inside.insert(0, Text("The tool call failed:"))
            self._notes.add(f"messages.{index}.content", "is_error is said in words")
        content = self._parts.content(
            f"messages.{index}.content", _cached(inside, result.cache), flat=result.is_error
        )
        extra: Mapping[str, Raw] = result.extra if self._own else {}
        self._written.append({"role": "tool", "tool_call_id": call_id, "content": content, **extra})


def _in_words(part: Part) -> Part:
    """What a search found belongs into its result, where nothing but text may stand."""
    if isinstance(part, Document) and isinstance(part.source, PlainText):
        return Text(words_of(part, part.source), part.cache)
    return part


def _cached(parts: list[Part], cache: CacheMark | None) -> list[Part]:
    """A mark on the whole result moves to its last text."""
    if cache is None or not parts or not isinstance(parts[-1], Text):
        return parts
    last = parts[-1]
    return [*parts[:-1], Text(last.text, last.cache or cache, extra=last.extra)]


def with_schema(messages: list[Wire], schema: Raw) -> list[Wire]:
    """The schema in words, behind the first system message, for who takes no schema."""
    words = f"Answer with JSON that obeys this JSON schema, and nothing else:\n{json.encode(schema).decode()}"
    at = 1 if messages and messages[0]["role"] in ("system", "developer") else 0
    return [*messages[:at], {"role": "system", "content": words}, *messages[at:]]
