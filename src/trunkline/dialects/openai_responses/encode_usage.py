"""Token counts as OpenAI writes them: totals, and of what within them."""

from msgspec import Struct, json

from trunkline.canon.usage import Usage


class _InputDetails(Struct, omit_defaults=True):
    cached_tokens: int
    cache_write_tokens: int
    audio_tokens: int = 0


class _OutputDetails(Struct, omit_defaults=True):
    reasoning_tokens: int
    audio_tokens: int = 0


class _Usage(Struct):
    input_tokens: int
    input_tokens_details: _InputDetails
    output_tokens: int
    output_tokens_details: _OutputDetails
    total_tokens: int


def write_usage(usage: Usage) -> bytes:
    """All details, as the official SDK's types require (openai 3.52, seen 2026-11-21)."""
    written = usage.cache_write + usage.cache_write_1h
    return json.encode(
        _Usage(
            usage.total_input,
            _InputDetails(usage.cache_read, written, usage.audio_input),
            usage.total_output,
            _OutputDetails(usage.reasoning, usage.audio_output),
            usage.total,
        )
    )
