"""Canonical parts as content blocks of a request."""

from collections.abc import Iterable

from msgspec import Raw

from trunkline.canon.content import (
    Audio,
    Document,
    FileRef,
    Image,
    Inline,
    Opaque,
    Part,
    PlainText,
    Reasoning,
    Refusal,
    Remote,
    Source,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.canon.errors import Unsupported
from trunkline.dialects.anthropic_messages.draft import Draft
from trunkline.dialects.anthropic_messages.names import fit_id
from trunkline.dialects.anthropic_messages.wire import (
    BROKEN,
    NAME,
    RAW_MAP,
    Fields,
)
from trunkline.dialects.data_url import TEXT_TYPES, source_of, text_of
from trunkline.dialects.thought_ids import unsigned

BlockOut = Fields | Raw
"""A block about to be written; Raw for one that stays as its dialect wrote it."""


def encode_parts(parts: Iterable[Part], path: str, draft: Draft) -> list[BlockOut]:
    blocks: list[BlockOut] = []
    for at, part in enumerate(parts):
        block = (
            plain_text(part.text)
            if isinstance(part, Text) and part.bare
            else encode_part(part, f"{path}.{at}", draft)
        )
        if block is not None:
            blocks.append(block)
    return blocks


def encode_part(part: Part, path: str, draft: Draft) -> BlockOut | None:
    """
    None for what is left out: with a note, but for empty text.

    Raises Unsupported for what the API has no block for and a prompt cannot do without.
    """
    match part:
        case Text():
            return _text(part, path, draft)
        case Image():
            return _image(part, path, draft)
        case Document():
            return _document(part, path, draft)
        case Reasoning():
            return _reasoning(part, path, draft)
        case ToolCall():
            return _tool_call(part, path, draft)
        case ToolResult():
            return _tool_result(part, path, draft)
        case Refusal(text=text):
            if text.strip():
                draft.note(path, "a refusal sent as text")
            return plain_text(text)
        case Opaque(origin=origin, raw=raw):
            if origin == NAME:
                return raw
            draft.note(path, f"dropped: only {origin or 'its own dialect'} knows this part")
            return None
        case Audio():
            raise Unsupported("this model takes no audio", param=path)


def plain_text(text: str) -> Fields | None:
    """The API refuses empty text blocks, and those of nothing but white space."""
    return {"type": "text", "text": text} if text and not text.isspace() else None


def _close(
    block: Fields, part: Text | Image | Document | ToolCall | ToolResult, draft: Draft
) -> Fields:
    draft.mark(block, part.cache)
    if part.extra and draft.same:
        block.update(part.extra)
    return block


def _text(part: Text, path: str, draft: Draft) -> Fields | None:
    block = plain_text(part.text)
    if block is None:
        if part.text and part.cache:
            draft.note(path, "an empty text dropped, and its cache_control with it")
        return None
    if part.annotations is not None:
        if part.origin == NAME:
            block["citations"] = part.annotations
        else:
            draft.note(f"{path}.annotations", "dropped: another provider's citations")
    return _close(block, part, draft)


def _image(part: Image, path: str, draft: Draft) -> Fields:
    if part.detail not in {None, "auto"}:
        draft.note(f"{path}.detail", "dropped: there is no such choice here")
    source = _source(part.source, path)
    if isinstance(source, PlainText):
        raise Unsupported("an image cannot be given as text", param=path)
    return _close({"type": "image", "source": _source_fields(source)}, part, draft)


def _document(part: Document, path: str, draft: Draft) -> BlockOut:
    if draft.same and part.native is not None:
        return part.native
    source = _source(part.source, path)
    if isinstance(source, Inline) and source.media_type != "application/pdf":
        source = _as_text(source, path)
    block: Fields = {"type": "document", "source": _source_fields(source)}
    if part.title is not None:
        block["title"] = part.title
    if part.context is not None:
        block["context"] = part.context
    if part.citations is not None:
        block["citations"] = part.citations
    return _close(block, part, draft)


def _source(source: Source, path: str) -> Source:
    """data: URLs taken apart, other providers' files refused."""
    if isinstance(source, FileRef) and source.origin != NAME:
        raise Unsupported("a file uploaded to one provider means nothing to another", param=path)
    return source_of(source.url) if isinstance(source, Remote) else source


def _as_text(source: Inline, path: str) -> PlainText:
    """Base64 documents must be PDF; plain text goes as text."""
    if source.media_type.startswith(TEXT_TYPES):
        return PlainText(text_of(source.data, path))
    raise Unsupported(f"this model takes no document of type {source.media_type!r}", param=path)


def _source_fields(source: Source) -> Fields:
    match source:
        case Inline(media_type=media_type, data=data):
            return {"type": "base64", "media_type": media_type, "data": data}
        case Remote(url=url):
            return {"type": "url", "url": url}
        case FileRef(id=file_id):
            return {"type": "file", "file_id": file_id}
        case PlainText(text=text):
            return {"type": "text", "media_type": "text/plain", "data": text}


def _reasoning(part: Reasoning, path: str, draft: Draft) -> Fields | None:
    """
    Anthropic answers 400 to a signature that is not its own, and to none.

    Others that speak its dialect sign nothing, and some insist on the replay
    (Quirks.replay_reasoning): they get all the text there is.
    """
    genuine = part.origin == NAME and part.signature != ""
    if genuine and part.redacted:
        return {"type": "redacted_thinking", "data": part.signature}
    if genuine:
        return {"type": "thinking", "thinking": part.text, "signature": part.signature}
    if draft.deployment.quirks.replay_reasoning and part.text:
        return {"type": "thinking", "thinking": part.text, "signature": ""}
    draft.lost_reasoning = True
    draft.note(path, "reasoning dropped: it bears no signature of this provider")
    return None


def _tool_call(part: ToolCall, path: str, draft: Draft) -> Fields:
    block: Fields = {
        "type": "tool_use",
        "id": _fitted(part.id),
        "name": draft.names.fit(part.name),
        "input": tool_input(part),
    }
    if part.kind == "function" and not isinstance(block["input"], Raw):
        draft.note(f"{path}.arguments", "wrapped in an object: they are not the JSON of one")
    return _close(block, part, draft)


def _fitted(call_id: str) -> str:
    """Without a signature in it: that is for who made it."""
    return fit_id(unsigned(call_id)[0])


def tool_input(part: ToolCall) -> Raw | Fields:
    """A call's input must be an object: free text, and JSON gone wrong, goes as its `input`."""
    if part.kind == "custom":
        return {"input": part.arguments}
    if not part.arguments.strip():
        return Raw(b"{}")
    try:
        raw = part.arguments.encode()
        RAW_MAP.decode(raw)
    except BROKEN:
        return {"input": part.arguments}
    return Raw(raw)


def _tool_result(part: ToolResult, path: str, draft: Draft) -> Fields:
    content = encode_parts(part.parts, f"{path}.content", draft)
    block: Fields = {"type": "tool_result", "tool_use_id": _fitted(part.call_id)}
    if content:
        block["content"] = content
    if part.is_error:
        block["is_error"] = True
    return _close(block, part, draft)
