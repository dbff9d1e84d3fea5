"""The order of the configuration: the first target serves, the others stand by."""

from collections.abc import Sequence

from trunkline.canon.deployment import Deployment
from trunkline.routing.base import Standing, Strategy


class Fallback:
    name = "fallback"

    def order(
        self, deployments: Sequence[Deployment], standing: Standing, dice: float
    ) -> Sequence[Deployment]:
        return deployments


STRATEGY: Strategy = Fallback()
