"""Tests of stop reasons in both directions."""

import pytest
from msgspec import Raw

from trunkline.canon.event import Finished, FinishReason
from trunkline.dialects.anthropic_messages.finish import reason_of, stop_reason_of
from trunkline.dialects.anthropic_messages.wire import NAME

R = FinishReason


@pytest.mark.parametrize(
    "word, reason",
    (
        ("end_turn", R.STOP),
        ("stop_sequence", R.STOP),
        ("max_tokens", R.LENGTH),
        ("model_context_window_exceeded", R.LENGTH),
        ("tool_use", R.TOOL_CALLS),
        ("refusal", R.CONTENT_FILTER),
        ("pause_turn", R.STOP),
        ("compaction", R.STOP),
        ("something_new", R.STOP),
    ),
)
def test_every_word_has_its_reason(word: str, reason: FinishReason) -> None:
    """The table of reasons, with a word nobody knows as a plain stop."""
    assert reason is reason_of(word, called=False)


def test_an_end_with_calls_asks_for_their_results() -> None:
    """end_turn with a tool call is tool_calls; a limit stays a limit."""
    assert R.TOOL_CALLS is reason_of("end_turn", called=True)
    assert R.LENGTH is reason_of("max_tokens", called=True)


@pytest.mark.parametrize(
    "word", ("pause_turn", "model_context_window_exceeded", "compaction", "tool_use", "refusal")
)
def test_own_words_come_back(word: str) -> None:
    """The same dialect gets its own word and details."""
    details = Raw(b'{"type":"refusal"}')
    finished = Finished(R.STOP, 0, word, None, NAME, details)

    assert (word, details) == stop_reason_of(finished, called=False, refused=False)


@pytest.mark.parametrize(
    "reason, called, refused, word",
    (
        (R.STOP, False, False, "end_turn"),
        (R.STOP, True, False, "tool_use"),
        (R.STOP, False, True, "refusal"),
        (R.LENGTH, True, False, "max_tokens"),
        (R.TOOL_CALLS, True, False, "tool_use"),
        (R.CONTENT_FILTER, False, False, "refusal"),
    ),
)
def test_foreign_reasons(reason: FinishReason, called: bool, refused: bool, word: str) -> None:
    """Another dialect's reasons in this one's words, told by what was said besides."""
    finished = Finished(reason, 0, "stop", origin="openai-chat")

    assert word == stop_reason_of(finished, called=called, refused=refused)[0]


def test_a_known_stop_sequence_is_named() -> None:
    """Where the sequence is known, the reason says so."""
    finished = Finished(R.STOP, stop_sequence="END", origin="gemini")

    assert "stop_sequence" == stop_reason_of(finished, called=False, refused=False)[0]
