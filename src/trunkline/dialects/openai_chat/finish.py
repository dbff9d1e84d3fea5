"""Why an answer ended, in the words of OpenAI and of those who look like it."""

from collections.abc import Mapping

from trunkline.canon.event import FinishReason

_REASONS: Mapping[str, FinishReason] = {
    "stop": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "tool_calls": FinishReason.TOOL_CALLS,
    "content_filter": FinishReason.CONTENT_FILTER,
    "function_call": FinishReason.TOOL_CALLS,
    # Anthropic's words, from gateways that forget to translate them.
    "end_turn": FinishReason.STOP,
    "tool_use": FinishReason.TOOL_CALLS,
    "max_tokens": FinishReason.LENGTH,
    # Mistral (docs.mistral.ai/api, seen 2026-11-21).
    "model_length": FinishReason.LENGTH,
    # Z.AI.
    "sensitive": FinishReason.CONTENT_FILTER,
}

FAILURES = frozenset({"error", "network_error", "insufficient_system_resource"})
"""Not endings but break-offs: OpenRouter and Mistral, Z.AI, DeepSeek."""


def finish_reason(word: str | None, *, called: bool) -> FinishReason:
    """
    An unknown word is a natural end. A turn that called tools says so, whatever the upstream
    said, unless it was cut or censored.
    """
    reason = _REASONS.get(word or "", FinishReason.STOP)
    if called and reason is FinishReason.STOP:
        return FinishReason.TOOL_CALLS
    return reason
