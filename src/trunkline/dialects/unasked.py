"""What a client's silence about thinking means: at Anthropic's API it is a no."""

from typing import Final

from trunkline.canon.request import ChatRequest

ANTHROPIC: Final = "anthropic-messages"
"""The dialect whose models do not think unless they are told to (wherever its clients ask)."""


def declines_thinking(request: ChatRequest) -> bool:
    """
    An Anthropic client that says nothing of thinking, nor of effort.

    Models of others that think by default would spend the client's max_tokens on it.
    """
    asked = request.thinking
    return request.origin == ANTHROPIC and (
        asked is None or (asked.mode is None and asked.effort is None)
    )
