"""Tests of storage/sql/columns.py: lists and limits in JSON."""

import pytest

from trunkline.storage.holders import NO_LIMITS, LimitSet
from trunkline.storage.sql.columns import limits_in, limits_out, list_in, list_out, quoted


@pytest.mark.parametrize("names", (None, (), ("a",), ('"', "é", "")))
def test_a_list_comes_back(names: tuple[str, ...] | None) -> None:
    """None is not an empty list."""
    assert names == list_in(list_out(names))


@pytest.mark.parametrize(
    "limits",
    (NO_LIMITS, LimitSet(requests_per_minute=0), LimitSet(models={"m": LimitSet(cost_total=1)})),
)
def test_limits_come_back(limits: LimitSet) -> None:
    """Zero is not no limit."""
    assert limits == limits_in(limits_out(limits))


def test_what_is_not_limited_takes_no_room() -> None:
    """Most keys have no limits of their own."""
    assert "{}" == limits_out(NO_LIMITS)


def test_names_are_quoted() -> None:
    """For those that are words of SQL's."""
    assert '"user", "limits"' == quoted(("user", "limits"))
