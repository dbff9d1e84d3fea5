"""The target with the lowest price; one without a known price comes last."""

from collections.abc import Sequence

from trunkline.canon.deployment import Deployment
from trunkline.routing.base import Standing, Strategy


class Cheapest:
    name = "cheapest"

    def order(
        self, deployments: Sequence[Deployment], standing: Standing, dice: float
    ) -> Sequence[Deployment]:
        return sorted(deployments, key=standing.price)


STRATEGY: Strategy = Cheapest()
