"""Tests of tenancy/refusals.py: the sentence a caller reads, and when it may come back."""

import pytest

from trunkline.canon.errors import BudgetExceeded, RateLimited, TokensLimited
from trunkline.canon.limit import Allowance, Limit, Unit
from trunkline.tenancy.refusals import refusal

NOW = 1000.0
DAY = 86_400_000_000


def allowance(
    unit,
    most,
    field,
    *,
    remaining=0,
    reserved=0,
    window=60_000_000,
    closes=1_012_000_000,
    scope="key",
):
    limit = Limit(counter="c", unit=unit, most=most, window=window, field=field, scope=scope)
    return Allowance(limit, remaining, closes, reserved)


@pytest.mark.parametrize(
    ("stands", "amount", "says", "code", "wait"),
    (
        (
            allowance(Unit.REQUESTS, 100, "requests_per_minute"),
            1,
            ("This key may use 100 requests per minute (`requests_per_minute`): 0 requests are left;"
            " the window closes in 12 s."),
            None,
            12.0,
        ),
        (
            allowance(Unit.TOKENS, 1000, "tokens_per_minute", remaining=1),
            50,
            ("This key may use 1000 tokens per minute (`tokens_per_minute`): 1 token is left of the"
            " 50 tokens this may take; the window closes in 12 s."),
            None,
            12.0,
        ),
        (
            allowance(Unit.TOKENS, 1000, "tokens_per_minute", remaining=900),
            5000,
            ("This key may use 1000 tokens per minute (`tokens_per_minute`), and this request alone"
            " may take 5000 tokens: ask for fewer tokens (`max_tokens`) or send less."),
            None,
            None,
        ),
        (
            allowance(Unit.COST, 10**10, "cost_per_day_usd", remaining=5 * 10**8, window=DAY, scope="tenant"),
            10**9,
            ("This key's tenant may use $10 per day (`cost_per_day_usd`): $0.5 is left of the $1 this"
            " may take; the window closes in 12 s."),
            "cost_limit_per_day",
            12.0,
        ),
        (
            allowance(Unit.COST, 10**9, "cost_per_month_usd", window=30 * DAY, scope="user"),
            10**8,
            ("This key's user may use $1 per month (`cost_per_month_usd`): $0 is left of the $0.1"
            " this may take; the window closes in 12 s."),
            "cost_limit_per_month",
            12.0,
        ),
        (
            allowance(Unit.COST, 10**9, "cost_total_usd", remaining=1, window=0, closes=0),
            10**8,
            ("This key may use $1 in all (`cost_total_usd`): $0.000000001 is left of the $0.1 this"
            " may take."),
            "insufficient_quota",
            None,
        ),
        (
            allowance(
                Unit.COST, 10**9, "cost_total_usd", remaining=1, reserved=10**8, window=0, closes=0
            ),
            10**8,
            ("This key may use $1 in all (`cost_total_usd`): $0.000000001 is left of the $0.1 this"
            " may take; requests under way hold $0.1 and may give some back: send it again when one"
            " is over."),
            "insufficient_quota",
            1.0,
        ),
        (
            allowance(Unit.TOKENS, 1000, "tokens_per_day", remaining=40, reserved=10, window=DAY),
            50,
            ("This key may use 1000 tokens per day (`tokens_per_day`): 40 tokens are left of the 50"
            " tokens this may take; requests under way hold 10 tokens and may give some back: send"
            " it again when one is over."),
            None,
            1.0,
        ),
        (
            allowance(Unit.TOKENS, 1000, "tokens_per_day", remaining=39, reserved=10, window=DAY),
            50,
            ("This key may use 1000 tokens per day (`tokens_per_day`): 39 tokens are left of the 50"
            " tokens this may take; the window closes in 12 s."),
            None,
            12.0,
        ),
        (
            allowance(Unit.COST, 10**9, "sessions.budget_usd", window=DAY, scope="session"),
            10**8,
            ("This session may use $1 per day (`sessions.budget_usd`): $0 is left of the $0.1"
            " this may take; the window closes in 12 s."),
            "session_budget_exceeded",
            12.0,
        ),
        (
            allowance(Unit.REQUESTS, 5, "sessions.repeats", window=300_000_000, scope="session"),
            1,
            ("This very request was sent 5 times within 300 s (`sessions.repeats`), which looks like a"
            " loop: look at what sends it, change the request or its session, or wait 12 s."),
            "loop_detected",
            12.0,
        ),
        (
            allowance(Unit.CONCURRENT, 3, "concurrent_requests", window=0, closes=0),
            1,
            ("This key may have 3 requests under way at a time (`concurrent_requests`), and has;"
            " send it again when one is over."),
            None,
            1.0,
        ),
    ),
)  # fmt: skip
def test_what_is_said(stands, amount, says, code, wait):
    """Whose limit, how much, what is left, and what to do."""
    error = refusal([stands], [amount], NOW)

    assert (says, code, wait) == (error.message, error.upstream_code, error.retry_after)
    kinds = {Unit.COST: BudgetExceeded, Unit.TOKENS: TokensLimited}
    assert kinds.get(stands.limit.unit, RateLimited) is type(error)


@pytest.mark.parametrize(
    ("stands", "amount", "says", "code"),
    (
        (allowance(Unit.CONCURRENT, 0, "concurrent_requests", window=0, closes=0), 1,
         "This key may make no requests at all (`concurrent_requests` is 0)", None),
        (allowance(Unit.REQUESTS, 0, "requests_per_hour", scope="model", closes=0), 1,
         "This key with this model may make no requests at all (`requests_per_hour` is 0)", None),
        (allowance(Unit.TOKENS, 0, "tokens_per_day", scope="user", closes=0), 50,
         "This key's user may use no tokens at all (`tokens_per_day` is 0)", None),
        (allowance(Unit.COST, 0, "cost_total_usd", scope="tenant", window=0, closes=0), 10**8,
         "This key's tenant may spend nothing at all (`cost_total_usd` is 0)", "insufficient_quota"),
        (allowance(Unit.COST, 0, "cost_per_day_usd", window=DAY, closes=0), 10**8,
         "This key may spend nothing at all (`cost_per_day_usd` is 0)", "cost_limit_per_day"),
    ),
)  # fmt: skip
def test_a_limit_of_nothing_is_told_as_one(stands, amount, says, code):
    """To send less or later would be in vain; and it is told before any that somebody could wait for."""
    hour = allowance(Unit.REQUESTS, 9, "requests_per_hour", window=DAY // 24)
    for error in (refusal([stands], [amount], NOW), refusal([hour, stands], [1, amount], NOW)):
        told = f"{says}; ask whoever set that limit to raise it."
        assert (told, code, None) == (error.message, error.upstream_code, error.retry_after)


def test_of_several_the_longest_is_told():
    """To come back sooner would be in vain."""
    soon = allowance(Unit.REQUESTS, 1, "requests_per_minute")
    late = allowance(Unit.REQUESTS, 9, "requests_per_hour", closes=3_000_000_000, window=DAY // 24)

    assert 2000.0 == refusal([soon, late], [1, 1], NOW).retry_after

    held = allowance(Unit.COST, 9, "cost_total_usd", reserved=9, window=0, closes=0)
    assert 12.0 == refusal([held, soon], [5, 1], NOW).retry_after


def test_what_may_turn_out_smaller_is_judged_by_that():
    """A rough bound is larger than the whole; once others are over it is counted, and may well fit."""
    held = allowance(Unit.COST, 10**9, "x", remaining=1, reserved=10**8, window=0, closes=0)
    error = refusal([held], [2 * 10**9], NOW, [10**8])

    assert 1.0 == error.retry_after
    assert "$0.000000001 is left of the $2 this may take; requests under way hold" in error.message


@pytest.mark.parametrize(
    ("seconds", "told"),
    ((0.2, "1 s"), (119.6, "120 s"), (121, "3 min"), (3600, "60 min"), (86_399, "24 h")),
)
def test_how_long_it_takes_is_told_as_people_say_it(seconds, told):
    """Nobody knows by heart how long 86399 s are; and rather too long than too short."""
    closes = round((NOW + seconds) * 1_000_000)
    full = allowance(Unit.REQUESTS, 1, "x", closes=closes, window=DAY)
    assert f"; the window closes in {told}." in refusal([full], [1], NOW).message


def test_a_window_of_another_length():
    """Is told in seconds."""
    odd = allowance(Unit.REQUESTS, 1, "x", window=5_000_000)
    assert "per 5 s" in refusal([odd], [1], NOW).message
