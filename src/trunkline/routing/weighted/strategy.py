"""A share of the traffic to each target by its weight; the rest stand by, heaviest first."""

from collections.abc import Sequence

from trunkline.canon.deployment import Deployment
from trunkline.routing.base import Standing, Strategy


class Weighted:
    name = "weighted"

    def order(
        self, deployments: Sequence[Deployment], standing: Standing, dice: float
    ) -> Sequence[Deployment]:
        point = dice * sum(d.weight for d in deployments)
        for chosen in deployments:
            point -= chosen.weight
            if point < 0:
                rest = [d for d in deployments if d is not chosen]
                return [chosen, *sorted(rest, key=lambda d: -d.weight)]
        return deployments


STRATEGY: Strategy = Weighted()
