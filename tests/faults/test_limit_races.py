"""Limits of one key under a stampede, over all workers: exactly as many reach the upstream as may."""

from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

import pytest

from tests.faults.race import MAX_TOKENS, Round, Track, bound, track
from tests.storage.postgres_server import PostgresServer
from tests.storage.valkey_server import ValkeyServer

WORKERS = 4
ATTEMPTS = 300
LIMIT = 100


def most(limit: str) -> object:
    """Of this limit, for a hundred requests."""
    return f"{bound() * LIMIT / 10**9:.9f}" if limit == "cost_total_usd" else LIMIT


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Track]:
    with track(tmp_path_factory.mktemp("race"), workers=WORKERS) as made:
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("limit", ("requests_per_minute", "requests_per_day"))
def test_requests(course: Track, limit: str) -> None:
    """A hundred of three hundred at once, and not one more for the rest of the window."""
    key = course.key(**{limit: LIMIT})
    first, second = course.race(key, ATTEMPTS), course.race(key, 50)

    assert (LIMIT, {200: LIMIT, 429: ATTEMPTS - LIMIT}) == (first.arrived, first.statuses)
    assert (0, {429: 50}) == (second.arrived, second.statuses)


@pytest.mark.slow
def test_places(course: Track) -> None:
    """As many as may be under way at a time; and when they are over, as many again."""
    key = course.key(concurrent_requests=LIMIT)
    first, second = (course.race(key, ATTEMPTS, hold=True) for _ in range(2))

    assert (LIMIT, LIMIT) == (first.arrived, first.answered)
    assert (LIMIT, LIMIT) == (second.arrived, second.answered)


@pytest.mark.slow
def test_money(course: Track) -> None:
    """Nobody spends what others have reserved; and what is spent is no more than was allowed."""
    key = course.key(cost_total_usd=most("cost_total_usd"))
    race = course.race(key, ATTEMPTS, hold=True, max_tokens=MAX_TOKENS)

    assert (LIMIT, {200: LIMIT, 429: ATTEMPTS - LIMIT}) == (race.arrived, race.statuses)


class Machines(NamedTuple):
    track: Track
    valkey: ValkeyServer


@pytest.fixture(scope="module")
def machines(
    tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer
) -> Iterator[Machines]:
    """Two of four workers each: records in PostgreSQL, counters in Valkey."""
    folder = tmp_path_factory.mktemp("machines")
    with closing(ValkeyServer(folder, persistent=True)) as valkey:
        server = {"database": postgres.fresh(), "state": valkey.url}
        with track(folder, nodes=2, workers=WORKERS, server=server) as made:
            yield Machines(made, valkey)


def undisturbed(track: Track, limit: str) -> Round:
    """
    One in which the server was there all the time.

    To a gateway that it does not answer within 0.3 s it is away, as on a machine that is very busy.
    """
    for _ in range(5):
        track.steady(cost_total_usd="1")
        race = track.race(
            track.key(**{limit: most(limit)}), ATTEMPTS, hold=True, max_tokens=MAX_TOKENS
        )
        if 503 not in race.statuses:
            break
    return race


@pytest.mark.slow
@pytest.mark.parametrize("limit", ("requests_per_minute", "cost_total_usd", "concurrent_requests"))
def test_over_two_machines(machines: Machines, limit: str) -> None:
    """The same, through a server that all of them ask."""
    race = undisturbed(machines.track, limit)

    assert (LIMIT, {200: LIMIT, 429: ATTEMPTS - LIMIT}) == (race.arrived, race.statuses)


@pytest.mark.slow
@pytest.mark.parametrize("limit", ("requests_per_minute", "cost_total_usd"))
def test_while_the_counters_server_restarts(machines: Machines, limit: str) -> None:
    """Never more; whom nobody can decide about is told to come back."""
    machines.track.steady(cost_total_usd="1")  # after the restart before
    key = machines.track.key(**{limit: most(limit)})
    race = machines.track.race(
        key, ATTEMPTS, hold=True, meanwhile=machines.valkey.restart, max_tokens=MAX_TOKENS
    )

    assert race.arrived <= LIMIT
    assert race.arrived == race.answered
    assert {200, 429, 503} >= set(race.statuses)
