"""Tests of flow/outage.py: whom the ledger's absence stops, and when."""

import pytest

from trunkline.canon.errors import LedgerUnavailable
from trunkline.flow.outage import NEVER, Outage


def stopped(away, *, budgeted, serves=True, patience=10.0):
    outage = Outage(lambda: away, patience, serves=serves)
    try:
        outage.check(budgeted=budgeted)
    except LedgerUnavailable as error:
        return error.status, error.code, error.retry_after
    return None


@pytest.mark.parametrize("serves", (True, False))
@pytest.mark.parametrize("budgeted", (True, False))
def test_a_short_absence_stops_nobody(budgeted, serves):
    """A restart or a failover takes some seconds."""
    assert None is stopped(10.0, budgeted=budgeted, serves=serves)


@pytest.mark.parametrize("serves", (True, False))
def test_a_budget_fails_closed(serves):
    """Whatever becomes of others; and it is told when to come back."""
    assert (503, "ledger_unavailable", 5.0) == stopped(10.1, budgeted=True, serves=serves)


def test_others_as_the_configuration_says():
    """Served, or told the same."""
    assert None is stopped(10.1, budgeted=False)
    assert (503, "ledger_unavailable", 5.0) == stopped(10.1, budgeted=False, serves=False)


def test_without_patience_the_first_failure_counts():
    """0 seconds are a setting, too; a database that takes what it is given is never away."""
    assert None is stopped(0.0, budgeted=True, patience=0.0)
    assert None is not stopped(0.01, budgeted=True, patience=0.0)


def test_some_books_are_never_away():
    """For programs without a database."""
    NEVER.check(budgeted=True)
