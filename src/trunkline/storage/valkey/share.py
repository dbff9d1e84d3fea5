"""
What this process may admit while the server is away: its share of what is left, and never money.

Nobody knows what the others admit meanwhile, so each of `holders` may use `left / holders`: together
no more than what is left. What is left was `most` minus what was used when the server last said so;
in a window that can only have opened since, it is `most`. So many requests at once as a share of
`most` allows, those from before included.

At first (`QUIET`) nothing is admitted. A server that restarts is back by then; and what others were
admitted in the last moments, unseen by us, is not given out again where a second of 503 will do. A
longer outage can let through, of a window that was open when it began and at most once, what
others had used that this process had not seen: a limit that is exact without its counter there is not.
"""

from msgspec import Struct

from trunkline.canon.errors import LimitsUnavailable
from trunkline.canon.limit import Limit, Unit
from trunkline.storage.state import Claim, Decision, Standing, amount_of
from trunkline.storage.valkey.own import Charge, Lease, Own, Place

QUIET = 3.0
"""Seconds. Redis and Valkey restart in less when they have nothing to load."""


class _Part(Struct, gc=False):
    """Of one counter."""

    closes: int
    most: int
    used: int = 0


class Share:
    """For one outage."""

    def __init__(self, own: Own, holders: int, since: int, quiet: float) -> None:
        """`since`: the last the server said, in its microseconds."""
        self._own = own
        self._holders = max(1, holders)
        self._since = since
        self._quiet = round(quiet * 1_000_000)
        self._parts: dict[str, _Part] = {}
        self._at_once: dict[str, int] = {}
        for lease in own.leases.values():
            self._count_at_once(lease, 1)

    def admit(self, claim: Claim, now: int) -> Decision:
        """`now`: the server's clock, as far as we know it. Raises LimitsUnavailable."""
        if any(limit.unit is Unit.COST for limit in claim.limits):
            raise unavailable("so that nothing is sent under a budget")
        if now - self._since < self._quiet:
            raise unavailable("so that nothing is sent under a limit for some seconds")
        parts = [self._part(limit, now) for limit in claim.limits]
        amounts = [amount_of(limit, claim) for limit in claim.limits]
        refused = [
            at
            for at, (part, amount) in enumerate(zip(parts, amounts, strict=True))
            if part.used + amount > part.most
        ]
        if not refused:
            self._hold(claim, parts, amounts, now)
        standings = [
            Standing(limit.most - part.most + part.used, part.closes)
            for limit, part in zip(claim.limits, parts, strict=True)
        ]
        return Decision(refused, standings)

    def _hold(self, claim: Claim, parts: list[_Part], amounts: list[int], now: int) -> None:
        charges = []
        for limit, part, amount in zip(claim.limits, parts, amounts, strict=True):
            part.used += amount
            if limit.window and not part.closes:
                part.closes = now + limit.window
            count = self._own.counts.get(limit.counter)
            seen = count.seen if count is not None and count.open(now) else 0
            self._own.see(limit.counter, part.closes, seen, now)
            charges.append(Charge(limit.counter, limit.unit, amount, part.closes))
            if limit.unit is Unit.CONCURRENT:
                self._at_once[limit.counter] = part.used
        self._own.hold(claim.lease, now, charges, Place.HERE)

    def _part(self, limit: Limit, now: int) -> _Part:
        if limit.unit is Unit.CONCURRENT:
            used = self._at_once.get(limit.counter, 0)
            return _Part(0, limit.most // self._holders, used)
        part = self._parts.get(limit.counter)
        if part is None or (part.closes and part.closes <= now):
            count = self._own.counts.get(limit.counter)
            closes = used = 0
            if count is not None and count.open(now):
                closes, used = count.closes, count.seen
            part = _Part(closes, max(0, limit.most - used) // self._holders)
            self._parts[limit.counter] = part
        return part

    def end(self, lease: Lease, actuals: list[int]) -> None:
        """One of this process's is over, wherever it was admitted."""
        self._count_at_once(lease, -1)
        if lease.place is not Place.HERE:
            return
        for charge, actual in zip(lease.charges, actuals, strict=True):
            part = self._parts.get(charge.counter)
            if part is not None and part.closes == charge.closes:
                part.used += actual - charge.amount

    def _count_at_once(self, lease: Lease, step: int) -> None:
        for charge in lease.charges:
            if charge.unit is Unit.CONCURRENT:
                self._at_once[charge.counter] = self._at_once.get(charge.counter, 0) + step


def unavailable(why: str) -> LimitsUnavailable:
    return LimitsUnavailable(
        f"The gateway cannot reach its counters, {why}. Try again shortly.", retry_after=1.0
    )
