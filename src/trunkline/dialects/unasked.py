"""What a client's silence about thinking means: at Anthropic's API it is a no."""

from collections.abc import Sequence
from typing import Final

from trunkline.canon.deployment import ANY_EFFORT
from trunkline.canon.request import ChatRequest, Thinking

ANTHROPIC: Final = "anthropic-messages"
"""The dialect whose models do not think unless they are told to (wherever its clients ask)."""


def declines_thinking(request: ChatRequest) -> bool:
    """
    Whether the client is Anthropic's, and says nothing of thinking nor of effort.

    Models of others that think by default would spend the client's max_tokens on it.
    """
    asked = request.thinking
    return request.origin == ANTHROPIC and (asked is None or asked == Thinking())


def least_effort(efforts: Sequence[str]) -> str | None:
    """
    The word for no reasoning, or for hardly any.

    None where a model cannot be told, or nobody knows whether it can: silence hurts less than a 400.
    """
    if tuple(efforts) == ANY_EFFORT:
        return None
    return next((effort for effort in ("none", "minimal") if effort in efforts), None)
