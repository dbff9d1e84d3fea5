"""
Shared counters in this process's memory: the model that every State is held against, and a fake.

Written to be read, not to be fast: each rule of storage/state.py is one plain statement here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from trunkline.canon.limit import Limit, Unit
from trunkline.kernel.clock import Clock
from trunkline.storage.state import Abandoned, Claim, Decision, Standing, StateStatistics, amount_of

TTL = 5.0
"""Seconds without a beat after which a holder is gone."""
_MICROS = 1_000_000
_NEVER = -(1 << 62)


@dataclass
class _Window:
    opened: int
    """Microseconds on the counters' own clock, as `closes`."""
    closes: int
    """0: never."""
    used: int = 0
    reserved: int = 0


@dataclass
class _Charge:
    limit: Limit
    window: _Window
    """The very window it was counted in: a later one of the same counter is another."""
    amount: int


@dataclass
class _Lease:
    holder: str
    since: int
    charges: list[_Charge]


@dataclass
class MemoryCounts:
    """What the states of several holders share."""

    clock: Clock
    ttl: float = TTL
    windows: dict[str, _Window] = field(default_factory=dict)
    leases: dict[str, _Lease] = field(default_factory=dict)
    beats: dict[str, int] = field(default_factory=dict)
    """When each holder last said that it is alive."""
    lost: bool = True
    degraded: bool = False
    """For tests of what is told then."""
    ahead: int = _NEVER
    """The most that Unix time was ever seen ahead of monotonic time, in microseconds."""

    def now(self) -> int:
        """Unix time that never steps back, but runs on: a backward step closes no window later."""
        monotonic = round(self.clock.monotonic() * _MICROS)
        self.ahead = max(self.ahead, self.unix() - monotonic)
        return monotonic + self.ahead

    def unix(self) -> int:
        return round(self.clock.unix() * _MICROS)

    def lose(self) -> None:
        """All is gone, as after a flush: the time it was seen to be, too."""
        self.windows.clear()
        self.leases.clear()
        self.beats.clear()
        self.ahead = _NEVER
        self.lost = True

    def open_window(self, counter: str) -> _Window | None:
        window = self.windows.get(counter)
        if window is None or (window.closes and window.closes <= self.now()):
            return None
        return window

    def standing(self, limit: Limit) -> Standing:
        window = self.open_window(limit.counter)
        if window is None:
            return Standing(0, 0)
        # As the caller's clock will see it.
        closes = window.closes - (self.now() - self.unix()) if window.closes else 0
        return Standing(window.used, closes, window.reserved)


class MemoryState:
    """One holder's view of MemoryCounts."""

    def __init__(self, counts: MemoryCounts, holder: str = "memory") -> None:
        self._counts = counts
        self._holder = holder
        counts.beats[holder] = counts.now()

    async def admit(self, claim: Claim) -> Decision:
        counts = self._counts
        if claim.lease in counts.leases:
            raise ValueError(f"the lease {claim.lease} is held")
        refused = [
            place
            for place, limit in enumerate(claim.limits)
            if counts.standing(limit).used + amount_of(limit, claim) > limit.most
        ]
        if not refused:
            charges = [self._charge(limit, amount_of(limit, claim)) for limit in claim.limits]
            counts.leases[claim.lease] = _Lease(self._holder, counts.unix(), charges)
        return Decision(refused, [counts.standing(limit) for limit in claim.limits])

    def _charge(self, limit: Limit, amount: int) -> _Charge:
        counts = self._counts
        window = counts.open_window(limit.counter)
        if window is None:
            now = counts.now()
            window = _Window(now, now + limit.window if limit.window else 0)
            counts.windows[limit.counter] = window
        window.used += amount
        if limit.unit is not Unit.REQUESTS:
            window.reserved += amount
        return _Charge(limit, window, amount)

    def settle(self, lease: str, tokens: int, cost: int) -> None:
        for charge in self._release(lease):
            match charge.limit.unit:
                case Unit.TOKENS:
                    charge.window.used += tokens - charge.amount
                case Unit.COST:
                    charge.window.used += cost - charge.amount
                case Unit.CONCURRENT:
                    charge.window.used -= charge.amount
                case Unit.REQUESTS:
                    pass  # it stays counted

    def withdraw(self, lease: str) -> None:
        for charge in self._release(lease):
            charge.window.used -= charge.amount

    def _release(self, lease: str) -> Sequence[_Charge]:
        held = self._counts.leases.pop(lease, None)
        if held is None:
            return ()
        for charge in held.charges:
            if charge.limit.unit is not Unit.REQUESTS:
                charge.window.reserved -= charge.amount
        return held.charges

    async def look(self, limits: Sequence[Limit]) -> Sequence[Standing]:
        self._counts.now()  # whoever looks has seen what time it is, whatever there is to be seen
        return [self._counts.standing(limit) for limit in limits]

    async def beat(self) -> Sequence[Abandoned]:
        counts = self._counts
        now = counts.now()
        counts.beats[self._holder] = now
        alive = {h for h, at in counts.beats.items() if now - at <= counts.ttl * _MICROS}
        abandoned = []
        for name, lease in counts.leases.items():
            if lease.holder not in alive:
                _free(lease)
                abandoned.append(Abandoned(name, lease.holder, lease.since))
        return sorted(abandoned, key=lambda a: (a.since, a.lease))

    async def restore(self, counts: Mapping[str, Standing]) -> None:
        mine = self._counts
        if not mine.lost:
            return
        for counter, standing in counts.items():
            closes = standing.closes + mine.now() - mine.unix() if standing.closes else 0
            if closes and closes <= mine.now():
                continue
            window = mine.open_window(counter)
            if window is None:
                window = mine.windows[counter] = _Window(mine.now(), 0)
            window.closes = closes
            window.used += standing.used
            window.reserved += standing.reserved
        mine.lost = False

    @property
    def lost(self) -> bool:
        return self._counts.lost

    @property
    def degraded(self) -> bool:
        return self._counts.degraded

    def statistics(self) -> StateStatistics:
        counts = self._counts
        return StateStatistics("memory", len(counts.windows), len(counts.leases), self.degraded)

    async def aclose(self) -> None:
        self._counts.beats.pop(self._holder, None)

    def __repr__(self) -> str:
        return f"<MemoryState {self._holder}>"


def _free(lease: _Lease) -> None:
    """What it holds of CONCURRENT is given back; its other charges stay."""
    kept = []
    for charge in lease.charges:
        if charge.limit.unit is Unit.CONCURRENT:
            charge.window.used -= charge.amount
            charge.window.reserved -= charge.amount
        else:
            kept.append(charge)
    lease.charges = kept
