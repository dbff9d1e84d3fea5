"""Beside the traffic: old requests are forgotten, and what an older version wrote is added up."""

import asyncio

from msgspec import Struct

from trunkline.canon.errors import LedgerUnavailable
from trunkline.kernel.clock import Clock
from trunkline.ledger.mover import OnProblem
from trunkline.observe.trouble import Trouble
from trunkline.storage.base import LedgerStore

_LEASE = "sweep"
DAY = 86_400


class Pace(Struct, frozen=True):
    """Seconds."""

    interval: float = 60.0
    """Between two looks for what has become old, and whether the one who looks is still there."""
    rest: float = 0.02
    """Between two transactions of some 2 ms, in which other work waits for the database's writer."""
    lease: float = 300.0
    """Asked for anew when less than half of it is left: that is a transaction, too."""


class Sweeper:
    """One per worker, of whom one at a time works."""

    def __init__(
        self,
        store: LedgerStore,
        clock: Clock,
        holder: str,
        keep_days: float,
        on_problem: OnProblem,
        pace: Pace = Pace(),  # noqa: B008 - frozen
    ) -> None:
        """`holder`: unlike any other worker's. `keep_days` 0: requests are kept for ever."""
        self._store = store
        self._clock = clock
        self._holder = holder
        self._keep = keep_days * DAY
        self._trouble = Trouble(on_problem, clock)
        self._pace = pace
        self._leads_until = 0.0

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            try:
                await self.sweep()
            except LedgerUnavailable as error:
                self._trouble.failed(f"old requests stay for now: {error.detail or error}")
            else:
                self._trouble.over("old requests are forgotten again")
            await asyncio.sleep(self._pace.interval)

    async def sweep(self) -> None:
        """All there is to do, if it is ours to do. Raises LedgerUnavailable."""
        if not await self._ours():
            return
        await self._store.prepare(round(self._clock.unix() * 1e6))
        while await self._store.backfill():  # noqa: ASYNC110 - each look does some of the work
            await asyncio.sleep(self._pace.rest)
        if not self._keep:
            return
        before = round((self._clock.unix() - self._keep) * 1e6)
        while await self._ours() and await self._store.drop(before):  # noqa: ASYNC110 - likewise
            await asyncio.sleep(self._pace.rest)

    async def _ours(self) -> bool:
        now = self._clock.unix()
        if now < self._leads_until - self._pace.lease / 2:
            return True
        until = now + self._pace.lease
        leads = await self._store.lease(_LEASE, self._holder, round(now * 1e6), round(until * 1e6))
        self._leads_until = until if leads else 0.0
        return leads

    def __repr__(self) -> str:
        return f"<Sweeper {self._holder} keeps {self._keep / DAY:g} days>"
