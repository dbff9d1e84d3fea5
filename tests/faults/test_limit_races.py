"""Limits of one key under a stampede, over all workers: exactly as many reach the upstream as may."""

from collections.abc import Iterator

import pytest

from tests.faults.client import Call
from tests.faults.race import HOLD_MS, MODEL, Track, track
from trunkline.tenancy.reserve import HIDDEN

WORKERS = 4
ATTEMPTS = 300
LIMIT = 100
MAX_TOKENS = 20


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Track]:
    with track(tmp_path_factory.mktemp("race"), workers=WORKERS) as made:
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("limit", ("requests_per_minute", "requests_per_day"))
def test_requests(course: Track, limit: str) -> None:
    """A hundred of three hundred at once, and not one more for the rest of the window."""
    key = course.key(**{limit: LIMIT})
    first, second = course.race(key, ATTEMPTS, 0), course.race(key, 50, 0)

    assert (LIMIT, {200: LIMIT, 429: ATTEMPTS - LIMIT}) == (first.arrived, first.statuses)
    assert (0, {429: 50}) == (second.arrived, second.statuses)


@pytest.mark.slow
def test_places(course: Track) -> None:
    """As many as may be under way at a time; and when they are over, as many again."""
    key = course.key(concurrent_requests=LIMIT)
    first, second = (course.race(key, ATTEMPTS, HOLD_MS) for _ in range(2))

    assert (LIMIT, LIMIT) == (first.arrived, first.answered)
    assert (LIMIT, LIMIT) == (second.arrived, second.answered)


@pytest.mark.slow
def test_money(course: Track) -> None:
    """Nobody spends what others have reserved; and what is spent is no more than was allowed."""
    body = Call(
        MODEL.format(hold=HOLD_MS), "openai-chat", stream=False, body={"max_tokens": MAX_TOKENS}
    )
    reading = len(body.encode()) + HIDDEN
    # The simulator's dearest: $1.25 and $5 per million tokens.
    bound = reading * 1250 + MAX_TOKENS * 5000
    allowed = f"{bound * LIMIT / 10**9:.9f}"
    key = course.key(cost_total_usd=allowed)
    race = course.race(key, ATTEMPTS, HOLD_MS, max_tokens=MAX_TOKENS)

    assert (LIMIT, {200: LIMIT, 429: ATTEMPTS - LIMIT}) == (race.arrived, race.statuses)
