"""The first target serves, the others stand by."""

from trunkline.canon.deployment import Deployment
from trunkline.routing.fallback.strategy import STRATEGY

A, B, C = (
    Deployment(id=n, provider=n, model="m", dialect="d", weight=w)
    for n, w in zip("abc", (0, 9, 1), strict=True)
)


def test_as_configured():
    """Whatever the dice and the weights."""
    for dice in (0.0, 0.99):
        assert [A, B, C] == list(STRATEGY.order([A, B, C], None, dice))


def test_its_name():
    """What the configuration calls it."""
    assert "fallback" == STRATEGY.name
