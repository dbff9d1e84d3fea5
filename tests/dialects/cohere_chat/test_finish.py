"""Finish reasons."""

import pytest

from trunkline.canon.errors import Overloaded, TimedOut
from trunkline.canon.event import FinishReason
from trunkline.dialects.cohere_chat.finish import failure_of, reason_of


@pytest.mark.parametrize(
    ("word", "expected"),
    (
        ("COMPLETE", FinishReason.STOP),
        ("STOP_SEQUENCE", FinishReason.STOP),
        ("MAX_TOKENS", FinishReason.LENGTH),
        ("TOOL_CALL", FinishReason.TOOL_CALLS),
        ("ERROR_TOXIC", FinishReason.CONTENT_FILTER),
        ("SOMETHING_NEW", FinishReason.STOP),
    ),
)
def test_reasons(word, expected):
    """What nobody knows is a natural end."""
    assert expected is reason_of(word, called=False)
    assert failure_of(word) is None


def test_a_call_waits_for_its_result():
    """Whatever word came with it; but a cut is a cut."""
    assert FinishReason.TOOL_CALLS is reason_of("COMPLETE", called=True)
    assert FinishReason.LENGTH is reason_of("MAX_TOKENS", called=True)


def test_failures_say_what_is_known():
    """The provider's words where there are any, without secrets."""
    told = failure_of("ERROR", "Bearer abcdefghijkl failed")

    assert isinstance(told, Overloaded)
    assert ("*** failed", 502, "ERROR") == (told.message, told.status, told.upstream_code)
    assert isinstance(failure_of("TIMEOUT"), TimedOut)
    assert failure_of("ERROR").message
