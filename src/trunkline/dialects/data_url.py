"""Pictures and documents as OpenAI's clients send them: an address, or their bytes in a data URL."""

from base64 import b64decode
from collections.abc import Mapping

from trunkline.canon.content import Inline, Remote
from trunkline.canon.errors import Unsupported

# How each begins, in base64. OpenAI looks at the bytes and lets any type be told; Anthropic refuses
# a picture that is not of the type it is said to be (400).
_PICTURES: Mapping[str, str] = {
    "iVBORw0KGgo": "image/png",
    "/9j/": "image/jpeg",
    "R0lGOD": "image/gif",
    "UklGR": "image/webp",
}
_ALIASES: Mapping[str, str] = {"image/jpg": "image/jpeg", "application/x-pdf": "application/pdf"}
_TELLS_NOTHING = frozenset({"", "application/octet-stream", "binary/octet-stream"})

# OpenAI takes more, but needs a data URL for them (platform.openai.com/docs/guides/pdf-files,
# seen 2026-11-21); bare base64 tells its kind by the file's name alone.
_BY_NAME: Mapping[str, str] = {"txt": "text/plain", "md": "text/markdown", "csv": "text/csv"}
_PDF = "application/pdf"

TEXT_TYPES = ("text/", "application/json", "application/xml", "application/x-yaml")
"""How the types of documents begin that a provider without them can be given as text."""


def source_of(url: str) -> Inline | Remote:
    """A data URL taken apart (RFC 2397), its type in plain words; any other stays an address."""
    head, comma, data = url.partition(",")
    if not comma or head[:5].lower() != "data:":
        return Remote(url)
    kind, *parameters = head[5:].lower().split(";")
    if not parameters or parameters[-1].strip() != "base64":
        return Remote(url)
    kind = kind.strip()
    return Inline(_ALIASES.get(kind, kind), data)


def picture(url: str) -> Inline | Remote:
    """As `source_of`; bytes that show what they are go under their own type."""
    source = source_of(url)
    if isinstance(source, Inline):
        for start, kind in _PICTURES.items():
            if source.data.startswith(start):
                return Inline(kind, source.data)
    return source


def document(data: str, name: str) -> Inline | Remote:
    """`data` may be a data URL, an address, or bare base64; `name` is the file's, or empty."""
    source = source_of(data)
    if isinstance(source, Remote) and ":" not in data:
        source = Inline("", data)
    if isinstance(source, Inline) and source.media_type in _TELLS_NOTHING:
        return Inline(_BY_NAME.get(name.rpartition(".")[2].lower(), _PDF), source.data)
    return source


def text_of(data: str, path: str) -> str:
    """Base64 as the text it stands for; Unsupported, at `path`, where it stands for none."""
    try:
        return b64decode(data, validate=True).decode()
    except ValueError as error:
        message = "the document is not valid base64 of UTF-8 text"
        raise Unsupported(message, param=path) from error
