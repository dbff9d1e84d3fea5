"""
The usual message of a conversation, read in one call: words, calls of functions, their results.

Nearly all messages are of this kind, and an agent sends hundreds with every turn. One that has
anything else about it is nobody's guess: it is read field by field (decode_messages.py), and so
is one that is wrong, for its error.
"""

from collections.abc import Sequence
from typing import Literal

from msgspec import Raw, Struct, json

from trunkline.canon.content import Message, Part, ToolCall, ToolResult
from trunkline.dialects.openai_usual import SPEAKERS, Words, texts_of
from trunkline.dialects.raws import NOT_JSON


class _Function(Struct, gc=False, forbid_unknown_fields=True):
    name: str
    arguments: str


class _Call(Struct, gc=False, forbid_unknown_fields=True):
    id: str
    type: Literal["function"]
    function: _Function


class _Message(Struct, gc=False, forbid_unknown_fields=True):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[Words] | None = None
    name: str | None = None
    tool_calls: list[_Call] | None = None
    tool_call_id: str | None = None


_MESSAGE = json.Decoder(_Message)


def read_usual(raw: Raw) -> Message | ToolResult | None:
    """None for any other than the usual."""
    try:
        told = _MESSAGE.decode(raw)
    except NOT_JSON:
        return None
    parts: tuple[Part, ...] = texts_of(told.content)
    if told.role == "tool":
        if told.tool_call_id is None or told.name is not None or told.tool_calls is not None:
            return None
        return ToolResult(told.tool_call_id, parts)
    if told.tool_call_id is not None:
        return None
    if told.tool_calls is not None:
        if told.role != "assistant":
            return None
        parts += _calls(told.tool_calls)
    return Message(SPEAKERS[told.role], parts, told.name)


def _calls(calls: Sequence[_Call]) -> tuple[ToolCall, ...]:
    return tuple([ToolCall(one.id, one.function.name, one.function.arguments) for one in calls])
