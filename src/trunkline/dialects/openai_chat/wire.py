"""
Chat Completions answers on the wire, as far as we read them: one shape for whole and streamed.

Field by field the union of what OpenAI (github.com/openai/openai-openapi, seen 2026-11-21) and
its look-alikes send. Decoding into narrow structs skips all else without building it.
"""

from collections.abc import Mapping
from typing import TypeVar

from msgspec import UNSET, Raw, Struct, UnsetType, json

from trunkline.dialects.raws import NOT_JSON, NULL

NAME = "openai-chat"

ValueT = TypeVar("ValueT")

Count = int | float | None
"""Groq and others write some counts as floats."""


class Function(Struct, gc=False):
    name: str | None = None
    arguments: str | dict[str, Raw] | None = None
    """Ollama has sent the object itself, not its text."""


class Custom(Struct, gc=False):
    name: str | None = None
    input: str | None = None


class Call(Struct, gc=False):
    index: int | None = None
    id: str | None = None
    type: str | None = None
    function: Function | None = None
    custom: Custom | None = None
    extra_content: dict[str, Raw] | None = None
    """Gemini's compatible endpoint: {"google":{"thought_signature":..}}."""


class Thought(Struct, gc=False):
    text: str = ""


class Segment(Struct, gc=False):
    """One entry of Mistral's content list."""

    type: str = ""
    text: str = ""
    thinking: str | list[Thought] | None = None


class Delta(Struct, gc=False):
    """A streamed delta; a whole message has the same fields."""

    content: str | list[Segment] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[Call] | None = None
    refusal: str | None = None
    reasoning_details: list[Raw] | None = None
    function_call: Function | None = None
    annotations: list[Raw] | None = None
    audio: dict[str, Raw] | None = None


class PromptDetails(Struct, gc=False):
    cached_tokens: Count = None
    cache_write_tokens: Count = None
    audio_tokens: Count = None


class CompletionDetails(Struct, gc=False):
    reasoning_tokens: Count = None
    audio_tokens: Count = None


class WireUsage(Struct, gc=False):
    prompt_tokens: Count = None
    completion_tokens: Count = None
    total_tokens: Count = None
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: CompletionDetails | None = None
    prompt_cache_hit_tokens: Count = None
    """DeepSeek."""
    num_cached_tokens: Count = None
    """Mistral."""
    cached_tokens: Count = None
    """Moonshot, SGLang."""
    reasoning_tokens: Count = None
    """SGLang."""


class XGroq(Struct, gc=False):
    usage: WireUsage | None = None


class ChunkChoice(Struct, gc=False):
    index: int = 0
    delta: Delta | None = None
    logprobs: dict[str, Raw] | None = None
    finish_reason: str | None = None


class Chunk(Struct, gc=False):
    """Of the head (id, model ...) see Head: it is the same on every chunk of a stream."""

    choices: list[ChunkChoice] | None = None
    usage: WireUsage | None = None
    error: Raw | UnsetType = UNSET
    x_groq: XGroq | None = None
    service_tier: Raw | UnsetType = UNSET


class Told(Struct, gc=False):
    """Of a whole answer, what a passthrough must know."""

    usage: WireUsage | None = None
    error: Raw | UnsetType = UNSET
    service_tier: Raw | UnsetType = UNSET


class TolerantChunk(Struct, gc=False):
    """A chunk whose usage is no usage: an answer is not lost over its bill."""

    choices: list[ChunkChoice] | None = None
    error: Raw | UnsetType = UNSET


class WholeChoice(Struct, gc=False):
    index: int = 0
    message: Delta | None = None
    logprobs: dict[str, Raw] | None = None
    finish_reason: str | None = None


CHUNK = json.Decoder(Chunk)
TOLD = json.Decoder(Told)
TOLERANT_CHUNK = json.Decoder(TolerantChunk)
WHOLE_CHOICES = json.Decoder(list[WholeChoice])
USAGE = json.Decoder(WireUsage | None)
STRING = json.Decoder(str | None)
COUNT = json.Decoder(int | float | None)

# What a head's other fields mean is known; the rest is kept for clients of this same dialect.
HEAD_FIELDS = frozenset(
    {"id", "object", "created", "model", "choices", "usage", "error", "obfuscation"}
)


class Head(Struct):
    id: str
    model: str
    created: int
    extra: Mapping[str, Raw]


def read_head(fields: Mapping[str, Raw]) -> Head:
    """Id, model and time of an answer or chunk; what is missing or mistyped is empty."""
    extra = {k: v for k, v in fields.items() if k not in HEAD_FIELDS and v != NULL}
    created = _lenient(COUNT, fields.get("created"))
    return Head(
        id=_lenient(STRING, fields.get("id")) or "",
        model=_lenient(STRING, fields.get("model")) or "",
        created=int(created) if created and 0 < created < 1 << 53 else 0,
        extra=extra,
    )


def _lenient(decoder: json.Decoder[ValueT], raw: Raw | None) -> ValueT | None:
    try:
        return None if raw is None else decoder.decode(raw)
    except NOT_JSON:
        return None
