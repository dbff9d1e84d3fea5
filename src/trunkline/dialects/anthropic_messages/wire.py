"""
What the Messages API writes on the wire, as types.

The provider's own types are those of its Python SDK (anthropic 2.11, seen 2026-11-21): it
publishes no other specification.
"""

from typing import Final

from msgspec import UNSET, Raw, Struct, UnsetType, json

NAME: Final = "anthropic-messages"
"""The dialect's registry name, and the origin of what it decodes."""

BETA_HEADER: Final = "anthropic-beta"
"""Kept in a request's `extra` under its own name: the features a client's fields belong to."""

BROKEN: Final = (ValueError, RecursionError)
"""What decoding bytes from outside can raise: msgspec's errors, bad UTF-8, absurd nesting."""

FOREIGN_SENTINEL: Final = b"[DONE]"
"""OpenAI's last event, which providers of both dialects append to this one's streams, too."""

Fields = dict[str, object]
"""A JSON object about to be written."""

ABSENT: Final = Raw(b"")
"""The default of a field that may hold anything: msgspec decodes no `Raw | None`."""

RAW_MAP: Final = json.Decoder(dict[str, Raw])
RAW_LIST: Final = json.Decoder(list[Raw])

# --- requests ---------------------------------------------------------------------------------


class MessageIn(Struct, forbid_unknown_fields=True):
    role: str
    content: str | list[Raw]


class SourceIn(Struct):
    """Where an image or document comes from: base64, url, file, text or content."""

    type: str
    media_type: str = ""
    data: str = ""
    url: str = ""
    file_id: str = ""


class Block(Struct, tag_field="type", forbid_unknown_fields=True):
    """A content block of a request, of the types this gateway understands."""


class TextBlock(Block, tag="text"):
    text: str
    citations: Raw = ABSENT
    cache_control: Raw = ABSENT


class ImageBlock(Block, tag="image"):
    source: SourceIn
    cache_control: Raw = ABSENT


class DocumentBlock(Block, tag="document"):
    source: Raw
    title: str | None = None
    context: str | None = None
    citations: Raw = ABSENT
    cache_control: Raw = ABSENT


class SearchResultBlock(Block, tag="search_result"):
    """What a search of the client's own found; `content` is a list of text blocks."""

    source: str
    title: str
    content: Raw
    citations: Raw = ABSENT
    cache_control: Raw = ABSENT


class ToolUseBlock(Block, tag="tool_use"):
    id: str
    name: str
    input: Raw
    cache_control: Raw = ABSENT


class ToolResultBlock(Block, tag="tool_result"):
    tool_use_id: str
    content: str | list[Raw] | None = None
    is_error: bool | None = None
    cache_control: Raw = ABSENT


class ThinkingBlock(Block, tag="thinking"):
    thinking: str
    signature: str | None = None
    cache_control: Raw = ABSENT


class RedactedBlock(Block, tag="redacted_thinking"):
    data: str
    cache_control: Raw = ABSENT


class TextResultBlock(Block, tag="tool_result"):
    """A result of nothing but text, as most are."""

    tool_use_id: str
    content: str | list[TextBlock | ThinkingBlock] | None = None
    """Text alone: of a union, msgspec demands the `type` that a lone struct may leave out."""
    is_error: bool | None = None
    cache_control: Raw = ABSENT


UsualBlock = TextBlock | ToolUseBlock | TextResultBlock | ThinkingBlock | RedactedBlock
"""What nearly every message is made of: all of it is read in one call."""


class UsualMessage(Struct, forbid_unknown_fields=True):
    role: str
    content: str | list[UsualBlock]


KnownBlock = (
    TextBlock
    | ImageBlock
    | DocumentBlock
    | SearchResultBlock
    | ToolUseBlock
    | ToolResultBlock
    | ThinkingBlock
    | RedactedBlock
)


class ToolIn(Struct, forbid_unknown_fields=True):
    """A tool of the client's own; those the provider runs have a dated type instead of "custom"."""

    name: str
    type: str | None = None
    description: str | None = None
    input_schema: Raw = ABSENT
    strict: bool | None = None
    cache_control: Raw = ABSENT


class ToolChoiceIn(Struct, forbid_unknown_fields=True):
    type: str
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class ThinkingIn(Struct, forbid_unknown_fields=True):
    type: str
    budget_tokens: int | None = None
    display: str | None = None


class FormatIn(Struct):
    type: str
    schema: Raw = ABSENT
    name: str | None = None


class RequestIn(Struct, forbid_unknown_fields=True):
    model: str
    messages: list[Raw]
    max_tokens: int | UnsetType = UNSET
    system: str | list[Raw] | None = None
    stop_sequences: list[str] | None = None
    stream: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    metadata: Raw = ABSENT
    service_tier: str | None = None
    thinking: Raw = ABSENT
    tool_choice: Raw = ABSENT
    tools: list[Raw] | None = None
    output_config: Raw = ABSENT
    output_format: FormatIn | None = None


# --- answers ----------------------------------------------------------------------------------


class CacheCreation(Struct):
    ephemeral_5m_input_tokens: int | None = None
    ephemeral_1h_input_tokens: int | None = None


class OutputDetails(Struct):
    thinking_tokens: int | None = None


class UsageIn(Struct):
    """Null or absent: not said. The counts of a stream are cumulative, the last one stands."""

    input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation: CacheCreation | None = None
    output_tokens: int | None = None
    output_tokens_details: OutputDetails | None = None
    service_tier: Raw | UnsetType = UNSET
    speed: Raw | UnsetType = UNSET


class ErrorIn(Struct):
    type: str = ""
    message: str = ""


class AnswerBlock(Struct):
    """One content block of an answer, read just far enough to tell what it is."""

    type: str
    id: str = ""
    name: str = ""
    text: str = ""
    thinking: str = ""
    signature: str | None = None
    data: str = ""
    input: Raw = ABSENT
    citations: list[Raw] | None = None


class AnswerIn(Struct):
    type: str = "message"
    id: str = ""
    model: str = ""
    content: list[Raw] = []
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: Raw = ABSENT
    usage: Raw = ABSENT
    error: Raw = ABSENT


class DeltaIn(Struct):
    """The `delta` of a content_block_delta or message_delta: all their fields in one."""

    type: str = ""
    text: str = ""
    partial_json: str = ""
    thinking: str = ""
    signature: str = ""
    citation: Raw = ABSENT
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: Raw = ABSENT

    @property
    def content(self) -> str:
        """Of the field that its type names; the others say nothing."""
        match self.type:
            case "text_delta":
                return self.text
            case "thinking_delta":
                return self.thinking
            case _:
                return self.partial_json


class EventIn(Struct):
    """Any event of a stream. Its JSON `type` rules; the name in the `event:` line repeats it."""

    type: str
    index: int = 0
    delta: DeltaIn | None = None
    content_block: Raw = ABSENT
    message: Raw = ABSENT
    usage: Raw = ABSENT
    error: Raw = ABSENT


EVENT: Final = json.Decoder(EventIn)
# Servers that imitate the API may count in "12" or 12.0; a good answer is not lost over that.
USAGE: Final = json.Decoder(UsageIn, strict=False)
ANSWER: Final = json.Decoder(AnswerIn)
ANSWER_BLOCK: Final = json.Decoder(AnswerBlock)


def present(raw: Raw | None) -> Raw | None:
    """A field that is there and not null."""
    return None if raw is None or bytes(raw) in {b"", b"null"} else raw


def text_of(raw: Raw) -> str:
    """A JSON value as the text it was written in. Raises UnicodeDecodeError."""
    return bytes(raw).decode()
