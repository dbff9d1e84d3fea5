"""A client's messages and their content blocks, made canonical."""

from collections.abc import Mapping, Sequence

from msgspec import Raw, Struct, json

from trunkline.canon.content import (
    CacheMark,
    Document,
    FileRef,
    Image,
    Inline,
    Message,
    Opaque,
    Part,
    PlainText,
    Reasoning,
    Remote,
    Role,
    Source,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.canon.errors import Malformed
from trunkline.dialects.anthropic_messages import wire
from trunkline.dialects.anthropic_messages.signature import unpack
from trunkline.dialects.anthropic_messages.strict import Reader, malformed, object_of
from trunkline.dialects.anthropic_messages.wire import NAME, present, text_of

_BLOCKS: Reader[wire.KnownBlock] = Reader(
    wire.KnownBlock,
    wire.TextBlock,
    wire.ImageBlock,
    wire.DocumentBlock,
    wire.SearchResultBlock,
    wire.ToolUseBlock,
    wire.ToolResultBlock,
    wire.ThinkingBlock,
    wire.RedactedBlock,
)
_MESSAGE: Reader[wire.MessageIn] = Reader(wire.MessageIn, wire.MessageIn)
_USUAL = json.Decoder(wire.UsualMessage)
_SOURCE = json.Decoder(wire.SourceIn)
_TYPE = json.Decoder(str)
_ROLES = {"user": Role.USER, "assistant": Role.ASSISTANT, "system": Role.SYSTEM}
_PLAIN_MARK = b'{"type":"ephemeral"}'

Extra = dict[str, Raw]
"""Fields being gathered for a part's `extra`."""


def decode_message(raw: Raw, path: str) -> tuple[Message, ...]:
    """
    One message, or two: a user turn's tool results are a message of their own, before the rest.

    The API wants results first in their turn, so a client that sends them later is helped.
    """
    message, extra = _read_message(raw, path)
    role = _ROLES.get(message.role)
    if role is None:
        raise Malformed(
            f"{path}.role: must be one of user, assistant, system", param=f"{path}.role"
        )
    parts = decode_content(message.content, f"{path}.content")
    results = tuple([part for part in parts if isinstance(part, ToolResult)])
    if not results:
        return (Message(role, parts, extra=extra),)
    if role is not Role.USER:
        raise Malformed(
            f"{path}.content: tool_result blocks belong in user messages", param=f"{path}.content"
        )
    rest = tuple([part for part in parts if not isinstance(part, ToolResult)])
    if not rest:
        return (Message(Role.TOOL, results, extra=extra),)
    return Message(Role.TOOL, results), Message(role, rest, extra=extra)


def _read_message(
    raw: Raw, path: str
) -> tuple[wire.UsualMessage | wire.MessageIn, Mapping[str, Raw]]:
    """In one call if it is of the usual kind; else its blocks are still to be read."""
    try:
        return _USUAL.decode(raw), {}
    except wire.BROKEN:
        return _MESSAGE.read(raw, path)


def decode_content(content: str | Sequence[Raw | wire.UsualBlock], path: str) -> tuple[Part, ...]:
    if isinstance(content, str):
        return (Text(content),)
    return tuple([_any_part(block, f"{path}.{at}") for at, block in enumerate(content)])


def _any_part(block: Raw | wire.UsualBlock, path: str) -> Part:
    if isinstance(block, Raw):
        return decode_block(block, path)
    return _part(block, {}, wire.ABSENT, path)


def decode_block(raw: Raw, path: str) -> Part:
    """A type we do not know (server tools, container uploads) stays as it is, an Opaque."""
    tag = _tag(raw, path)
    if not _BLOCKS.knows(tag):
        return Opaque(NAME, raw)
    block, unknown = _BLOCKS.read(raw, path, tag)
    return _part(block, dict(unknown), raw, path)


def _part(block: wire.KnownBlock | wire.UsualBlock, extra: Extra, raw: Raw, path: str) -> Part:
    """`raw`: the block as it came, of those kinds that are not usual."""
    match block:
        case wire.TextBlock():
            return _text(block, extra)
        case wire.ImageBlock():
            return _image(block, extra, raw)
        case wire.DocumentBlock():
            return _document(block, extra, raw, path)
        case wire.SearchResultBlock():
            return _search_result(block, raw, path)
        case wire.ToolUseBlock():
            return _tool_use(block, extra, path)
        case wire.ToolResultBlock() | wire.TextResultBlock():
            return _tool_result(block, extra, path)
        case wire.ThinkingBlock():
            signature, origin = unpack(block.signature or "")
            return Reasoning(block.thinking, signature, origin)
        case wire.RedactedBlock():
            signature, origin = unpack(block.data)
            return Reasoning("", signature, origin, redacted=True)


def cache_mark(given: Raw | None, extra: Extra) -> CacheMark | None:
    """What it says beyond its lifetime (a scope) is kept in `extra`."""
    raw = present(given)
    if raw is None:
        return None
    if bytes(raw) == _PLAIN_MARK:
        return CacheMark()
    fields = object_of(raw, "cache_control")
    ttl = fields.get("ttl")
    if not fields.keys() <= {"type", "ttl"}:
        extra["cache_control"] = raw
    return CacheMark("1h" if ttl is not None and bytes(ttl) == b'"1h"' else "5m")


def _tag(raw: Raw, path: str) -> str:
    tag = object_of(raw, path).get("type")
    if tag is None:
        raise Malformed(f"{path}.type: Field required", param=f"{path}.type")
    try:
        return _TYPE.decode(tag)
    except wire.BROKEN as error:
        raise malformed(error, f"{path}.type") from error


def _text(block: wire.TextBlock, extra: Extra) -> Text:
    mark = cache_mark(block.cache_control, extra)
    citations = present(block.citations)
    if citations is None or bytes(citations) == b"[]":
        return Text(block.text, mark, extra=extra)
    return Text(block.text, mark, citations, NAME, extra)


def _image(block: wire.ImageBlock, extra: Extra, raw: Raw) -> Part:
    source = _source(block.source)
    if source is None or isinstance(source, PlainText):
        return Opaque(NAME, raw)
    return Image(source, None, cache_mark(block.cache_control, extra), extra)


def _document(block: wire.DocumentBlock, extra: Extra, raw: Raw, path: str) -> Part:
    try:
        given = _SOURCE.decode(block.source)
        source = _source(given)
        if given.type == "content":
            # Its own division into pieces matters to citations: kept whole beside its text.
            source = PlainText(_content_text(block.source))
            extra["source"] = block.source
    except wire.BROKEN as error:
        raise malformed(error, f"{path}.source") from error
    if source is None:
        return Opaque(NAME, raw)
    return Document(
        source,
        block.title,
        block.context,
        present(block.citations),
        cache_mark(block.cache_control, extra),
        extra,
    )


def _search_result(block: wire.SearchResultBlock, raw: Raw, path: str) -> Document:
    """To all but this API, a document: its text, with the address it has it from."""
    try:
        text = _content_text(raw)
    except wire.BROKEN as error:
        raise malformed(error, path) from error
    mark = cache_mark(block.cache_control, {})
    said = PlainText(f"{block.source}\n\n{text}")
    return Document(said, block.title, cache=mark, native=raw)


class _Piece(Struct):
    type: str = ""
    text: str = ""


class _ContentSource(Struct):
    content: str | list[_Piece]


_CONTENT_SOURCE = json.Decoder(_ContentSource)


def _content_text(raw: Raw) -> str:
    content = _CONTENT_SOURCE.decode(raw).content
    if isinstance(content, str):
        return content
    return "\n".join([piece.text for piece in content if piece.type == "text"])


def _source(source: wire.SourceIn) -> Source | None:
    match source.type:
        case "base64":
            return Inline(source.media_type, source.data)
        case "url":
            return Remote(source.url)
        case "file":
            return FileRef(source.file_id, NAME)
        case "text":
            return PlainText(source.data)
        case _:
            return None


def _tool_use(block: wire.ToolUseBlock, extra: Extra, path: str) -> ToolCall:
    if not bytes(block.input).startswith(b"{"):
        raise Malformed(f"{path}.input: Input should be an object", param=f"{path}.input")
    mark = cache_mark(block.cache_control, extra)
    return ToolCall(block.id, block.name, text_of(block.input), cache=mark, extra=extra)


def _tool_result(
    block: wire.ToolResultBlock | wire.TextResultBlock, extra: Extra, path: str
) -> ToolResult:
    content = block.content or []
    return ToolResult(
        block.tool_use_id,
        decode_content(content, f"{path}.content"),
        bool(block.is_error),
        cache_mark(block.cache_control, extra),
        extra,
    )
