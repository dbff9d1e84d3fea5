"""Why an answer ended."""

import pytest

from trunkline.canon.errors import Disconnected
from trunkline.canon.event import FinishReason
from trunkline.dialects.gemini.finish import broken_off, reason_of, word_of


@pytest.mark.parametrize(
    ("word", "reason"),
    (
        ("STOP", FinishReason.STOP),
        ("MAX_TOKENS", FinishReason.LENGTH),
        ("SAFETY", FinishReason.CONTENT_FILTER),
        ("RECITATION", FinishReason.CONTENT_FILTER),
        ("PROHIBITED_CONTENT", FinishReason.CONTENT_FILTER),
        ("IMAGE_SAFETY", FinishReason.CONTENT_FILTER),
        ("SOMETHING_NEW", FinishReason.STOP),
    ),
)
def test_reasons(word, reason):
    """Google's words; one we do not know is a natural end."""
    assert reason == reason_of(word, called=False)


def test_calls():
    """STOP behind a call waits for its result; a cut or censored turn stays one."""
    assert FinishReason.TOOL_CALLS == reason_of("STOP", called=True)
    assert FinishReason.LENGTH == reason_of("MAX_TOKENS", called=True)
    assert FinishReason.CONTENT_FILTER == reason_of("SAFETY", called=True)


def test_words():
    """Calls end with STOP; our own upstream's word stands."""
    assert "STOP" == word_of(FinishReason.TOOL_CALLS, "")
    assert "SAFETY" == word_of(FinishReason.CONTENT_FILTER, "")
    assert "RECITATION" == word_of(FinishReason.CONTENT_FILTER, "RECITATION")


def test_broken_off():
    """A call nobody can read may be asked for again."""
    error = broken_off("MALFORMED_FUNCTION_CALL")
    assert isinstance(error, Disconnected)
    assert error.retryable
    assert "MALFORMED_FUNCTION_CALL" in error.detail
