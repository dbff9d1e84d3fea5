"""
Items of the Responses API as the store keeps them: what a request brought, what an answer added.

Shapes are those of OpenAI's API reference, Responses (seen 2026-11-21).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import MsgspecError, Raw, Struct, json

from trunkline.canon.errors import Malformed, NotFound

Token = Callable[[], str]
"""A fresh unguessable id."""

_RAW_LIST: Final = json.Decoder(list[Raw])
_RAW_MAP: Final = json.Decoder(dict[str, Raw])
_PREFIXES: Final[Mapping[str, str]] = {
    "message": "msg_",
    "function_call": "fc_",
    "function_call_output": "fco_",
    "custom_tool_call": "ctc_",
    "custom_tool_call_output": "ctco_",
    "reasoning": "rs_",
}
# Tools that the provider runs itself, whose calls no client answers.
_HOSTED: Final = frozenset(
    {"web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call"}
)
_REFERENCE: Final = b"item_reference"


class _Kind(Struct):
    type: str | None = None
    id: str | None = None
    encrypted_content: str | None = None


class Head(Struct):
    """What a Response object says of itself."""

    id: str = ""
    status: str = ""
    output: list[Raw] = []


_KIND: Final = json.Decoder(_Kind)
_HEAD: Final = json.Decoder(Head)


def brought(given: Raw | None, token: Token) -> Sequence[Raw]:
    """
    A request's `input` as items that all have an id, as the API lists them.

    Text is a user's message. Raises Malformed.
    """
    if given is None or bytes(given) == b"null":
        return []
    try:
        if bytes(given).lstrip()[:1] == b'"':
            part = {"type": "input_text", "text": json.decode(given, type=str)}
            return [Raw(json.encode(_message(token, {"role": "user", "content": [part]})))]
        return [_named(item, token) for item in _RAW_LIST.decode(given)]
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        raise Malformed("'input' must be a string or a list of items", param="input") from None


def said(body: bytes) -> Sequence[Raw]:
    """The output items of a Response object."""
    return _HEAD.decode(body).output


def head_of(body: bytes | None) -> Head | None:
    """None where there is no Response object, or none that can be read."""
    try:
        return None if body is None else _HEAD.decode(body)
    except MsgspecError:
        return None


def read_items(array: bytes) -> Sequence[Raw]:
    """As `joined` wrote them."""
    return _RAW_LIST.decode(array) if array else []


def joined(items: Sequence[Raw]) -> bytes:
    return json.encode(items)


def id_of(item: Raw) -> str:
    """Empty where there is none that can be read."""
    return _kind(item).id or ""


def may_refer(body: bytes) -> bool:
    """Whether a request may hold references, at a glance."""
    return _REFERENCE in body


def references(items: Sequence[Raw]) -> Sequence[str]:
    """The ids of items that are only named. Raises Malformed."""
    kinds = [_KIND.decode(item) for item in items if _REFERENCE in bytes(item)]
    named = [kind.id or "" for kind in kinds if kind.type == "item_reference"]
    if "" in named:
        raise Malformed("an 'item_reference' must have an 'id'", param="input")
    return named


def resolved(items: Sequence[Raw], known: Mapping[str, Raw]) -> Sequence[Raw]:
    """`items` with each reference replaced by the item it names. Raises NotFound."""
    found = []
    for item in items:
        kind = _KIND.decode(item) if _REFERENCE in bytes(item) else _Kind()
        if kind.type != "item_reference":
            found.append(item)
        elif kind.id is not None and kind.id in known:
            found.append(known[kind.id])
        else:
            raise NotFound(f"Item with id '{kind.id}' not found.", param="input")
    return found


def sendable(history: Sequence[Raw]) -> Sequence[Raw]:
    """
    What was said before without what OpenAI refuses where it may have stored it.

    It wants the reasoning right before each item that came of it and is known by an id ("was
    provided without its required 'reasoning' item"; community.openai.com/t/1236046, seen
    2026-11-21), and takes reasoning only sealed. Calls of its own tools need their ids: without
    sealed reasoning before them they stay here.
    """
    kept, unsealed = [], False
    for item in history:
        kind = _kind(item)
        if kind.type == "reasoning":
            unsealed = not kind.encrypted_content
        elif kind.type == "message":
            unsealed = False
        elif kind.type in _HOSTED and unsealed:
            continue
        kept.append(item)
    return kept


def _kind(item: Raw) -> _Kind:
    """An upstream may have said anything."""
    try:
        return _KIND.decode(item)
    except MsgspecError:
        return _Kind()


def _named(item: Raw, token: Token) -> Raw:
    """A client may leave out a message's type, a reference's, and any item's id but that."""
    kind = _KIND.decode(item)
    if kind.type is not None and kind.id:
        return item
    fields = _RAW_MAP.decode(item)
    if kind.type is None and kind.id and "role" not in fields:
        return Raw(json.encode({"type": "item_reference", "id": kind.id}))
    if kind.type is None:
        return Raw(json.encode(_message(token, fields)))
    prefix = _PREFIXES.get(kind.type, "item_")
    return Raw(json.encode({**fields, "id": prefix + token()}))


def _message(token: Token, fields: Mapping[str, object]) -> Mapping[str, object]:
    content = fields.get("content")
    if isinstance(content, Raw) and bytes(content).lstrip()[:1] == b'"':
        kind = "output_text" if fields.get("role") == Raw(b'"assistant"') else "input_text"
        fields = {**fields, "content": [{"type": kind, "text": content}]}
    given = {name: value for name, value in fields.items() if name not in ("type", "id")}
    return {"id": fields.get("id") or "msg_" + token(), "type": "message", **given}
