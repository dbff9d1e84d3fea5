"""
The usual message of a conversation, read in one call: words, calls of functions, their results.

Nearly all messages are of this kind, and an agent sends hundreds with every turn. One that has
anything else about it is nobody's guess: it is read field by field (decode_messages.py), and so
is one that is wrong, for its error.
"""

from collections.abc import Sequence
from typing import Literal

from msgspec import Raw, Struct, json

from trunkline.canon.content import Message, Part, Role, Text, ToolCall, ToolResult
from trunkline.dialects.raws import NOT_JSON


class _Function(Struct, gc=False, forbid_unknown_fields=True):
    name: str
    arguments: str


class _Call(Struct, gc=False, forbid_unknown_fields=True):
    id: str
    type: Literal["function"]
    function: _Function


class _Words(Struct, gc=False, forbid_unknown_fields=True):
    type: Literal["text", "input_text", "output_text"]
    text: str


class _Message(Struct, gc=False, forbid_unknown_fields=True):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[_Words] | None = None
    name: str | None = None
    tool_calls: list[_Call] | None = None
    tool_call_id: str | None = None


_MESSAGE = json.Decoder(_Message)
_SPEAKERS = {role.value: role for role in (Role.SYSTEM, Role.DEVELOPER, Role.USER)}


def read_usual(raw: Raw) -> Message | ToolResult | None:
    """None for any other than the usual."""
    try:
        told = _MESSAGE.decode(raw)
    except NOT_JSON:
        return None
    parts = _texts(told.content)
    if told.role == "tool":
        if told.tool_call_id is None or told.name is not None or told.tool_calls is not None:
            return None
        return ToolResult(told.tool_call_id, parts)
    if told.tool_call_id is not None:
        return None
    if told.role == "assistant":
        return Message(Role.ASSISTANT, parts + _calls(told.tool_calls or ()), told.name)
    return None if told.tool_calls is not None else Message(_SPEAKERS[told.role], parts, told.name)


def _texts(content: str | Sequence[_Words] | None) -> tuple[Part, ...]:
    if isinstance(content, str):
        return (Text(content),) if content else ()
    return tuple([Text(words.text) for words in content or ()])


def _calls(calls: Sequence[_Call]) -> tuple[ToolCall, ...]:
    return tuple([ToolCall(one.id, one.function.name, one.function.arguments) for one in calls])
