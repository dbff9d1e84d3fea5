"""Why an answer ended: Cohere's finish reasons as our four, or as the error they are."""

from collections.abc import Mapping

from trunkline.canon.errors import GatewayError, Overloaded, TimedOut
from trunkline.canon.event import FinishReason
from trunkline.dialects.scrub import scrub

# docs.cohere.com, "Chat", finish_reason, seen 2026-11-21; the last two are of its API v1, which names
# them still.
_REASONS: Mapping[str, FinishReason] = {
    "COMPLETE": FinishReason.STOP,
    "STOP_SEQUENCE": FinishReason.STOP,
    "MAX_TOKENS": FinishReason.LENGTH,
    "TOOL_CALL": FinishReason.TOOL_CALLS,
    "ERROR_LIMIT": FinishReason.LENGTH,
    "ERROR_TOXIC": FinishReason.CONTENT_FILTER,
}


def reason_of(finish_reason: str, *, called: bool) -> FinishReason:
    """`called`: the answer holds a tool call, which makes a plain end a call for its result."""
    reason = _REASONS.get(finish_reason, FinishReason.STOP)
    return FinishReason.TOOL_CALLS if called and reason is FinishReason.STOP else reason


def failure_of(finish_reason: str, told: str | None = None) -> GatewayError | None:
    """The error of an answer that the provider itself gave up on; `told`: what it says of it."""
    if finish_reason == "TIMEOUT":
        return TimedOut(scrub(told or "") or "the provider took too long", code=finish_reason)
    if finish_reason == "ERROR":
        return Overloaded(
            scrub(told or "") or "the provider failed while it wrote its answer",
            code=finish_reason,
            status=502,
        )
    return None
