"""Usage as the SDKs tell it and as the ledger holds it, in a form in which they can be compared."""

from typing import Any, NamedTuple

from anthropic.types import Usage as AnthropicUsage
from openai.types import CompletionUsage


class Told(NamedTuple):
    """Totals: `input` with what came from a cache, `output` with reasoning."""

    input: int
    cache_read: int
    cache_write: int
    output: int


def of_openai(usage: CompletionUsage | None) -> Told:
    assert usage is not None
    assert usage.prompt_tokens + usage.completion_tokens == usage.total_tokens
    details = usage.prompt_tokens_details
    return Told(
        usage.prompt_tokens,
        (details and details.cached_tokens) or 0,
        getattr(details, "cache_write_tokens", None) or 0,
        usage.completion_tokens,
    )


def of_anthropic(usage: AnthropicUsage | Any) -> Told:
    read = usage.cache_read_input_tokens or 0
    written = usage.cache_creation_input_tokens or 0
    return Told(usage.input_tokens + read + written, read, written, usage.output_tokens)


def of_ledger(entry: Any) -> Told:
    tokens = entry["tokens"]
    read, written = tokens["cache_read"], tokens["cache_write"]
    return Told(
        tokens["input"] + read + written, read, written, tokens["output"] + tokens["reasoning"]
    )


def thought_blocks(upstream: str) -> list[str]:
    """What an Anthropic client gets of a thought and a text: Gemini's proof of both comes behind them."""
    proof = ["redacted_thinking"] if upstream == "far-gemini" else []
    return ["thinking", "text", *proof]
