"""
What upstreams write of the Responses API, as far as we read it.

Field by field the union of what OpenAI (github.com/openai/openai-openapi, seen 2026-11-21) and those
who speak it besides send. Decoding into narrow structs skips all else without building it.
"""

from typing import Final

from msgspec import UNSET, Raw, Struct, UnsetType, json

Count = int | float | None
"""Some count in floats."""


class TextIn(Struct, gc=False):
    """A part of a message's content, of a reasoning item's content or of its summary."""

    type: str = ""
    text: str | None = None
    refusal: str | None = None
    annotations: list[Raw] | None = None
    logprobs: list[Raw] | None = None


class ItemIn(Struct):
    """An item of the output, of the types that every dialect knows; others are kept whole."""

    type: str = ""
    id: str | None = None
    call_id: str | None = None
    name: str | None = None
    namespace: str | None = None
    arguments: str | dict[str, Raw] | None = None
    input: str | None = None
    content: list[TextIn] | None = None
    summary: list[TextIn] | None = None
    encrypted_content: str | None = None


class InputDetails(Struct, gc=False):
    cached_tokens: Count = None
    cache_write_tokens: Count = None
    audio_tokens: Count = None


class OutputDetails(Struct, gc=False):
    reasoning_tokens: Count = None
    audio_tokens: Count = None


class UsageIn(Struct, gc=False):
    input_tokens: Count = None
    output_tokens: Count = None
    total_tokens: Count = None
    input_tokens_details: InputDetails | None = None
    output_tokens_details: OutputDetails | None = None


class Incomplete(Struct, gc=False):
    reason: str | None = None


class ResponseIn(Struct):
    id: str | None = None
    model: str | None = None
    created_at: int | float | None = None
    status: str | None = None
    output: list[Raw] | None = None
    incomplete_details: Incomplete | None = None
    error: Raw | UnsetType = UNSET


class Told(Struct):
    """Of a whole response, what a passthrough must know."""

    status: str | None = None
    usage: UsageIn | None = None
    error: Raw | UnsetType = UNSET
    object: str = ""
    service_tier: Raw | UnsetType = UNSET


class EventIn(Struct):
    """Any event of a stream but the deltas of the quick way (quick.py)."""

    type: str = ""
    sequence_number: int | None = None
    output_index: int | None = None
    item_id: str | None = None
    content_index: int = 0
    summary_index: int = 0
    delta: str | None = None
    text: str | None = None
    refusal: str | None = None
    arguments: str | None = None
    input: str | None = None
    item: Raw | UnsetType = UNSET
    part: TextIn | None = None
    annotation: Raw | UnsetType = UNSET
    logprobs: list[Raw] | None = None
    response: Raw | UnsetType = UNSET
    error: Raw | UnsetType = UNSET
    object: str = ""


class Kind(Struct, gc=False):
    """What an event or item is, where nothing else of it could be read."""

    type: str = ""


EVENT: Final = json.Decoder(EventIn)
KIND: Final = json.Decoder(Kind)
ITEM: Final = json.Decoder(ItemIn)
RESPONSE: Final = json.Decoder(ResponseIn)
TOLD: Final = json.Decoder(Told)
USAGE: Final = json.Decoder(UsageIn | None)

TERMINAL: Final = frozenset(
    {"response.completed", "response.incomplete", "response.failed", "response.cancelled"}
)
"""The last event of a stream: there is no sentinel behind it."""

FOREIGN_SENTINEL: Final = b"[DONE]"
"""Chat Completions' last event, which some (OpenRouter) append to this API's streams, too."""

NO_ERRORS: Final = (b"null", b'""', b"{}", b"false")
"""An `error` field that tells of none."""

# What these fields of a response mean is known; the rest is kept for clients of this same dialect.
KNOWN: Final = frozenset(
    {
        "id",
        "object",
        "created_at",
        "model",
        "status",
        "output",
        "output_text",
        "usage",
        "error",
        "incomplete_details",
    }
)
