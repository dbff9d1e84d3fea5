"""
Token counts: OpenAI's totals split into classes that never overlap, and summed again.

OpenAI's prompt_tokens include cached, written and audio tokens, its completion_tokens reasoning
and audio tokens (platform.openai.com/docs/api-reference/chat/object, seen 2026-11-21). Look-alikes
differ in where they say so; xAI and Gemini leave reasoning out of completion_tokens.
"""

from msgspec import Raw, Struct, UnsetType

from trunkline.canon.usage import Usage
from trunkline.dialects.openai_chat.wire import (
    USAGE,
    Chunk,
    CompletionDetails,
    Count,
    PromptDetails,
    WireUsage,
)
from trunkline.dialects.raws import NOT_JSON
from trunkline.dialects.service_tier import tier_told

# The largest context on sale is some ten million tokens: what says more is a mistake.
_MOST = 100_000_000
_NO_PROMPT_DETAILS = PromptDetails()
_NO_COMPLETION_DETAILS = CompletionDetails()


def read_raw_usage(raw: Raw | None, tier: Raw | UnsetType | None = None) -> Usage | None:
    """As `read_usage`, from JSON that may be anything."""
    try:
        return None if raw is None else read_usage(USAGE.decode(raw), tier)
    except NOT_JSON:
        return None


def usage_in(chunk: Chunk) -> WireUsage | None:
    """Where a chunk has it; Groq's is in its own field first."""
    if chunk.usage is None and chunk.x_groq is not None:
        return chunk.x_groq.usage
    return chunk.usage


def read_usage(wire: WireUsage | None, tier: Raw | UnsetType | None = None) -> Usage | None:
    """`tier`: as the answer tells it. None where nothing was reported, or nothing that can be believed (negative, absurd)."""
    if wire is None or (wire.prompt_tokens is None and wire.completion_tokens is None):
        return None
    prompt, completion = wire.prompt_tokens or 0, wire.completion_tokens or 0
    if not (0 <= prompt <= _MOST and 0 <= completion <= _MOST):
        return None
    prompt, completion = int(prompt), int(completion)
    read, write, audio_input = _prompt_classes(wire, prompt)
    reasoning, spoken, audio_output = _completion_classes(wire, prompt, completion)
    return Usage(
        input=prompt - read - write - audio_input,
        cache_read=read,
        cache_write=write,
        audio_input=audio_input,
        output=spoken,
        reasoning=reasoning,
        audio_output=audio_output,
        tier=tier_told(tier),
    )


def _prompt_classes(wire: WireUsage, prompt: int) -> tuple[int, int, int]:
    details = wire.prompt_tokens_details or _NO_PROMPT_DETAILS
    read = max(
        _count(details.cached_tokens),
        _count(wire.prompt_cache_hit_tokens),
        _count(wire.num_cached_tokens),
        _count(wire.cached_tokens),
    )
    read = min(read, prompt)
    write = min(_count(details.cache_write_tokens), prompt - read)
    return read, write, min(_count(details.audio_tokens), prompt - read - write)


def _completion_classes(wire: WireUsage, prompt: int, completion: int) -> tuple[int, int, int]:
    """Reasoning, plain and audio tokens."""
    details = wire.completion_tokens_details or _NO_COMPLETION_DETAILS
    reasoning = max(_count(details.reasoning_tokens), _count(wire.reasoning_tokens))
    audio = min(_count(details.audio_tokens), completion)
    beyond = _count(wire.total_tokens) - prompt - completion
    if beyond > 0 and reasoning in (0, beyond):
        return beyond, completion - audio, audio
    reasoning = min(reasoning, completion - audio)
    return reasoning, completion - audio - reasoning, audio


def _count(value: Count) -> int:
    return int(value) if value is not None and 0 <= value <= _MOST else 0


class _PromptOut(Struct):
    cached_tokens: int
    audio_tokens: int
    cache_write_tokens: int


class _CompletionOut(Struct):
    reasoning_tokens: int
    audio_tokens: int
    accepted_prediction_tokens: int = 0
    rejected_prediction_tokens: int = 0


class UsageOut(Struct):
    """As OpenAI writes it: the details always there."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: _PromptOut
    completion_tokens_details: _CompletionOut


def write_usage(usage: Usage) -> UsageOut:
    written = usage.cache_write + usage.cache_write_1h
    return UsageOut(
        usage.total_input,
        usage.total_output,
        usage.total,
        _PromptOut(usage.cache_read, usage.audio_input, written),
        _CompletionOut(usage.reasoning, usage.audio_output),
    )
