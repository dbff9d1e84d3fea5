"""
May this request be sent? All limits it is under decide at once, and what it may take is reserved.

The claim is made before anybody is asked and settled when the books are closed: what was reserved
is replaced by what it took. Where a first, rough bound finds no room, the request is counted with
care before it is refused.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from msgspec import structs

from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import Forbidden, GatewayError, LimitsUnavailable
from trunkline.canon.exchange import Exchange
from trunkline.canon.limit import Allowance, Limit, Unit
from trunkline.canon.request import Request
from trunkline.canon.usage import Usage, UsageBound
from trunkline.flow.outage import Outage
from trunkline.flow.tiers import tier_of
from trunkline.kernel.clock import Clock
from trunkline.storage.state import Claim, Decision, State, amount_of
from trunkline.tenancy.refusals import refusal
from trunkline.tenancy.reserve import HIDDEN, Demand, demand
from trunkline.tenancy.usual import FIRST, UsualOutput

# Our counts of other people's tokens: exact for OpenAI's models, estimates for others.
_MARGIN = 1.5
# Bytes of a body for each token that is counted: prose has four, JSON with much white space ten. What
# has more is a request of blanks, and not worth the time of those who wait behind it.
_DENSEST = 32
_EMBED = "embeddings"
_MOMENT = 1.0

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


MoreLimits = Callable[[Exchange], Sequence[Limit]]
"""Limits that hang on the request and not on its key: of its session."""
OnStanding = Callable[[Exchange, Sequence[Allowance], Sequence[Allowance]], None]
"""Told of every decision: how the limits stand, and those that are used up."""


class Admitting(Protocol):
    """What the flow asks for every request."""

    async def admit(
        self, exchange: Exchange, plan: Sequence[Deployment], read: ReadRequest
    ) -> Sequence[Deployment]: ...
    async def hold(self, exchange: Exchange) -> None: ...
    def release(self, exchange: Exchange) -> None: ...
    async def glance(self, exchange: Exchange) -> None: ...
    def settle(self, exchange: Exchange) -> None: ...


class Unlimited:
    """Nobody is under any limit, and nothing is counted: for tests, and programs without shared counters."""

    async def admit(
        self, exchange: Exchange, plan: Sequence[Deployment], read: ReadRequest
    ) -> Sequence[Deployment]:
        return plan

    async def hold(self, exchange: Exchange) -> None:
        return

    def release(self, exchange: Exchange) -> None:
        return

    async def glance(self, exchange: Exchange) -> None:
        return

    def settle(self, exchange: Exchange) -> None:
        return


class Admission:
    """One per process; it outlives reloads."""

    __slots__ = (
        "_bounds", "_clock", "_counts", "_more", "_on_standing", "_outage", "_state", "usual"
    )  # fmt: skip

    def __init__(
        self,
        state: State,
        bounds: Bounds,
        counts: TokenCounts,
        clock: Clock,
        more: MoreLimits,
        on_standing: OnStanding,
        outage: Outage,
    ) -> None:
        self._state = state
        self._bounds = bounds
        self._counts = counts
        self._clock = clock
        self._more = more
        self._on_standing = on_standing
        self._outage = outage
        self.usual = UsualOutput()

    async def admit(
        self, exchange: Exchange, plan: Sequence[Deployment], read: ReadRequest
    ) -> Sequence[Deployment]:
        """
        Those of the plan that may be asked, once it is counted in all its limits.

        Raises RateLimited, BudgetExceeded, Forbidden where a budget meets a model without a price,
        LimitsUnavailable, and LedgerUnavailable.
        """
        limits = self._limits(exchange, plan)
        measured, budgeted = _measured(limits)
        self._outage.check(budgeted=budgeted)
        if not limits or not plan:
            return plan
        if not measured:
            claim = Claim(exchange.id, limits, 0, 0)
            self._tell(exchange, claim, await self._decide(exchange, claim))
            return plan
        writes = exchange.operation != _EMBED
        asked = demand(exchange.body, exchange.envelope, exchange.dialect, writes=writes)
        claim, able = self._claim(exchange, limits, plan, asked, budgeted=budgeted)
        decision = await self._decide(exchange, claim)
        if decision.refused and asked.read is not None:
            least = structs.replace(asked, read=HIDDEN + (asked.read - HIDDEN) // _DENSEST)
            lowest, _ = self._claim(exchange, limits, plan, least, budgeted=budgeted)
            closer = None
            if _may_fit(lowest, decision):
                closer = await self._counted(plan[0], asked, read)
            if closer is not None:
                claim, able = self._claim(exchange, limits, plan, closer, budgeted=budgeted)
                decision = await self._decide(exchange, claim)
        self._tell(exchange, claim, decision)
        return able

    async def _decide(self, exchange: Exchange, claim: Claim) -> Decision:
        try:
            return await self._state.admit(claim)
        except (
            asyncio.CancelledError
        ):  # its client left meanwhile: nobody knows whether it was counted
            self._state.withdraw(claim.lease)
            raise
        finally:
            exchange.degraded = self._state.degraded

    async def hold(self, exchange: Exchange) -> None:
        """
        A place among those under way, for work that nobody is billed for; `release` gives it back.

        Raises RateLimited and LimitsUnavailable.
        """
        limits = [one for one in self._limits(exchange, ()) if one.unit is Unit.CONCURRENT]
        if limits:
            claim = Claim(exchange.id, limits, 0, 0)
            self._tell(exchange, claim, await self._decide(exchange, claim))

    def release(self, exchange: Exchange) -> None:
        if exchange.leased:
            exchange.leased = False
            self._state.withdraw(exchange.id)

    async def glance(self, exchange: Exchange) -> None:
        """
        Whether one more request has room now, without counting it: for what is counted later.

        Raises RateLimited and LimitsUnavailable.
        """
        limits = [one for one in self._limits(exchange, ()) if one.unit not in _MEASURED]
        standings = await self._state.look(limits)
        full = [
            Allowance(limit, limit.most - standing.used, standing.closes)
            for limit, standing in zip(limits, standings, strict=True)
            if standing.used >= limit.most
        ]
        if full:
            raise refusal(full, [1] * len(full), self._clock.unix())

    def settle(self, exchange: Exchange) -> None:
        """Its books are closed: what it took counts, and what it held is free."""
        exchange.leased = False
        billed = exchange.billed
        if not exchange.attempts:
            self._state.withdraw(exchange.id)
            return
        tokens = sum(attempt.usage.total for attempt in billed)
        # What a tenant pays a provider itself is no part of a budget here.
        cost = sum(attempt.cost_nanousd for attempt in billed if not attempt.byok)
        self._state.settle(exchange.id, tokens, cost)
        if billed:
            written = sum(attempt.usage.total_output for attempt in billed)
            self.usual.learn(exchange.principal.key_id, exchange.model, written)

    def _limits(self, exchange: Exchange, plan: Sequence[Deployment]) -> Sequence[Limit]:
        principal = exchange.principal
        limits: Sequence[Limit] = principal.limits
        if principal.model_limits:
            for name in _names(exchange.model, plan):
                limits = (*limits, *principal.model_limits.get(name, ()))
        own = self._more(exchange)
        return (*limits, *own) if own else limits

    def _claim(
        self,
        exchange: Exchange,
        limits: Sequence[Limit],
        plan: Sequence[Deployment],
        asked: Demand,
        *,
        budgeted: bool,
    ) -> tuple[Claim, Sequence[Deployment]]:
        """And whom of the plan it may be made for: a model without a price is never free."""
        usual = self.usual.of(exchange.principal.key_id, exchange.model)
        if not budgeted:
            return Claim(exchange.id, limits, max(_tokens(asked, d, usual) for d in plan), 0), plan
        if self._state.lost:
            raise LimitsUnavailable(
                "What was spent so far is being added up; try again in a moment.",
                retry_after=_MOMENT,
            )
        tier = tier_of(exchange.envelope)
        tokens, cost, able = 0, 0, []
        for deployment in plan:
            writing = asked.writing(deployment)
            if writing is None:
                writing = _guessed(asked, usual)
            most = UsageBound(asked.reading(deployment), writing, asked.audio, asked.long_cache)
            bound = self._bounds.bound(deployment, most, exchange.received_at)
            if bound is not None:
                if tier is not None:  # which it may not have, nor keep to
                    dear = self._bounds.bound(deployment, most, exchange.received_at, tier)
                    bound = max(bound, dear or 0)
                able.append(deployment)
                tokens = max(tokens, _tokens(asked, deployment, usual))
                cost = max(cost, bound)
        if not able:
            raise Forbidden(
                f"This key has a budget, and the model '{exchange.model[:100]}' has no known price:"
                " use another model, or a key without limits in dollars.",
                param="model",
                code="model_without_price",
            )
        return Claim(exchange.id, limits, tokens, cost), able

    async def _counted(
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

    def _tell(self, exchange: Exchange, claim: Claim, decision: Decision) -> None:
        """Raises what the caller is refused with."""
        exchange.allowances = [
            Allowance(limit, limit.most - standing.used, standing.closes, standing.reserved)
            for limit, standing in zip(claim.limits, decision.standings, strict=True)
        ]
        exchange.leased = not decision.refused
        refused = [exchange.allowances[at] for at in decision.refused]
        amounts = [amount_of(allowance.limit, claim) for allowance in refused]
        exhausted = [a for a, amount in zip(refused, amounts, strict=True) if _full(a, amount)]
        self._on_standing(exchange, exchange.allowances, exhausted)
        if refused:
            raise refusal(refused, amounts, self._clock.unix())

    def __repr__(self) -> str:
        return f"<Admission by {self._state!r}>"


def _guards(admission: Admission, unlimited: Unlimited) -> tuple[Admitting, Admitting]:
    """Never called: a type error of either implementation shows here, in its own file."""
    return admission, unlimited


_MEASURED = (Unit.TOKENS, Unit.COST)


def _names(asked: str, plan: Sequence[Deployment]) -> Iterable[str]:
    """Of the model, however the client spelled it; of an alias of several models its own name alone."""
    names = dict.fromkeys((asked,))
    models = {deployment.model for deployment in plan}
    if len(models) == 1:
        names.update(dict.fromkeys(models))
        providers = {deployment.provider for deployment in plan}
        if len(providers) == 1:
            names[f"{plan[0].provider}/{plan[0].model}"] = None
    return names


def _measured(limits: Sequence[Limit]) -> tuple[bool, bool]:
    """Whether what a request may take matters, and whether money does."""
    measured = False
    for limit in limits:
        if limit.unit is Unit.COST:
            return True, True
        if limit.unit is Unit.TOKENS:
            measured = True
    return measured, False


def _may_fit(lowest: Claim, decision: Decision) -> bool:
    """Whether a count could make room: not of requests, and not where even the lowest claim has none."""
    return all(
        lowest.limits[at].unit in _MEASURED
        and decision.standings[at].used + amount_of(lowest.limits[at], lowest)
        <= lowest.limits[at].most
        for at in decision.refused
    )


def _guessed(asked: Demand, usual: int | None) -> int:
    """What is written where the client sets no bound; what is learned is of all answers together."""
    return max(FIRST if usual is None else usual, FIRST * (asked.answers - 1))


def _tokens(asked: Demand, deployment: Deployment, usual: int | None) -> int:
    """Tokens are a rate: what the key usually takes of a generous bound will do."""
    writing = asked.writing(deployment)
    if writing is None:
        writing = _guessed(asked, usual)
    elif usual is not None and usual < writing:
        writing = usual
    return asked.reading(deployment) + writing


def _full(allowance: Allowance, amount: int) -> bool:
    """No room for what would fit into the whole, whatever requests under way give back."""
    most = allowance.limit.most
    spent = most - allowance.remaining - allowance.reserved
    return amount <= most < spent + amount
