"""Whoever answered soonest of late."""

from trunkline.canon.deployment import Deployment
from trunkline.routing.least_latency.strategy import STRATEGY

A, B, C = (Deployment(id=n, provider=n, model="m", dialect="d") for n in "abc")
LATENCIES = {"a": 300.0, "b": 100.0, "c": 0.0}


class Standing:
    def latency_ms(self, deployment_id):
        return LATENCIES[deployment_id]


def test_by_latency():
    """One that was never measured goes first, or it never would be."""
    for dice in (0.0, 0.99):
        assert [C, B, A] == STRATEGY.order([A, B, C], Standing(), dice)


def test_its_name():
    """What the configuration calls it."""
    assert "least-latency" == STRATEGY.name
