"""Plans who is asked, in which order, and learns from what came of it."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import (
    ContextLengthExceeded,
    Disconnected,
    Garbled,
    GatewayError,
    Overloaded,
    TimedOut,
    Unreachable,
)
from trunkline.routing.base import Route, Strategy
from trunkline.routing.breaker import Breaker, BreakerRules, Health
from trunkline.routing.cooling import Cooling
from trunkline.routing.retry import RetryBudget, RetryRules
from trunkline.routing.table import RouteTable

# What says that the target itself is ill. A 429 cools a credential, a 4xx blames the request.
_SYMPTOMS = (Unreachable, Disconnected, TimedOut, Overloaded, Garbled)
# Known targets beyond that were not configured but named by clients ("openai/anything").
_MOST_TARGETS = 10_000
# Weight of the newest sample in the smoothed latency.
_SMOOTHING = 0.2

Pricer = Callable[[Deployment], float]


class TargetStatistics(Struct, frozen=True):
    deployment: str
    health: str
    latency_ms: float
    successes: int
    failures: int


class _Target:
    __slots__ = ("breaker", "failures", "latency_ms", "successes")

    def __init__(self, rules: BreakerRules) -> None:
        self.breaker = Breaker(rules)
        self.latency_ms = 0.0
        self.successes = 0
        self.failures = 0


class Memory:
    """What was learned of targets and credentials: outlives a generation of the configuration."""

    def __init__(self) -> None:
        self.targets: dict[str, _Target] = {}
        self.cooling = Cooling()


class Router:
    """One per generation of the configuration; the next inherits what it learned, by deployment."""

    def __init__(
        self,
        table: RouteTable,
        strategies: Mapping[str, Strategy],
        price: Pricer,
        breaker: BreakerRules = BreakerRules(),  # noqa: B008 - frozen
        retry: RetryRules = RetryRules(),  # noqa: B008 - frozen
        memory: Memory | None = None,
    ) -> None:
        self.table = table
        self._memory = memory or Memory()
        self.cooling = self._memory.cooling
        self.retries = RetryBudget(retry)
        self.price = price
        self._strategies = strategies
        self._rules = breaker
        self._targets = self._memory.targets

    def renewed(
        self, table: RouteTable, price: Pricer, breaker: BreakerRules, retry: RetryRules
    ) -> "Router":
        """For a new generation of the configuration, with all that this one has learned."""
        for target in self._memory.targets.values():
            target.breaker.rules = breaker
        return Router(table, self._strategies, price, breaker, retry, self._memory)

    def plan(self, route: Route, now: float, dice: float) -> Sequence[Deployment]:
        """
        Deployments in the order they shall be asked.

        Those with an open breaker come last rather than never: the last provider is not
        ejected. One that is due for a probe keeps its place.
        """
        if len(route.deployments) == 1:
            return route.deployments
        ordered = self._strategies[route.strategy].order(route.deployments, self, dice)
        well = [d for d in ordered if self.health(d.id, now) is not Health.OPEN]
        return [*well, *(d for d in ordered if d not in well)]

    def starting(self, deployment: Deployment, now: float) -> None:
        self._target(deployment.id).breaker.starting(now)

    def succeeded(self, deployment: Deployment, first_content_ms: float) -> None:
        target = self._target(deployment.id)
        target.breaker.succeeded()
        target.successes += 1
        seen = target.latency_ms
        target.latency_ms = (
            first_content_ms if not seen else seen + _SMOOTHING * (first_content_ms - seen)
        )

    def failed(self, deployment: Deployment, error: GatewayError, now: float) -> None:
        target = self._target(deployment.id)
        if isinstance(error, _SYMPTOMS):
            target.failures += 1
            target.breaker.failed(now)
        else:
            target.breaker.forgot()

    def abandoned(self, deployment: Deployment) -> None:
        """The client left before the target could show itself."""
        self._target(deployment.id).breaker.forgot()

    def after(
        self, error: GatewayError, failed: Deployment, rest: Sequence[Deployment]
    ) -> Sequence[Deployment]:
        """Who may still help: all the rest, or for a prompt too long only those who read more."""
        if not error.fallback:
            return ()
        if isinstance(error, ContextLengthExceeded):
            had = failed.context_window or 0
            return [d for d in rest if had and (d.context_window or 0) > had]
        return rest

    def health(self, deployment_id: str, now: float) -> Health:
        target = self._targets.get(deployment_id)
        return Health.CLOSED if target is None else target.breaker.health(now)

    def latency_ms(self, deployment_id: str) -> float:
        target = self._targets.get(deployment_id)
        return 0.0 if target is None else target.latency_ms

    def statistics(self, now: float) -> tuple[TargetStatistics, ...]:
        return tuple(
            TargetStatistics(
                name, t.breaker.health(now).value, t.latency_ms, t.successes, t.failures
            )
            for name, t in self._targets.items()
        )

    def _target(self, deployment_id: str) -> _Target:
        target = self._targets.get(deployment_id)
        if target is None:
            if len(self._targets) >= _MOST_TARGETS:
                # The newest goes: names that clients make up must not push out what was
                # learned of those that were configured.
                self._targets.popitem()
            target = self._targets[deployment_id] = _Target(self._rules)
        return target

    def __repr__(self) -> str:
        return f"<Router {self.table!r}, {len(self._targets)} targets known>"
