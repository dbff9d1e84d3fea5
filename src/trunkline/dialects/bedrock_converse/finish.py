"""Why an answer ended: Bedrock's stop reasons as our four finish reasons."""

from collections.abc import Mapping

from trunkline.canon.event import FinishReason

_REASONS: Mapping[str, FinishReason] = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "tool_use": FinishReason.TOOL_CALLS,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "guardrail_intervened": FinishReason.CONTENT_FILTER,
    "content_filtered": FinishReason.CONTENT_FILTER,
    "refusal": FinishReason.CONTENT_FILTER,
}
MALFORMED = frozenset({"malformed_model_output", "malformed_tool_use"})
"""The model wrote what the provider cannot make a block of: the answer is not to be used."""


def reason_of(stop_reason: str, *, called: bool) -> FinishReason:
    """`called`: the answer holds a tool call, which makes a plain end a call for its result."""
    reason = _REASONS.get(stop_reason, FinishReason.STOP)
    return FinishReason.TOOL_CALLS if called and reason is FinishReason.STOP else reason
