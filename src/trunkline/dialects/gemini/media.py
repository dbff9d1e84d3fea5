"""Media types: told by a URL's ending, and of sound by OpenAI's words for it."""

from collections.abc import Mapping
from urllib.parse import urlsplit

_BY_ENDING: Mapping[str, str] = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "heic": "image/heic",
    "heif": "image/heif",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "md": "text/markdown",
    "html": "text/html",
    "csv": "text/csv",
    "json": "application/json",
    "mp3": "audio/mp3",
    "wav": "audio/wav",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
}
_FORMATS: Mapping[str, str] = {"mpeg": "mp3", "x-wav": "wav", "wave": "wav", "vnd.wave": "wav"}


def type_of(url: str) -> str:
    """By the ending of its path; "" where that tells nothing."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    return _BY_ENDING.get(path.rpartition(".")[2].lower(), "")


def audio_format(media_type: str) -> str:
    """OpenAI's word for it: "mp3" for "audio/mpeg"."""
    name = media_type.removeprefix("audio/").partition(";")[0]
    return _FORMATS.get(name, name)
