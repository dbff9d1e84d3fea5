"""What is said: roles, messages and the parts they are made of."""

from collections.abc import Mapping
from enum import Enum

from msgspec import Raw, Struct


class Role(Enum):
    SYSTEM = "system"
    DEVELOPER = "developer"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"
    """Holds ToolResult parts only. All results of one turn stand in one such message."""


class CacheMark(Struct, frozen=True, gc=False):
    """A point up to which the provider is asked to cache the prompt."""

    ttl: str = "5m"
    """ "5m" or "1h", the two lifetimes Anthropic sells."""


class Inline(Struct, frozen=True, gc=False, tag="inline"):
    """Bytes carried in the request itself."""

    media_type: str
    data: str
    """Base64, as all dialects carry it; never decoded on the way through."""


class Remote(Struct, frozen=True, gc=False, tag="remote"):
    url: str


class FileRef(Struct, frozen=True, gc=False, tag="file"):
    """A file uploaded to one provider before; means nothing to another."""

    id: str
    origin: str
    """The dialect whose provider knows the file."""


class PlainText(Struct, frozen=True, gc=False, tag="plain"):
    """A document given as text."""

    text: str


Source = Inline | Remote | FileRef | PlainText


class Text(Struct, frozen=True, gc=False, tag="text"):
    text: str
    cache: CacheMark | None = None
    annotations: Raw | None = None
    """Citations or annotations as the origin dialect wrote them: a JSON array."""
    origin: str = ""
    """The dialect that wrote `annotations`."""
    extra: Mapping[str, Raw] = {}
    """Fields of the part that only the dialect of its request or answer knows."""

    @property
    def bare(self) -> bool:
        """No more than its words, as nearly all text of a history."""
        return self.cache is None and self.annotations is None and not self.extra


class Image(Struct, frozen=True, gc=False, tag="image"):
    source: Source
    detail: str | None = None
    cache: CacheMark | None = None
    extra: Mapping[str, Raw] = {}


class Document(Struct, frozen=True, gc=False, tag="document"):
    source: Source
    title: str | None = None
    """The file's name or title."""
    context: str | None = None
    citations: Raw | None = None
    cache: CacheMark | None = None
    extra: Mapping[str, Raw] = {}
    native: Raw | None = None
    """The part as its own dialect wrote it, where that is no document there (a search result)."""


class Audio(Struct, frozen=True, gc=False, tag="audio"):
    data: str
    """Base64."""
    format: str


class Reasoning(Struct, frozen=True, gc=False, tag="reasoning"):
    """
    A model's thinking, with whatever proves to its maker that it is genuine.

    Order among the parts of a message is kept; `signature` is opaque and goes back only
    to the dialect in `origin`.
    """

    text: str
    signature: str = ""
    origin: str = ""
    redacted: bool = False
    """True when the provider hid the text: `signature` then holds its opaque data."""


class ToolCall(Struct, frozen=True, gc=False, tag="tool_call"):
    id: str
    name: str
    arguments: str
    """JSON text as the model wrote it, possibly invalid; free text for a custom tool."""
    kind: str = "function"
    """ "function" or "custom"."""
    cache: CacheMark | None = None
    extra: Mapping[str, Raw] = {}


class ToolResult(Struct, frozen=True, gc=False, tag="tool_result"):
    call_id: str
    parts: "tuple[Part, ...]"
    is_error: bool = False
    cache: CacheMark | None = None
    extra: Mapping[str, Raw] = {}


class Refusal(Struct, frozen=True, gc=False, tag="refusal"):
    text: str


class Opaque(Struct, frozen=True, gc=False, tag="opaque"):
    """A part only its own dialect understands; kept there, noted elsewhere."""

    origin: str
    raw: Raw


Part = Text | Image | Document | Audio | Reasoning | ToolCall | ToolResult | Refusal | Opaque


class Message(Struct, frozen=True, gc=False):
    role: Role
    parts: tuple[Part, ...]
    name: str | None = None
    extra: Mapping[str, Raw] = {}
    """Fields of the message that only the request's own dialect knows."""
