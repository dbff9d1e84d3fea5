"""
The usual item of a conversation, read in one call: words, calls of functions, what they gave.

An agent sends hundreds of them with every turn. An item that has anything else about it is read
field by field (decode_items.py), and so is one that is wrong, for its error.
"""

from typing import Final, Literal

from msgspec import Raw, Struct, json

from trunkline.canon.content import Message, Text, ToolCall, ToolResult
from trunkline.dialects.openai_usual import SPEAKERS, Words, texts_of
from trunkline.dialects.raws import NOT_JSON

_ABSENT: Final = Raw(b"")


class _Words(Words, gc=False, forbid_unknown_fields=True):
    """Those of an answer that comes back have more about them."""

    annotations: tuple[()] = ()
    """Such as there are belong to the long way."""
    logprobs: Raw = _ABSENT


class _Item(Struct, gc=False, forbid_unknown_fields=True):
    """No union of three, as a message may leave its type out."""

    type: Literal["message", "function_call", "function_call_output"] = "message"
    role: Literal["system", "developer", "user", "assistant"] | None = None
    content: str | list[_Words] | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    output: str | None = None
    id: Raw = _ABSENT
    status: Raw = _ABSENT


_ITEM: Final = json.Decoder(_Item)


def read_usual(raw: Raw) -> Message | ToolCall | ToolResult | None:
    """None for any other than the usual."""
    try:
        item = _ITEM.decode(raw)
    except NOT_JSON:
        return None
    match item:
        case _Item("message", str(role), content, None, None, None, None):
            return Message(SPEAKERS[role], texts_of(content))
        case _Item("function_call", None, None, str(call_id), str(name), arguments, None):
            return ToolCall(call_id, name, arguments or "")
        case _Item("function_call_output", None, None, str(call_id), None, None, output):
            return ToolResult(call_id, (Text(output),) if output else ())
        case _:
            return None
