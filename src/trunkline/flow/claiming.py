"""
What is reserved for a request, before anybody is asked: no less than it may take.

Money is bounded by prices and by the most that may be written; tokens are a rate, for which what
the key usually takes will do.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import structs

from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import Forbidden, GatewayError
from trunkline.canon.exchange import Exchange
from trunkline.canon.limit import Limit
from trunkline.canon.request import Request
from trunkline.canon.usage import Usage, UsageBound
from trunkline.flow.tiers import tier_of
from trunkline.storage.state import Claim
from trunkline.tenancy.reserve import HIDDEN, Demand, demand
from trunkline.tenancy.usual import FIRST, UsualOutput

# Our counts of other people's tokens: exact for OpenAI's models, estimates for others.
_MARGIN = 1.5
# Bytes of a body for each token that is counted: prose has four, JSON with much white space ten. What
# has more is a request of blanks, and not worth the time of those who wait behind it.
_DENSEST = 32
_EMBED = "embeddings"

ReadRequest = Callable[[], Request]
"""Decodes the exchange's body; raises GatewayError where it cannot be read."""


class Bounds(Protocol):
    def bound(
        self, deployment: Deployment, most: UsageBound, unix: float, tier: str | None = None
    ) -> int | None:
        """Nano-dollars that no such answer exceeds; None: no price known."""


class TokenCounts(Protocol):
    async def estimate(
        self, deployment: Deployment, request: Request | None, delivered: Sequence[str]
    ) -> Usage: ...


Claimed = tuple[Claim, Sequence[Deployment]]
"""And whom of the plan it may be made for: a model without a price is never free."""


class Claiming:
    """One per process: it learns what answers usually take."""

    __slots__ = ("_bounds", "_counts", "usual")

    def __init__(self, bounds: Bounds, counts: TokenCounts) -> None:
        self._bounds = bounds
        self._counts = counts
        self.usual = UsualOutput()

    def asked(self, exchange: Exchange) -> Demand:
        writes = exchange.operation != _EMBED
        return demand(exchange.body, exchange.envelope, exchange.dialect, writes=writes)

    def claim(
        self,
        exchange: Exchange,
        limits: Sequence[Limit],
        plan: Sequence[Deployment],
        asked: Demand,
        *,
        budgeted: bool,
    ) -> Claimed:
        """Raises Forbidden where a budget meets models without a price."""
        usual = self.usual.of(exchange.principal, exchange.model)
        tier = tier_of(exchange.envelope) if budgeted else None
        tokens, cost, able = 0, 0, []
        for deployment in plan:
            reading, bounded = asked.reading(deployment), asked.writing(deployment)
            writing = taking = _guessed(asked, usual) if bounded is None else bounded
            if bounded is not None and usual is not None and usual < bounded:
                taking = usual
            if budgeted:
                most = UsageBound(reading, writing, asked.audio, asked.long_cache)
                bound = self._bound(deployment, most, exchange.received_at, tier)
                if bound is None:
                    continue
                cost = max(cost, bound)
            able.append(deployment)
            tokens = max(tokens, reading + taking)
        if not able:
            raise Forbidden(
                f"This key has a budget, and the model '{exchange.model[:100]}' has no known price:"
                " use another model, or a key without limits in dollars.",
                param="model",
                code="model_without_price",
            )
        return Claim(exchange.id, limits, tokens, cost), able

    async def closer(
        self, deployment: Deployment, asked: Demand, read: ReadRequest
    ) -> Demand | None:
        """With its tokens counted, where that says more; None where it does not, or is not to be read."""
        if asked.read is None:
            return None  # nobody here can count what it brings
        try:
            request = read()
        except GatewayError:
            return None
        counted = await self._counts.estimate(deployment, request, ())
        reads = round(counted.input * _MARGIN) + HIDDEN
        return structs.replace(asked, read=reads) if reads < asked.read else None

    def _bound(
        self, deployment: Deployment, most: UsageBound, unix: float, tier: str | None
    ) -> int | None:
        bound = self._bounds.bound(deployment, most, unix)
        if bound is None or tier is None:
            return bound
        # Which it may not have, nor keep to.
        return max(bound, self._bounds.bound(deployment, most, unix, tier) or 0)

    def __repr__(self) -> str:
        return f"<Claiming with {self.usual!r}>"


def densest(asked: Demand) -> Demand:
    """The least that a count of it could find."""
    read = None if asked.read is None else HIDDEN + (asked.read - HIDDEN) // _DENSEST
    return structs.replace(asked, read=read)


def _guessed(asked: Demand, usual: int | None) -> int:
    """What is written where the client sets no bound; what is learned is of all answers together."""
    return max(FIRST if usual is None else usual, FIRST * (asked.answers - 1))
