"""
May this request be sent? All limits it is under decide at once, and what it may take is reserved.

The claim is made before anybody is asked and settled when the books are closed: what was reserved
is replaced by what it took. Where a first, rough bound finds no room, the request is counted with
care before it is refused.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import LimitsUnavailable
from trunkline.canon.exchange import Exchange
from trunkline.canon.limit import Allowance, Limit, Unit
from trunkline.flow.claiming import Claimed, Claiming, ReadRequest, densest
from trunkline.flow.outage import Outage
from trunkline.kernel.clock import Clock
from trunkline.storage.state import Claim, Decision, State, amount_of
from trunkline.tenancy.refusals import refusal
from trunkline.tenancy.reserve import Demand

_MOMENT = 1.0

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

    __slots__ = ("_claiming", "_clock", "_more", "_on_standing", "_outage", "_state")

    def __init__(
        self,
        state: State,
        claiming: Claiming,
        clock: Clock,
        more: MoreLimits,
        on_standing: OnStanding,
        outage: Outage,
    ) -> None:
        self._state = state
        self._claiming = claiming
        self._clock = clock
        self._more = more
        self._on_standing = on_standing
        self._outage = outage

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
            claim, able = Claim(exchange.id, limits, 0, 0), plan
            least, decision = claim, await self._decide(exchange, claim)
        else:
            if budgeted and self._state.lost:
                raise LimitsUnavailable(
                    "What was spent so far is being added up; try again in a moment.",
                    retry_after=_MOMENT,
                )
            asked = self._claiming.asked(exchange)
            claim, able = self._claiming.claim(exchange, limits, plan, asked, budgeted=budgeted)
            least, decision = claim, await self._decide(exchange, claim)
            if decision.refused:
                least, again = await self._again(exchange, plan, asked, claim, decision, read)
                if again is not None:
                    claim, able = again
                    least, decision = claim, await self._decide(exchange, claim)
        self._tell(exchange, claim, decision, least)
        return able

    async def _again(
        self,
        exchange: Exchange,
        plan: Sequence[Deployment],
        asked: Demand,
        claim: Claim,
        decision: Decision,
        read: ReadRequest,
    ) -> tuple[Claim, Claimed | None]:
        """
        The least that this request may come to, as far as is known; and the claim that was refused
        with its tokens counted, None where that cannot make room.
        """
        limits = claim.limits
        _, budgeted = _measured(limits)
        lowest, _ = self._claiming.claim(exchange, limits, plan, densest(asked), budgeted=budgeted)
        if not _may_fit(lowest, decision):
            return lowest, None
        closer = await self._claiming.closer(plan[0], asked, read)
        if closer is None:
            return claim, None
        return claim, self._claiming.claim(exchange, limits, plan, closer, budgeted=budgeted)

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
            self._tell(exchange, claim, await self._decide(exchange, claim), claim)

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
            self._claiming.usual.learn(exchange.principal, exchange.model, written)

    def _limits(self, exchange: Exchange, plan: Sequence[Deployment]) -> Sequence[Limit]:
        principal = exchange.principal
        limits: Sequence[Limit] = principal.limits
        if principal.model_limits:
            for name in _names(exchange.model, plan):
                limits = (*limits, *principal.model_limits.get(name, ()))
        own = self._more(exchange)
        return (*limits, *own) if own else limits

    def _tell(self, exchange: Exchange, claim: Claim, decision: Decision, least: Claim) -> None:
        """
        Raises what the caller is refused with. `least`: what it may come to once it is counted, by
        which it is judged whether there could be room.
        """
        exchange.allowances = [
            Allowance(limit, limit.most - standing.used, standing.closes, standing.reserved)
            for limit, standing in zip(claim.limits, decision.standings, strict=True)
        ]
        exchange.leased = not decision.refused
        refused = [exchange.allowances[at] for at in decision.refused]
        amounts = [amount_of(allowance.limit, claim) for allowance in refused]
        leasts = [amount_of(allowance.limit, least) for allowance in refused]
        exhausted = [a for a, amount in zip(refused, leasts, strict=True) if _full(a, amount)]
        self._on_standing(exchange, exchange.allowances, exhausted)
        if refused:
            raise refusal(refused, amounts, self._clock.unix(), leasts)

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


def _full(allowance: Allowance, amount: int) -> bool:
    """No room for what would fit into the whole, whatever requests under way give back."""
    most = allowance.limit.most
    spent = most - allowance.remaining - allowance.reserved
    return amount <= most < spent + amount
