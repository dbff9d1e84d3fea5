"""Deadlines kept by looking now and then."""

import pytest

from trunkline.edge.deadlines import Phase, Watch, allowance
from trunkline.edge.limits import Limits

LIMITS = Limits(head_seconds=30.0, idle_seconds=75.0, body_seconds=60.0, progress_bytes=100)


@pytest.mark.parametrize(
    "phase, seconds",
    (
        (Phase.NEW, 30.0),
        (Phase.HEAD, 30.0),
        (Phase.BODY, 60.0),
        (Phase.IDLE, 75.0),
        (Phase.STALLED, 60.0),
        (Phase.CLOSING, 60.0),
        (Phase.LINGERING, 5.0),
    ),
)
def test_every_phase_has_its_time(phase: Phase, seconds: float) -> None:
    """Counted from the first look that saw it, and over when it is up."""
    watch = Watch()

    looks = [watch.expired(phase, 1, 0, now, LIMITS) for now in (7.0, 7.0 + seconds - 0.1)]

    assert [False, False] == looks
    assert watch.expired(phase, 1, 0, 7.0 + seconds, LIMITS)


def test_answering_takes_as_long_as_it_takes() -> None:
    """The flow has clocks of its own."""
    watch = Watch()

    assert [False, False] == [watch.expired(Phase.ANSWERING, 1, 0, t, LIMITS) for t in (0.0, 1e9)]
    assert allowance(Phase.ANSWERING, LIMITS) is None


def test_another_request_starts_anew() -> None:
    """Idle before and idle after are two idle times, if a request came in between."""
    watch = Watch()

    looks = [watch.expired(Phase.IDLE, turn, 0, turn * 70.0, LIMITS) for turn in range(5)]

    assert [False] * 5 == looks


def test_progress_of_a_body() -> None:
    """Only enough of it buys time; little by little is counted from the last that did."""
    watch = Watch()
    steps = ((0.0, 0), (50.0, 100), (100.0, 150), (109.0, 199), (110.0, 199))

    looks = [watch.expired(Phase.BODY, 1, amount, now, LIMITS) for now, amount in steps]

    assert [False, False, False, False, True] == looks


def test_bytes_are_no_progress_elsewhere() -> None:
    """A head has its time, however much of it trickles in."""
    watch = Watch()
    watch.expired(Phase.HEAD, 1, 0, 0.0, LIMITS)

    assert watch.expired(Phase.HEAD, 1, 10_000, 30.0, LIMITS)
