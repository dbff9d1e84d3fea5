"""A share of the traffic to each target by its weight."""

from collections import Counter

import pytest

from trunkline.canon.deployment import Deployment
from trunkline.routing.weighted.strategy import STRATEGY


def targets(*weights):
    return [
        Deployment(id=str(number), provider="p", model="m", dialect="d", weight=weight)
        for number, weight in enumerate(weights)
    ]


def order(weights, dice):
    return [int(d.id) for d in STRATEGY.order(targets(*weights), None, dice)]


@pytest.mark.parametrize("weights", ((1,), (3, 1), (0, 5, 0, 5), (1, 2, 3, 4)))
def test_shares(weights):
    """Over evenly spread dice each comes first as often as its weight says."""
    total = sum(weights)
    first = Counter(order(weights, (step + 0.5) / total)[0] for step in range(total))

    assert {number: weight for number, weight in enumerate(weights) if weight} == first


def test_the_others_stand_by_heaviest_first():
    """A weight of 0 takes no traffic of its own, but is there when all others fail."""
    assert [1, 2, 0, 3] == order((1, 4, 2, 0), 0.5)
    assert [0, 1, 2, 3] == order((1, 4, 2, 0), 0.0)


@pytest.mark.parametrize("dice", (0.0, 0.999999999999))
def test_nobody_is_lost_at_the_edges(dice):
    """Nor where no weight is left at all."""
    assert [0, 1, 2] == sorted(order((3, 0, 1), dice))
    assert [0, 1] == order((0, 0), dice)


def test_its_name():
    """What the configuration calls it."""
    assert "weighted" == STRATEGY.name
