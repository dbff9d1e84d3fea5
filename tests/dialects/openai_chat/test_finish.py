"""Why answers end."""

import pytest

from trunkline.canon.event import FinishReason
from trunkline.dialects.openai_chat.finish import finish_reason


@pytest.mark.parametrize(
    ("word", "reason"),
    (
        ("stop", FinishReason.STOP),
        ("length", FinishReason.LENGTH),
        ("tool_calls", FinishReason.TOOL_CALLS),
        ("function_call", FinishReason.TOOL_CALLS),
        ("content_filter", FinishReason.CONTENT_FILTER),
        ("model_length", FinishReason.LENGTH),
        ("eos", FinishReason.STOP),
        ("", FinishReason.STOP),
        (None, FinishReason.STOP),
    ),
)
def test_words(word, reason):
    """Of all who speak the dialect; one nobody knows is a natural end."""
    assert reason is finish_reason(word, called=False)


@pytest.mark.parametrize(
    ("word", "reason"),
    (
        ("stop", FinishReason.TOOL_CALLS),
        (None, FinishReason.TOOL_CALLS),
        ("length", FinishReason.LENGTH),
        ("content_filter", FinishReason.CONTENT_FILTER),
    ),
)
def test_calls(word, reason):
    """Make it a tool turn, unless it was cut or censored."""
    assert reason is finish_reason(word, called=True)
