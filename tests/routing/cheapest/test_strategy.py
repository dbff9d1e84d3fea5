"""The cheapest target first."""

from trunkline.canon.deployment import Deployment
from trunkline.routing.cheapest.strategy import STRATEGY

A, B, C, D = (Deployment(id=n, provider=n, model="m", dialect="d") for n in "abcd")
PRICES = {"a": 3.0, "b": float("inf"), "c": 1.0, "d": 3.0}


class Standing:
    def price(self, deployment):
        return PRICES[deployment.id]


def test_by_price():
    """Equal ones as configured, one without a known price last, whatever the dice."""
    for dice in (0.0, 0.99):
        assert [C, A, D, B] == STRATEGY.order([A, B, C, D], Standing(), dice)


def test_its_name():
    """What the configuration calls it."""
    assert "cheapest" == STRATEGY.name
