"""Tests of tenancy/thresholds.py: who is told, when, and how often."""

import pytest

from trunkline.canon.exchange import Principal
from trunkline.canon.limit import Allowance, Limit, Unit
from trunkline.tenancy.thresholds import CrossingData, Thresholds

ANN = Principal(key_id="k", tenant="t")
DAY = 86_400_000_000


def stands(used, most=100, unit=Unit.COST, window=DAY, closes=DAY, reserved=0):
    limit = Limit(
        counter="key/k/c", unit=unit, most=most, window=window, field="cost_per_day_usd", scope="key"
    )  # fmt: skip
    return Allowance(limit, most - used - reserved, closes, reserved)


def told(allowance, thresholds=None, full=False):
    exhausted = [allowance] if full else []
    crossed = (thresholds or Thresholds()).crossed(ANN, [allowance], exhausted)
    return [(c.type, c.data.threshold_percent) for c in crossed]


@pytest.mark.parametrize(
    ("allowance", "full", "events"),
    (
        (stands(79), False, []),
        (stands(80), False, [("budget.threshold_reached", 80)]),
        (stands(90), False, [("budget.threshold_reached", 80), ("budget.threshold_reached", 90)]),
        (stands(70, reserved=20), False, []),
        (stands(65), True, [("budget.exceeded", 100)]),
        (
            stands(99),
            True,
            [("budget.threshold_reached", 80), ("budget.threshold_reached", 90), ("budget.exceeded", 100)],
        ),
        (stands(10), False, []),
        (stands(80, unit=Unit.REQUESTS), False, [("usage.threshold_reached", 80)]),
        (stands(99, unit=Unit.TOKENS, window=60_000_000), True, []),
        (stands(99, unit=Unit.CONCURRENT, window=0), True, []),
        (stands(0, most=0), True, []),
    ),
)  # fmt: skip
def test_what_is_told(allowance, full, events):
    """What is spent, not what is reserved; of long windows alone; used up before the last cent is gone."""
    assert events == told(allowance, full=full)


def test_once_for_every_window():
    """The next one is another matter."""
    thresholds = Thresholds()

    assert [1, 0, 1] == [
        len(told(stands(85, closes=closes), thresholds)) for closes in (DAY, DAY, 2 * DAY)
    ]


def test_what_subscribers_read():
    """Amounts as the API writes them, and a name that is the same for every worker."""
    (crossing,) = Thresholds().crossed(ANN, [stands(85 * 10**7, most=10**9, closes=DAY)])

    assert "budget.threshold_reached 80 key/k/c 86400000000" == crossing.once
    assert (
        CrossingData(
            key_id="k",
            limit="cost_per_day_usd",
            scope="key",
            threshold_percent=80,
            allowed="1",
            used="0.85",
            resets_at="1970-01-02T00:00:00Z",
        )
        == crossing.data
    )
