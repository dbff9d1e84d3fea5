"""Once more on the same target only where that is likely to help."""

import pytest

from trunkline.canon.errors import (
    ContextLengthExceeded,
    Disconnected,
    Garbled,
    Overloaded,
    Refused,
    Throttled,
    TimedOut,
    Unreachable,
)
from trunkline.routing.retry import RetryBudget, RetryRules

RULES = RetryRules(same_target=1, longest_wait=3.0, jitter=0.25, floor=3, share=0.2)

CASES = [
    (Disconnected("x"), 0.125),
    (Overloaded("x"), 0.125),
    (Overloaded("x", retry_after=2.0), 2.0),
    (Overloaded("x", retry_after=60.0), None),
    (Throttled("x", retry_after=2.0), 2.0),
    (Throttled("x", retry_after=30.0), None),
    (Throttled("x"), None),
    (TimedOut("x"), None),
    (Unreachable("x"), None),
    (Garbled("x"), None),
    (Refused("x"), None),
    (ContextLengthExceeded("x"), None),
]


@pytest.mark.parametrize(("error", "delay"), CASES)
def test_what_is_tried_again(error, delay):
    """A reset, one 5xx, a short Retry-After: yes. Silence, refusals, long waits: no."""
    assert delay == RetryBudget(RULES).delay(error, tries=1, dice=0.5)


def test_only_once():
    """The second failure moves on."""
    assert RetryBudget(RULES).delay(Disconnected("x"), tries=2, dice=0.5) is None


def test_the_budget_stops_a_storm():
    """When a fifth of all exchanges is retrying already, nobody else starts to."""
    budget = RetryBudget(RULES)
    budget.active, budget.retrying = 100, 20
    assert budget.delay(Disconnected("x"), tries=1, dice=0.5) is None
    budget.retrying = 19
    assert 0.125 == budget.delay(Disconnected("x"), tries=1, dice=0.5)
    budget.active, budget.retrying = 1, 2

    assert 0.125 == budget.delay(Disconnected("x"), tries=1, dice=0.5)
