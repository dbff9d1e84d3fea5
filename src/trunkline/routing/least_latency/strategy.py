"""The target that has lately shown its first content soonest; an unmeasured one gets a try."""

from collections.abc import Sequence

from trunkline.canon.deployment import Deployment
from trunkline.routing.base import Standing, Strategy


class LeastLatency:
    name = "least-latency"

    def order(
        self, deployments: Sequence[Deployment], standing: Standing, dice: float
    ) -> Sequence[Deployment]:
        return sorted(deployments, key=lambda d: standing.latency_ms(d.id))


STRATEGY: Strategy = LeastLatency()
