"""Counts and reasons, as far as they can be believed."""

import pytest

from trunkline.canon.event import FinishReason
from trunkline.canon.usage import Usage
from trunkline.dialects.openai_completions.wire import (
    WireUsage,
    finish_reason,
    finish_word,
    read_usage,
)


@pytest.mark.parametrize(
    ("told", "usage"),
    (
        (None, None),
        (WireUsage(), None),
        (WireUsage(0, 0), None),
        (WireUsage(-1, 2), None),
        (WireUsage(1e300, 2), None),
        (WireUsage(3.0, 2), Usage(input=3, output=2)),
        (WireUsage(3), Usage(input=3)),
    ),
)
def test_what_was_told_of_tokens(told, usage):
    """None where it says nothing, or what cannot be."""
    assert usage == read_usage(told)


def test_reasons_there_and_back():
    """An unknown word is a natural end; calls, which nobody asked for, are one, too."""
    for word in ("stop", "length", "content_filter"):
        assert word == finish_word(finish_reason(word))
    assert FinishReason.STOP is finish_reason("eos")
    assert "stop" == finish_word(FinishReason.TOOL_CALLS)
