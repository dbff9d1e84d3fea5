"""An answer in good order, at its pace."""

import pytest

from tests.providers.sim.kit import CHAT, EVERY, ask, engine, play
from trunkline.providers.sim.steps import End


@pytest.mark.parametrize("path", EVERY)
def test_a_stream_keeps_its_pace(path: str) -> None:
    """The first content after ttft, then one token every 1/rate seconds."""
    seen = play(engine(), ask(path, "sim-chat@ttft=200,rate=50,tokens=4", stream=True))

    assert [0.2, 0.02, 0.02, 0.02] == seen.waits
    assert isinstance(seen.last, End)


@pytest.mark.parametrize("path", EVERY)
def test_larger_chunks_wait_longer(path: str) -> None:
    """chunk=2 halves the events and keeps the rate."""
    seen = play(engine(), ask(path, "sim-chat@rate=50,tokens=5,chunk=2", stream=True))

    assert [0.04, 0.04] == seen.waits
    assert (3, 5) == (seen.row.content_events, seen.row.tokens)


@pytest.mark.parametrize("path", EVERY)
def test_a_whole_answer_comes_after_all_its_tokens(path: str) -> None:
    """Time to the first, and the time of all."""
    assert [pytest.approx(0.28)] == play(
        engine(), ask(path, "sim-chat@ttft=200,rate=50,tokens=4")
    ).waits


def test_the_lead_does_not_wait() -> None:
    """Role or message_start go out at once: they are no content."""
    performance = engine().respond(ask(CHAT, "sim-chat@ttft=200", stream=True))

    assert ["Head", "Send", "Wait"] == [
        type(step).__name__ for step, _ in zip(performance.steps, range(3), strict=False)
    ]


def test_headers_set_the_pace_where_the_model_does_not() -> None:
    """x-sim-ttft-ms, x-sim-rate, x-sim-tokens; the model's own options win."""
    headers = ((b"x-sim-ttft-ms", b"100"), (b"x-sim-rate", b"10"), (b"x-sim-tokens", b"3"))
    seen = play(engine(), ask(CHAT, "sim-chat@rate=50", stream=True, headers=headers))

    assert [0.1, 0.02, 0.02] == seen.waits
