"""Options `--limit` and `--budget`: how much somebody may use."""

import argparse

import pytest

from trunkline.cli.limit_options import add_limits, limits_of
from trunkline.cli.settings import UsageError
from trunkline.storage.holders import NO_LIMITS, LimitSet


def limits(*arguments: str) -> LimitSet:
    parser = argparse.ArgumentParser()
    add_limits(parser)
    return limits_of(parser.parse_args(arguments))


def test_nothing_is_limited_by_itself() -> None:
    """Without options there is as much as there is."""
    assert NO_LIMITS == limits()


def test_limits_and_a_budget_stand_beside_each_other() -> None:
    """Amounts of money are read by their digits."""
    assert LimitSet(requests_per_minute=0, cost_per_day=100_000_000, cost_total=10**9) == limits(
        *("--limit", "requests_per_minute=0", "--limit", "cost_per_day_usd=0.1", "--budget", "1")
    )


@pytest.mark.parametrize(
    ("budget", "expected"),
    (
        ("10", LimitSet(cost_total=10 * 10**9)),
        ("0.5/total", LimitSet(cost_total=5 * 10**8)),
        ("3/day", LimitSet(cost_per_day=3 * 10**9)),
    ),
)
def test_a_budget_has_a_period(budget: str, expected: LimitSet) -> None:
    """Or is for all time."""
    assert expected == limits("--budget", budget)


@pytest.mark.parametrize(
    "arguments",
    (
        ("--limit", "requests_per_minute"),
        ("--limit", "requests_per_minute=many"),
        ("--limit", "requests_per_minute=-1"),
        ("--limit", "requests_per_moon=1"),
        ("--limit", 'requests_per_minute=1,"x":2'),
        ("--budget", "ten"),
        ("--budget", "10/year"),
    ),
)
def test_what_cannot_be_read_is_told(arguments: tuple[str, str]) -> None:
    """As a mistake of whoever typed it, naming the option."""
    with pytest.raises(UsageError, match=r"--limit|--budget"):
        limits(*arguments)
