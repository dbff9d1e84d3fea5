"""
What Cohere's Chat API (v2) writes on the wire, as types.

The names are those of docs.cohere.com, "Chat" and "Chat with Streaming" (seen 2026-11-21), and of what
was recorded.
"""

from typing import Final

from msgspec import Raw, Struct, json

NAME: Final = "cohere-chat"
"""The dialect's registry name, and the origin of what it decodes."""

BROKEN: Final = (ValueError, RecursionError)
"""What decoding bytes from outside can raise: msgspec's errors, bad UTF-8, absurd nesting."""

Fields = dict[str, object]
"""A JSON object about to be written."""

ABSENT: Final = Raw(b"")
"""The default of a field that may hold anything: msgspec decodes no `Raw | None`."""

TokenCount = int | float | None
"""The API reference has numbers of kind "double"."""


class TokensIn(Struct, gc=False):
    input_tokens: TokenCount = None
    output_tokens: TokenCount = None


class UsageIn(Struct, gc=False):
    billed_units: TokensIn | None = None
    """What is paid for: not the preamble that Cohere puts around tools and thinking."""
    tokens: TokensIn | None = None
    """What the model read and wrote; what it had cached is among its input."""


class FunctionIn(Struct):
    name: str | None = None
    arguments: str | None = None


class CallIn(Struct):
    """Of an answer, of the start of a streamed one, or (without id and name) of a piece of it."""

    id: str | None = None
    function: FunctionIn | None = None


class ContentIn(Struct):
    """A block of content, or a piece of one."""

    text: str | None = None
    thinking: str | None = None


class CitedIn(Struct, gc=False):
    """Where a citation belongs."""

    type: str | None = None
    """ "TEXT_CONTENT", "THINKING_CONTENT" or "PLAN"; absent in older answers, of text."""
    content_index: int | None = None


class MessageIn(Struct):
    content: list[ContentIn] | None = None
    tool_plan: str | None = None
    tool_calls: list[CallIn] | None = None
    citations: list[Raw] | None = None


class LogprobIn(Struct):
    """A piece of text, and its tokens."""

    text: str | None = None
    logprobs: list[float] | None = None


class AnswerIn(Struct):
    id: str | None = None
    message: MessageIn | None = None
    finish_reason: str | None = None
    usage: UsageIn | None = None
    logprobs: list[LogprobIn] | None = None


# --- the events of a stream


class MessageStart(Struct, tag_field="type", tag="message-start"):
    id: str | None = None


class ContentMessage(Struct):
    content: ContentIn | None = None


class ContentDelta(Struct):
    message: ContentMessage | None = None


class ContentStarted(Struct, tag_field="type", tag="content-start"):
    index: int | None = None
    delta: ContentDelta | None = None


class ContentGrew(Struct, tag_field="type", tag="content-delta"):
    index: int | None = None
    delta: ContentDelta | None = None
    logprobs: LogprobIn | None = None


class ContentEnded(Struct, tag_field="type", tag="content-end"):
    index: int | None = None


class PlanMessage(Struct):
    tool_plan: str | None = None


class PlanDelta(Struct):
    message: PlanMessage | None = None


class PlanGrew(Struct, tag_field="type", tag="tool-plan-delta"):
    delta: PlanDelta | None = None


class CallMessage(Struct):
    tool_calls: CallIn | None = None
    """One of them, in spite of its name."""


class CallDelta(Struct):
    message: CallMessage | None = None


class CallStarted(Struct, tag_field="type", tag="tool-call-start"):
    index: int | None = None
    delta: CallDelta | None = None


class CallGrew(Struct, tag_field="type", tag="tool-call-delta"):
    index: int | None = None
    delta: CallDelta | None = None


class CallEnded(Struct, tag_field="type", tag="tool-call-end"):
    index: int | None = None


class CitationMessage(Struct):
    citations: Raw = ABSENT
    """One of them, in spite of its name."""


class CitationDelta(Struct):
    message: CitationMessage | None = None


class CitationStarted(Struct, tag_field="type", tag="citation-start"):
    delta: CitationDelta | None = None


class EndDelta(Struct):
    finish_reason: str | None = None
    usage: UsageIn | None = None
    error: str | None = None


class MessageEnded(Struct, tag_field="type", tag="message-end"):
    delta: EndDelta | None = None


EventIn = (
    MessageStart
    | ContentStarted
    | ContentGrew
    | ContentEnded
    | PlanGrew
    | CallStarted
    | CallGrew
    | CallEnded
    | CitationStarted
    | MessageEnded
)


class HeadIn(Struct):
    """Of an event that is none of these: something new, or an error."""

    type: Raw = ABSENT
    message: Raw = ABSENT
    error: Raw = ABSENT


class ErrorIn(Struct):
    message: str | None = None


ANSWER: Final = json.Decoder(AnswerIn)
CITED: Final = json.Decoder(CitedIn)
EVENT: Final = json.Decoder(EventIn)
HEAD: Final = json.Decoder(HeadIn)
ERROR: Final = json.Decoder(ErrorIn)
