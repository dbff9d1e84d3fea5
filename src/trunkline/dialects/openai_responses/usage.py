"""
Token counts: OpenAI's totals split into classes that never overlap.

input_tokens include those read from and written to a cache, output_tokens those of reasoning
(platform.openai.com/docs/api-reference/responses/object, seen 2026-11-21).
"""

from msgspec import Raw, UnsetType

from trunkline.canon.usage import Usage
from trunkline.dialects.openai_responses.upstream_wire import (
    USAGE,
    Count,
    InputDetails,
    OutputDetails,
    UsageIn,
)
from trunkline.dialects.raws import NOT_JSON
from trunkline.dialects.service_tier import tier_told

# The largest context on sale is some ten million tokens: what says more is a mistake.
_MOST = 100_000_000
_NO_INPUT_DETAILS = InputDetails()
_NO_OUTPUT_DETAILS = OutputDetails()


def read_raw_usage(raw: Raw | None, tier: Raw | UnsetType | None = None) -> Usage | None:
    """As `read_usage`, from JSON that may be anything."""
    try:
        return None if raw is None else read_usage(USAGE.decode(raw), tier)
    except NOT_JSON:
        return None


def read_usage(wire: UsageIn | None, tier: Raw | UnsetType | None = None) -> Usage | None:
    """`tier`: as the response tells it. None where nothing was reported, or nothing that can be believed (negative, absurd)."""
    if wire is None or (wire.input_tokens is None and wire.output_tokens is None):
        return None
    read, wrote = wire.input_tokens or 0, wire.output_tokens or 0
    if not (0 <= read <= _MOST and 0 <= wrote <= _MOST):
        return None
    return _split(wire, int(read), int(wrote), tier_told(tier))


def _split(wire: UsageIn, read: int, wrote: int, tier: str) -> Usage:
    """No class may exceed what its total leaves of it."""
    inside = wire.input_tokens_details or _NO_INPUT_DETAILS
    outside = wire.output_tokens_details or _NO_OUTPUT_DETAILS
    cached = min(_count(inside.cached_tokens), read)
    written = min(_count(inside.cache_write_tokens), read - cached)
    heard = min(_count(inside.audio_tokens), read - cached - written)
    spoken = min(_count(outside.audio_tokens), wrote)
    reasoned = min(_count(outside.reasoning_tokens), wrote - spoken)
    return Usage(
        input=read - cached - written - heard,
        cache_read=cached,
        cache_write=written,
        audio_input=heard,
        output=wrote - spoken - reasoned,
        reasoning=reasoned,
        audio_output=spoken,
        tier=tier,
    )


def _count(value: Count) -> int:
    return int(value) if value is not None and 0 <= value <= _MOST else 0
