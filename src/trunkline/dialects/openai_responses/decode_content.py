"""The content of a request's messages and of what its tools gave, off the wire."""

from collections.abc import Mapping

from msgspec import Raw

from trunkline.canon.content import (
    Audio,
    Document,
    FileRef,
    Image,
    Opaque,
    Part,
    Refusal,
    Source,
    Text,
)
from trunkline.dialects.data_url import document, picture, source_of
from trunkline.dialects.fields import STR, Fields, is_string
from trunkline.dialects.openai_responses.wire import NAME

_SAYS_NOTHING = (b"[]", b"null", b"{}")


def read_content(holder: Fields, field: str, phase: Mapping[str, Raw] | None = None) -> list[Part]:
    """A string or a list of parts; `phase` is what an assistant's text keeps of its message."""
    raw = holder.raw(field)
    if raw is None:
        return []
    within = Fields({field: raw}, holder.path)
    if is_string(raw):
        text = within.need(field, STR)
        return [Text(text, extra=phase or {})] if text else []
    items = within.items(field) or ()
    return [_part(raw, Fields.of(raw, path), phase or {}) for raw, path in items]


def _part(raw: Raw, part: Fields, phase: Mapping[str, Raw]) -> Part:
    match part.get("type", STR):
        case "input_text" | "output_text" | "text":
            return _text(part, phase)
        case "refusal":
            return Refusal(part.need("refusal", STR))
        case "input_image":
            return Image(_image(part), part.get("detail", STR), extra=part.rest())
        case "input_file":
            title = part.get("filename", STR)
            return Document(_file(part, title or ""), title, extra=part.rest())
        case "input_audio":
            audio = part.inner("input_audio") or part
            return Audio(audio.need("data", STR), audio.need("format", STR))
        case _:
            return Opaque(NAME, raw)


def _text(part: Fields, phase: Mapping[str, Raw]) -> Text:
    text = part.need("text", STR)
    part.raw("logprobs")
    notes = part.raw("annotations")
    if notes is not None and b"".join(bytes(notes).split()) in _SAYS_NOTHING:
        notes = None
    origin = NAME if notes is not None else ""
    return Text(text, annotations=notes, origin=origin, extra={**part.rest(), **phase})


def _image(part: Fields) -> Source:
    file_id = part.get("file_id", STR)
    return FileRef(file_id, NAME) if file_id else picture(part.need("image_url", STR))


def _file(part: Fields, name: str) -> Source:
    file_id, url = part.get("file_id", STR), part.get("file_url", STR)
    if file_id:
        return FileRef(file_id, NAME)
    return source_of(url) if url else document(part.need("file_data", STR), name)
