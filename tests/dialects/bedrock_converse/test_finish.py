"""Tests of why an answer ended."""

import pytest

from trunkline.canon.event import FinishReason
from trunkline.dialects.bedrock_converse.finish import reason_of


@pytest.mark.parametrize(
    ("word", "reason"),
    (
        ("end_turn", FinishReason.STOP),
        ("stop_sequence", FinishReason.STOP),
        ("tool_use", FinishReason.TOOL_CALLS),
        ("max_tokens", FinishReason.LENGTH),
        ("model_context_window_exceeded", FinishReason.LENGTH),
        ("guardrail_intervened", FinishReason.CONTENT_FILTER),
        ("content_filtered", FinishReason.CONTENT_FILTER),
        ("invented_tomorrow", FinishReason.STOP),
    ),
)
def test_every_reason(word, reason):
    """The service model's words, and one it does not have yet."""
    assert reason == reason_of(word, called=False)


def test_a_plain_end_with_a_call_waits_for_its_result():
    """A truncated answer stays truncated."""
    assert FinishReason.TOOL_CALLS == reason_of("end_turn", called=True)
    assert FinishReason.LENGTH == reason_of("max_tokens", called=True)
