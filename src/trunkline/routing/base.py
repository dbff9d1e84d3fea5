"""The words of routing: a route, a strategy that orders it, and what is known of each target."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from trunkline.canon.deployment import Deployment


class Route(Struct, frozen=True):
    """A name our clients use, and the deployments that may answer for it."""

    name: str
    deployments: tuple[Deployment, ...]
    strategy: str = "fallback"


class Standing(Protocol):
    """What strategies may know of a deployment."""

    def latency_ms(self, deployment_id: str) -> float:
        """Smoothed time to first content; 0 when never measured, so that it gets a try."""

    def price(self, deployment: Deployment) -> float:
        """For ordering only: the relative cost of a usual request; infinity when unknown."""


class Strategy(Protocol):
    @property
    def name(self) -> str: ...
    def order(
        self, deployments: Sequence[Deployment], standing: Standing, dice: float
    ) -> Sequence[Deployment]:
        """Best first. `dice` is uniform in [0, 1)."""
