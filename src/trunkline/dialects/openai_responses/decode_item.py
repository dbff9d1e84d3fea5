"""An item of an answer's output to the parts it amounts to."""

from collections.abc import Container, Mapping

from msgspec import Raw, Struct, json

from trunkline.canon.content import Opaque, Part, Refusal, Text, ToolCall
from trunkline.dialects.openai_responses.namespaces import flat_name
from trunkline.dialects.openai_responses.reasoning import part_of
from trunkline.dialects.openai_responses.upstream_wire import ITEM, KIND, ItemIn, TextIn
from trunkline.dialects.openai_responses.wire import NAME
from trunkline.dialects.raws import NOT_JSON, NULL, RAW_MAP

CALLS: Mapping[str, str] = {"function_call": "function", "custom_tool_call": "custom"}
"""Items that are calls of the client's tools, and the kind of call each is."""
KNOWN_ITEMS = frozenset({"message", "reasoning", *CALLS})
_OWN = frozenset({"type", "role", "content", "status", "call_id", "name", "arguments", "input"})


class _Defined(Struct):
    """A tool as a response repeats it."""

    type: str = ""
    name: str = ""


_DEFINED = json.Decoder(list[_Defined])


def custom_names(tools: Raw | None) -> Container[str] | None:
    """
    The client's custom tools, from the `tools` a response repeats; None where it repeats none.

    xAI writes what its own built-in tools do as calls of custom tools (recorded 2025-12), which
    no client can answer.
    """
    try:
        defined = None if tools is None else _DEFINED.decode(tools)
    except NOT_JSON:
        return None
    if defined is None:
        return None
    return frozenset(tool.name for tool in defined if tool.type == "custom")


def is_call(item: ItemIn, customs: Container[str] | None) -> bool:
    """Whether the client is to answer it."""
    if item.type == "custom_tool_call" and customs is not None:
        return (item.name or "") in customs
    return item.type in CALLS


def known_item(raw: Raw) -> ItemIn:
    """
    An item of a type we look into; of any other only its type.

    Raises one of raws.NOT_JSON.
    """
    kind = KIND.decode(raw).type
    return ITEM.decode(raw) if kind in KNOWN_ITEMS else ItemIn(type=kind)


def read_item(raw: Raw, customs: Container[str] | None) -> list[Part]:
    """Raises as `known_item`."""
    item = known_item(raw)
    if item.type == "message":
        extra = extra_of(raw)
        parts = [read_text(part, extra) for part in item.content or ()]
        return [part for part in parts if part is not None]
    if item.type == "reasoning":
        thought = part_of(
            item.id or "",
            item.encrypted_content or "",
            texts_of(item.summary),
            texts_of(item.content),
        )
        return [] if thought is None else [thought]
    if is_call(item, customs):
        kind = CALLS[item.type]
        return [ToolCall(id_of(item), name_of(item), given(item), kind, extra=extra_of(raw))]
    return [Opaque(NAME, raw)]


def read_text(part: TextIn, extra: Mapping[str, Raw]) -> Text | Refusal | None:
    """None for one that says nothing."""
    if part.refusal:
        return Refusal(part.refusal)
    if not (part.text or part.annotations):
        return None
    notes = Raw(json.encode(part.annotations)) if part.annotations else None
    return Text(part.text or "", annotations=notes, origin=NAME if notes else "", extra=extra)


def given(item: ItemIn) -> str:
    """What a call is given: the text of its arguments, or its input."""
    if item.type == "custom_tool_call":
        return item.input or ""
    if isinstance(item.arguments, dict):
        return json.encode(item.arguments).decode()
    return item.arguments or ""


def id_of(item: ItemIn) -> str:
    """By which a call's output names it: never the item's own id, where there is a choice."""
    return item.call_id or item.id or ""


def name_of(item: ItemIn) -> str:
    """As the client's tool is called in its own request."""
    name = item.name or ""
    return flat_name(item.namespace, name) if item.namespace else name


def texts_of(parts: list[TextIn] | None) -> list[str]:
    return [part.text for part in parts or () if part.text]


def extra_of(raw: Raw) -> Mapping[str, Raw]:
    """An item's id, and what else of it only this dialect knows (phase, namespace, caller)."""
    fields = RAW_MAP.decode(raw).items()
    return {field: value for field, value in fields if field not in _OWN and value != NULL}
