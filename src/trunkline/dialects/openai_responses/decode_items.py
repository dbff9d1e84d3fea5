"""The conversation of a request: items of input, off the wire."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Raw

from trunkline.canon.content import Message, Opaque, Part, Role, Text, ToolCall, ToolResult
from trunkline.canon.errors import Malformed
from trunkline.canon.request import Tool
from trunkline.dialects.fields import STR, Fields, is_string, read
from trunkline.dialects.openai_responses.carried import carried
from trunkline.dialects.openai_responses.decode_content import read_content
from trunkline.dialects.openai_responses.decode_tools import brought_along
from trunkline.dialects.openai_responses.namespaces import flat_name
from trunkline.dialects.openai_responses.reasoning import BETWEEN, part_of
from trunkline.dialects.openai_responses.usual import read_usual
from trunkline.dialects.openai_responses.wire import NAME
from trunkline.dialects.openai_usual import SPEAKERS
from trunkline.dialects.raws import RAW_LIST

_CALLS = {"function_call": ("function", "arguments"), "custom_tool_call": ("custom", "input")}
_OUTPUTS = ("function_call_output", "custom_tool_call_output")
# What else the client's side says; every other item we do not know is part of the model's turn.
_SAID_BY: Mapping[str, Role] = {
    "additional_tools": Role.DEVELOPER,
    "mcp_approval_response": Role.USER,
}


class ItemReader:
    """
    Items one after the other. What the model said and did in one turn gathers in one message, and
    the outputs of its calls in the message behind it.
    """

    def __init__(self, declared: Iterable[Tool] = ()) -> None:
        """`declared`: the request's tools, but for those that items bring along."""
        self._declared = {tool.name for tool in declared}
        self.messages: list[Message] = []
        self.tools: list[Tool] = []
        """Those that items brought along."""
        self._callers: dict[str, int] = {}
        """Which message holds a call, by the call's id."""

    def read(self, body: Fields) -> None:
        """Raises Malformed."""
        raw = body.raw("input")
        if raw is None:
            return
        if is_string(raw):
            text = read(raw, STR, "input")
            self._say(Role.USER, [Text(text)] if text else [])
            return
        items = read(raw, RAW_LIST, "input")
        for at, item in enumerate(items):
            match read_usual(item):
                case Message(role=Role.ASSISTANT, parts=parts):
                    self._turn(parts)
                case Message() as message:
                    self.messages.append(message)
                case ToolCall() as call:
                    self._called(call)
                case ToolResult() as result:
                    self._gave(result)
                case None:
                    self._take(item, Fields.of(item, f"input[{at}]"))

    def _take(self, raw: Raw, item: Fields) -> None:
        kind = item.get("type", STR) or "message"
        if kind == "message":
            self._message(item)
        elif kind in _CALLS:
            self._call(item, *_CALLS[kind])
        elif kind in _OUTPUTS:
            self._output(item)
        elif kind == "reasoning":
            self._turn(_thought(item))
        elif kind == "item_reference":
            raise _unknown_item(item)
        else:
            self._other(kind, raw, item)

    def _message(self, item: Fields) -> None:
        word = item.need("role", STR)
        role = SPEAKERS.get(word)
        if role is None:
            param = item.at("role")
            raise Malformed(f"invalid '{param}': unknown role '{word[:50]}'", param=param)
        for passed in ("id", "status"):
            item.raw(passed)
        if role is not Role.ASSISTANT:
            parts = read_content(item, "content")
            self._say(role, parts, item.rest())
            return
        phase = item.raw("phase")
        told = {} if phase is None else {"phase": phase}
        self._turn(read_content(item, "content", told))

    def _call(self, item: Fields, kind: str, written: str) -> None:
        call_id, name = item.need("call_id", STR), item.need("name", STR)
        inside = item.raw("namespace")
        given = item.get(written, STR) or ""
        for passed in ("id", "status"):
            item.raw(passed)
        extra = item.rest()
        if inside is not None:
            flat = flat_name(read(inside, STR, item.at("namespace")), name)
            if self._is_alone(name, flat):
                extra = {**extra, "namespace": inside}
            else:
                name = flat
        self._called(ToolCall(call_id, name, given, kind, extra=extra))

    def _is_alone(self, name: str, flat: str) -> bool:
        """A tool that was brought along is called in a namespace of its own (recorded 2026-07)."""
        known = self._declared | {tool.name for tool in self.tools}
        return name in known and flat not in known

    def _called(self, call: ToolCall) -> None:
        self._turn([call])
        self._callers[call.id] = len(self.messages) - 1

    def _output(self, item: Fields) -> None:
        call_id = item.need("call_id", STR)
        parts = tuple(read_content(item, "output"))
        for passed in ("id", "status"):
            item.raw(passed)
        self._gave(ToolResult(call_id, parts, extra=item.rest()))

    def _gave(self, result: ToolResult) -> None:
        """Beside the others of its turn, wherever it stands itself."""
        call_id = result.call_id
        at = self._callers.get(call_id, len(self.messages) - 1) + 1
        following = self.messages[at] if at < len(self.messages) else None
        if following is not None and following.role is Role.TOOL:
            self.messages[at] = Message(Role.TOOL, (*following.parts, result))
            return
        last = self.messages[-1] if self.messages else None
        if call_id not in self._callers and last is not None and last.role is Role.TOOL:
            self.messages[-1] = Message(Role.TOOL, (*last.parts, result))
            return
        self.messages.insert(at, Message(Role.TOOL, (result,)))
        for known, place in self._callers.items():
            if place >= at:
                self._callers[known] = place + 1

    def _other(self, kind: str, raw: Raw, item: Fields) -> None:
        """Of a tool that a provider runs, or of a kind we do not know."""
        self.tools += brought_along(kind, item)
        part = Opaque(NAME, raw)
        role = _SAID_BY.get(kind)
        if role is None:
            self._turn([part])
        else:
            self._say(role, [part])

    def _say(
        self, role: Role, parts: Sequence[Part], extra: Mapping[str, Raw] | None = None
    ) -> None:
        self.messages.append(Message(role, tuple(parts), extra=extra or {}))

    def _turn(self, parts: Sequence[Part]) -> None:
        """More of what the model did in one turn."""
        last = self.messages[-1] if self.messages else None
        if last is not None and last.role is Role.ASSISTANT:
            self.messages[-1] = Message(Role.ASSISTANT, (*last.parts, *parts))
        elif parts:
            self._say(Role.ASSISTANT, parts)


def _thought(item: Fields) -> list[Part]:
    """Never text that a model would take for what was said."""
    encrypted = item.get("encrypted_content", STR) or ""
    summary, content = list(_texts(item, "summary")), list(_texts(item, "content"))
    part = carried(BETWEEN.join(content or summary), encrypted) or part_of(
        item.get("id", STR) or "", encrypted, summary, content
    )
    return [] if part is None else [part]


def _texts(item: Fields, field: str) -> Iterator[str]:
    for raw, path in item.items(field) or ():
        text = Fields.of(raw, path).get("text", STR)
        if text:
            yield text


def _unknown_item(item: Fields) -> Malformed:
    wanted = item.get("id", STR) or ""
    return Malformed(f"item with id '{wanted[:100]}' not found", param=item.path)
