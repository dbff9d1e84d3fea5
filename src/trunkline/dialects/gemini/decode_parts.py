"""What a client shows, part by part, made canonical."""

from collections.abc import Mapping

from msgspec import Raw, json

from trunkline.canon.content import (
    Audio,
    Document,
    FileRef,
    Image,
    Inline,
    Opaque,
    Part,
    Remote,
    Text,
)
from trunkline.dialects.camel import Camel
from trunkline.dialects.fields import STR
from trunkline.dialects.gemini.media import audio_format, type_of
from trunkline.dialects.gemini.wire import NAME

_UPLOADED = "generativelanguage.googleapis.com/"
"""In the addresses of the files API: they mean nothing to anybody else."""


def read_part(part: Camel, raw: Raw) -> Part:
    """Of text, an image, a document, a sound; what else there is stays as it came. Raises Malformed."""
    text = part.get("text", STR)
    if text is not None:
        return Text(text, extra=part.rest())
    for field in ("inlineData", "fileData"):
        given = part.inner(field)
        if given is not None:
            read = _inline(given) if field == "inlineData" else _file(given)
            if read is None:
                return Opaque(NAME, raw)
            source, media_type, beside = read
            return _media(source, media_type, part, raw, {field: beside} if beside else {})
    return Opaque(NAME, raw)


_Read = tuple[Inline | Remote | FileRef, str, Raw | None]
"""The source, its media type, and the whole field where we do not understand all of it."""


def _inline(given: Camel) -> _Read | None:
    media_type, data = given.need("mimeType", STR), given.need("data", STR)
    rest = given.rest()
    whole = {"mimeType": media_type, "data": data, **rest}
    return Inline(media_type, data), media_type, Raw(json.encode(whole)) if rest else None


def _file(given: Camel) -> _Read | None:
    uri, named = given.need("fileUri", STR), given.get("mimeType", STR)
    media_type = named or type_of(uri)
    rest = given.rest()
    plain = not rest and (named or "") == type_of(uri)
    whole = {"fileUri": uri, **({"mimeType": named} if named else {}), **rest}
    source = FileRef(uri, NAME) if _UPLOADED in uri else Remote(uri)
    return source, media_type, None if plain else Raw(json.encode(whole))


def _media(
    source: Inline | Remote | FileRef,
    media_type: str,
    part: Camel,
    raw: Raw,
    beside: Mapping[str, Raw],
) -> Part:
    extra = {**beside, **part.rest()}
    kind = media_type.partition("/")[0]
    if kind == "image":
        return Image(source, extra=extra)
    if kind == "audio" and isinstance(source, Inline) and not extra:
        return Audio(source.data, audio_format(media_type))
    if kind in ("audio", "video") and isinstance(source, Inline):
        return Opaque(NAME, raw)
    return Document(source, extra=extra)
