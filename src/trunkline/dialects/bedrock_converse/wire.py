"""
What Bedrock's Converse API writes on the wire, as types.

The provider's own types are those of its service model (botocore 1.44, bedrock-runtime 2023-09-30,
seen 2026-11-21) and its API reference.
"""

from typing import Final

from msgspec import Raw, Struct, json

NAME: Final = "bedrock-converse"
"""The dialect's registry name, and the origin of what it decodes."""

BROKEN: Final = (ValueError, RecursionError)
"""What decoding bytes from outside can raise: msgspec's errors, bad UTF-8, absurd nesting."""

Fields = dict[str, object]
"""A JSON object about to be written."""

ABSENT: Final = Raw(b"")
"""The default of a field that may hold anything: msgspec decodes no `Raw | None`."""

RAW_MAP: Final = json.Decoder(dict[str, Raw])


class CacheDetail(Struct, rename="camel"):
    ttl: str = ""
    input_tokens: int | None = None


class UsageIn(Struct, rename="camel"):
    """Classes that do not overlap: what was read from or written to a cache is not in inputTokens."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_write_input_tokens: int | None = None
    cache_details: list[CacheDetail] | None = None


class ToolUseIn(Struct, rename="camel"):
    """Of an answer's block, or of the start of a streamed one."""

    tool_use_id: str = ""
    name: str = ""
    input: Raw = ABSENT
    type: str | None = None
    """ "server_tool_use" of one that the provider runs itself; else absent, or "tool_use"."""

    @property
    def is_clients(self) -> bool:
        return self.type in (None, "tool_use")


class ReasoningTextIn(Struct):
    text: str = ""
    signature: str | None = None


class ReasoningIn(Struct, rename="camel"):
    reasoning_text: ReasoningTextIn | None = None
    redacted_content: str | None = None
    """Base64."""


class GeneratedIn(Struct):
    text: str = ""


class CitedIn(Struct):
    content: list[GeneratedIn] = []
    citations: Raw = ABSENT


class BlockIn(Struct, rename="camel"):
    """A union: one of these is set."""

    text: str | None = None
    tool_use: ToolUseIn | None = None
    reasoning_content: ReasoningIn | None = None
    citations_content: CitedIn | None = None


class MessageIn(Struct):
    content: list[BlockIn]


class OutputIn(Struct):
    message: MessageIn | None = None


class AnswerIn(Struct, rename="camel"):
    output: OutputIn | None = None
    stop_reason: str | None = None
    usage: UsageIn | None = None


class StartIn(Struct, rename="camel"):
    tool_use: ToolUseIn | None = None


class ToolDeltaIn(Struct):
    input: str = ""


class ReasoningDeltaIn(Struct, rename="camel"):
    text: str | None = None
    signature: str | None = None
    redacted_content: str | None = None


class DeltaIn(Struct, rename="camel"):
    text: str | None = None
    tool_use: ToolDeltaIn | None = None
    reasoning_content: ReasoningDeltaIn | None = None
    citation: Raw = ABSENT


class EventIn(Struct, rename="camel"):
    """The payload of any event of a stream; its name stands in the message's headers."""

    content_block_index: int = 0
    start: StartIn | None = None
    delta: DeltaIn | None = None
    stop_reason: str | None = None
    usage: UsageIn | None = None


class ErrorIn(Struct, rename={"other": "Message", "type": "__type"}):
    """The type stands here where no header tells it."""

    message: str | None = None
    other: str | None = None
    """`Message`, as older services write it."""
    type: str | None = None


ANSWER: Final = json.Decoder(AnswerIn)
EVENT: Final = json.Decoder(EventIn)
ERROR: Final = json.Decoder(ErrorIn)


def present(raw: Raw) -> Raw | None:
    """A field that is there and not null."""
    return None if bytes(raw) in {b"", b"null"} else raw
