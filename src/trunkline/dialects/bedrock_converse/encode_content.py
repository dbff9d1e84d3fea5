"""Canonical parts as content blocks of a request."""

import base64
from collections.abc import Iterable, Mapping

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
from trunkline.dialects.bedrock_converse.draft import Draft
from trunkline.dialects.bedrock_converse.families import Family
from trunkline.dialects.bedrock_converse.names import document_name, fit_id
from trunkline.dialects.bedrock_converse.wire import BROKEN, NAME, RAW_MAP, Fields
from trunkline.dialects.data_url import TEXT_TYPES, source_of

# The formats of the service model (botocore 1.44, seen 2026-11-21), by media type.
_IMAGES: Mapping[str, str] = {
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/jpg": "jpeg",
    "image/gif": "gif",
    "image/webp": "webp",
}
_DOCUMENTS: Mapping[str, str] = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/html": "html",
    "text/markdown": "md",
}
_AUDIO = frozenset(
    {"mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv", "mka", "m4a", "pcm", "webm"}
)
_CLAUDES = frozenset({NAME, "anthropic-messages"})
"""Whose signatures Claude takes here: they hold across platforms (platform.claude.com, extended thinking, seen 2026-11-21)."""
_EMPTY_RESULT = "(no output)"


def encode_parts(parts: Iterable[Part], path: str, draft: Draft) -> list[Fields]:
    """With a cache point behind every part that is marked."""
    blocks: list[Fields] = []
    for at, part in enumerate(parts):
        block = encode_part(part, f"{path}.{at}", draft)
        if block is not None:
            blocks.append(block)
            draft.mark(blocks, getattr(part, "cache", None))
    return blocks


def encode_part(part: Part, path: str, draft: Draft) -> Fields | None:
    """
    None for what is left out: with a note, but for empty text.

    Raises Unsupported for what the API has no block for and a prompt cannot do without.
    """
    match part:
        case Text(text=text):
            if part.annotations is not None:
                draft.note(f"{path}.annotations", "dropped: another provider's citations")
            return plain_text(text)
        case Image():
            return _image(part, path, draft)
        case Document():
            return _document(part, path, draft)
        case Audio():
            return _audio(part, path)
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
        case Opaque(origin=origin):
            draft.note(path, f"dropped: only {origin or 'its own dialect'} knows this part")
            return None


def plain_text(text: str) -> Fields | None:
    """The API refuses text of nothing but white space."""
    return {"text": text} if text.strip() else None


def _inline(source: Source, path: str, what: str) -> Inline | PlainText:
    """Only bytes go in here: nobody fetches a URL, and another provider's files are unknown."""
    match source:
        case Inline() | PlainText():
            return source
        case Remote(url=url):
            read = source_of(url)
            if isinstance(read, Inline):
                return read
            raise Unsupported(f"this model takes no {what} by URL: send its bytes", param=path)
        case FileRef():
            raise Unsupported(
                "a file uploaded to one provider means nothing to another", param=path
            )


def _image(part: Image, path: str, draft: Draft) -> Fields:
    if part.detail not in {None, "auto"}:
        draft.note(f"{path}.detail", "dropped: there is no such choice here")
    source = _inline(part.source, path, "image")
    kind = _IMAGES.get(source.media_type.lower()) if isinstance(source, Inline) else None
    if kind is None or isinstance(source, PlainText):
        raise Unsupported("this model takes images as PNG, JPEG, GIF or WebP", param=path)
    return {"image": {"format": kind, "source": {"bytes": source.data}}}


def _document(part: Document, path: str, draft: Draft) -> Fields:
    source = _inline(part.source, path, "document")
    if isinstance(source, PlainText):
        kind, data = "txt", base64.b64encode(source.text.encode()).decode()
    else:
        kind, data = _document_kind(source.media_type.lower(), path), source.data
    draft.documents += 1
    fields: Fields = {
        "format": kind,
        "name": document_name(part.title, draft.documents),
        "source": {"bytes": data},
    }
    if part.title is not None and fields["name"] != part.title:
        draft.note(f"{path}.title", "changed: names hold letters, digits, spaces and hyphens here")
    if part.context is not None:
        fields["context"] = part.context
    if part.citations is not None:
        draft.note(f"{path}.citations", "dropped: answers cite in Bedrock's own way")
    return {"document": fields}


def _document_kind(media_type: str, path: str) -> str:
    kind = _DOCUMENTS.get(media_type)
    if kind is None and media_type.startswith(TEXT_TYPES):
        return "txt"
    if kind is None:
        raise Unsupported(f"this model takes no document of type {media_type!r}", param=path)
    return kind


def _audio(part: Audio, path: str) -> Fields:
    if part.format not in _AUDIO:
        raise Unsupported(f"this model takes no audio of format {part.format!r}", param=path)
    return {"audio": {"format": part.format, "source": {"bytes": part.data}}}


def _reasoning(part: Reasoning, path: str, draft: Draft) -> Fields | None:
    """A signature that is not its own is refused, and so is none (400)."""
    if part.origin == NAME and part.redacted:
        return {"reasoningContent": {"redactedContent": part.signature}}
    known = _CLAUDES if draft.family is Family.CLAUDE else {NAME}
    if part.origin in known and part.signature and not part.redacted:
        text: Fields = {"text": part.text, "signature": part.signature}
        return {"reasoningContent": {"reasoningText": text}}
    if part.origin == NAME and part.text and draft.family is not Family.CLAUDE:
        return {"reasoningContent": {"reasoningText": {"text": part.text}}}
    draft.lost_reasoning = True
    draft.note(path, "reasoning dropped: it bears no signature of this provider")
    return None


def _tool_call(part: ToolCall, path: str, draft: Draft) -> Fields:
    arguments = tool_input(part)
    if part.kind == "function" and not isinstance(arguments, Raw):
        draft.note(f"{path}.arguments", "wrapped in an object: they are not the JSON of one")
    return {
        "toolUse": {
            "toolUseId": fit_id(part.id),
            "name": draft.names.fit(part.name),
            "input": arguments,
        }
    }


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
    content = []
    for at, inner in enumerate(part.parts):
        block = encode_part(inner, f"{path}.content.{at}", draft)
        if block is not None:
            content.append(block)
            if getattr(inner, "cache", None) is not None:
                draft.note("cache_control", "inside a tool's result dropped: mark the result")
    result: Fields = {
        "toolUseId": fit_id(part.call_id),
        "content": content or [{"text": _EMPTY_RESULT}],
    }
    if part.is_error:
        result["status"] = "error"
    return {"toolResult": result}
