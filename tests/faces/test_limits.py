"""Tests of faces/limits.py: what each face's clients read of their limits."""

import pytest

from tests.flow.world import World
from trunkline.canon.limit import Allowance, Limit, Unit
from trunkline.faces import limits


def allowance(unit, most, remaining, closes=0, window=60_000_000, field="f"):
    limit = Limit(counter="c", unit=unit, most=most, window=window, field=field, scope="key")
    return Allowance(limit, remaining, closes)


def exchange(*allowances):
    made = World().make(b"{}")
    made.allowances = allowances
    return made


BOTH = (
    allowance(Unit.REQUESTS, 100, 60, closes=90_500_000),
    allowance(Unit.REQUESTS, 10, 1, closes=3_700_000_000),
    allowance(Unit.TOKENS, 1000, -5),
    allowance(Unit.COST, 5, 1),
)


def test_the_tightest_is_told():
    """By its share, not by its number; and of what is overdrawn nothing remains."""
    told = exchange(*BOTH)
    told.received_at = 30.2

    assert [
        (b"x-ratelimit-limit-requests", b"10"),
        (b"x-ratelimit-remaining-requests", b"1"),
        (b"x-ratelimit-reset-requests", b"3700"),
        (b"x-ratelimit-limit-tokens", b"1000"),
        (b"x-ratelimit-remaining-tokens", b"0"),
        (b"x-ratelimit-reset-tokens", b"31"),
    ] == limits.pairs(told, limits.timestamp)


def test_a_brake_for_loops_is_no_limit_of_requests():
    """A client that paces itself by headers is not to wait for what it will not send again."""
    brake = allowance(Unit.REQUESTS, 3, 0, closes=90_500_000, field="sessions.repeats")

    assert [] == limits.pairs(exchange(brake), limits.duration)
    assert (b"x-ratelimit-limit", b"100") == limits.single(exchange(brake, BOTH[0]))[0]


def test_a_window_is_never_said_to_last_longer_than_it_does():
    """It opens a moment after its first request was received."""
    told = exchange(allowance(Unit.REQUESTS, 2, 1, closes=100_002_000))
    told.received_at = 40.0

    assert (b"x-ratelimit-reset-requests", b"1m0s") == limits.pairs(told, limits.duration)[2]


def test_one_pair_of_requests():
    """For clients that know one limit."""
    told = exchange(BOTH[0])

    assert [
        (b"x-ratelimit-limit", b"100"),
        (b"x-ratelimit-remaining", b"60"),
        (b"x-ratelimit-reset", b"91"),
    ] == limits.single(told)
    assert [] == limits.single(exchange(BOTH[2]))


def test_as_anthropic_writes_it():
    """Other names, and a date."""
    assert [
        (b"anthropic-ratelimit-requests-limit", b"100"),
        (b"anthropic-ratelimit-requests-remaining", b"60"),
        (b"anthropic-ratelimit-requests-reset", b"1970-01-01T00:01:31Z"),
    ] == limits.anthropic(exchange(BOTH[0]))


@pytest.mark.parametrize(
    ("closes", "told"),
    (
        (0, b"0s"),
        (100_000_000, b"0s"),
        (100_200_000, b"1s"),
        (161_000_000, b"1m1s"),
        (3_700_000_000, b"1h0m0s"),
        (99_000_000, b"0s"),
    ),
)
def test_durations_as_openai_writes_them(closes, told):
    """Up to a second, never below zero."""
    assert told == limits.duration(closes, 100.0)
