"""Why an answer ended: between Google's words and our four finish reasons."""

from collections.abc import Mapping

from trunkline.canon.errors import Disconnected, GatewayError
from trunkline.canon.event import FinishReason

_REASONS: Mapping[str, FinishReason] = {
    "STOP": FinishReason.STOP,
    "MAX_TOKENS": FinishReason.LENGTH,
    **dict.fromkeys(
        (
            *("SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"),
            *("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "MODEL_ARMOR"),
        ),
        FinishReason.CONTENT_FILTER,
    ),
}
"""ai.google.dev/api/generate-content, FinishReason, seen 2026-11-21."""

FAILURES = frozenset(
    (
        *("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS"),
        *("MALFORMED_RESPONSE", "MISSING_THOUGHT_SIGNATURE"),
    )
)
"""Not endings but break-offs: the model wrote what nobody can read."""

_WORDS: Mapping[FinishReason, str] = {
    FinishReason.STOP: "STOP",
    FinishReason.LENGTH: "MAX_TOKENS",
    FinishReason.TOOL_CALLS: "STOP",  # a turn that calls functions ends like any other
    FinishReason.CONTENT_FILTER: "SAFETY",
}


def reason_of(word: str, *, called: bool) -> FinishReason:
    """`called`: the answer holds a call, which makes a natural end a wait for its result."""
    reason = _REASONS.get(word, FinishReason.STOP)
    return FinishReason.TOOL_CALLS if called and reason is FinishReason.STOP else reason


def word_of(reason: FinishReason, native: str) -> str:
    """`native`: what this dialect's own upstream said, or ""."""
    return native or _WORDS[reason]


def broken_off(word: str) -> GatewayError:
    """Asked again, the model mostly does better."""
    return Disconnected("the provider broke off its answer", detail=f"finishReason {word}")
