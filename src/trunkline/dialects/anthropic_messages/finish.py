"""Why an answer ended: between stop_reason and our four finish reasons."""

from collections.abc import Mapping

from msgspec import Raw

from trunkline.canon.event import Finished, FinishReason
from trunkline.dialects.anthropic_messages.wire import NAME

_REASONS: Mapping[str, FinishReason] = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "pause_turn": FinishReason.STOP,
    "compaction": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "tool_use": FinishReason.TOOL_CALLS,
    "refusal": FinishReason.CONTENT_FILTER,
}
_WORDS: Mapping[FinishReason, str] = {
    FinishReason.STOP: "end_turn",
    FinishReason.LENGTH: "max_tokens",
    FinishReason.TOOL_CALLS: "tool_use",
    FinishReason.CONTENT_FILTER: "refusal",
}
REFUSAL_DETAILS = Raw(b'{"type":"refusal","category":null,"explanation":null}')


def reason_of(stop_reason: str, *, called: bool) -> FinishReason:
    """`called`: the answer holds a tool call, which makes a plain end a call for its result."""
    if called and stop_reason == "end_turn":
        return FinishReason.TOOL_CALLS
    return _REASONS.get(stop_reason, FinishReason.STOP)


def stop_reason_of(finished: Finished, *, called: bool, refused: bool) -> tuple[str, Raw | None]:
    """
    stop_reason and stop_details for an Anthropic client.

    `called`, `refused`: the answer holds a tool call, or the model's own words of refusal.
    """
    if finished.origin == NAME and finished.native and finished.native != "end_turn":
        return finished.native, finished.details
    word = _WORDS[finished.reason]
    if finished.reason is FinishReason.STOP:
        if called:
            word = "tool_use"
        elif refused:
            return "refusal", REFUSAL_DETAILS
        elif finished.stop_sequence is not None:
            word = "stop_sequence"
    return word, finished.details if finished.origin == NAME else None
