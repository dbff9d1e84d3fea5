"""
Keeps shared counters true to the ledger: settles what dead workers left, builds anew what was lost.

The counters are a cache. What they cannot know by themselves is when the windows of a lost one were
open: of long windows, and of those that never close, that is written down as they open.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from trunkline.canon.errors import GatewayError, LedgerUnavailable, LimitsUnavailable
from trunkline.canon.limit import Allowance
from trunkline.kernel.clock import Clock
from trunkline.observe.trouble import Trouble
from trunkline.storage.base import LedgerStore
from trunkline.storage.records import OPEN, OpenWindow, RequestRow
from trunkline.storage.sql.windows import WindowStore
from trunkline.storage.state import Abandoned, Standing, State

_INTERVAL = 1.0
_MICROS = 1_000_000
_MOST_REMEMBERED = 65_536
# A claim whose worker died before it wrote a word of it was never sent to anybody. Its journal is
# moved at the worker's next start, or its machine's: an hour is long for that.
_PATIENCE = 3600 * _MICROS
# For so long one process leads, and longer by asking again when half of it is over; and so often
# others look whether it is done.
_LED = 2 * _MICROS
_LOOK = 0.05
# Windows that are added up at once, before it is said again who leads.
_TOGETHER = 5000
# A start waits no longer for others: what has no budget can be served meanwhile.
_WAIT = 10 * _MICROS

Leads = Callable[[int, int], Awaitable[bool]]


class CountersStatistics(Struct, frozen=True):
    settled: int
    """Leases of dead workers, by what the ledger says of them."""
    restored: int
    """Times that lost counters were built anew."""
    waiting: int
    """Leases of dead workers of which the ledger does not know the end yet."""


class CounterKeeper:
    """One per process; any number may do the same at once."""

    def __init__(
        self,
        state: State,
        ledger: LedgerStore,
        windows: WindowStore,
        clock: Clock,
        on_problem: Callable[[str], None],
        leads: Leads,
        interval: float = _INTERVAL,
    ) -> None:
        """
        `leads`: whether this process is the one of those that share the counters who does it, now
        until then (Unix microseconds). `interval`: seconds between two beats.
        """
        self._state = state
        self._ledger = ledger
        self._windows = windows
        self._clock = clock
        self._trouble = Trouble(on_problem, clock)
        self._leads = leads
        self._interval = interval
        self._known: OrderedDict[str, int] = OrderedDict()
        """Counters whose window is written down, and when that closes."""
        self._fresh: dict[str, OpenWindow] = {}
        self._settled = self._restored = self._waiting = 0

    def note(self, allowances: Sequence[Allowance]) -> None:
        """Windows that have opened since they were last seen are written down soon."""
        for allowance in allowances:
            limit, closes = allowance.limit, allowance.closes
            if not limit.lasts or limit.scope == "session":
                continue  # no row of the ledger tells which session it is of
            if self._known.get(limit.counter) != closes:
                opened = closes - limit.window if closes else self._now()
                self._fresh[limit.counter] = OpenWindow(limit.counter, limit.unit, opened, closes)
                self._known[limit.counter] = closes
                if len(self._known) > _MOST_REMEMBERED:
                    self._known.popitem(last=False)

    async def start(self) -> None:
        """
        Counters that begin anew are whole when this returns, unless something is out of reach, or
        whoever builds them takes long.
        """
        await self._carefully(self._begin)

    async def run(self) -> None:
        """For ever. What cannot be done now is told, and done later."""
        while True:
            await asyncio.sleep(self._interval)
            await self._carefully(self.turn)

    async def pulse(self) -> None:
        """
        For ever: say that this worker is alive, however long a turn waits for the database.

        One that did not would lose the places its requests hold to others.
        """
        while True:
            await asyncio.sleep(self._interval)
            try:
                await self._state.beat()
            except LimitsUnavailable:
                continue  # which the next turn tells

    async def turn(self) -> None:
        """One round. Raises LedgerUnavailable and LimitsUnavailable."""
        abandoned = await self._state.beat()
        await self._write_down()
        if self._state.lost:
            await self._restore()
        self._waiting = 0
        for lease in abandoned:
            await self._settle(lease)

    async def _carefully(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except (LedgerUnavailable, LimitsUnavailable) as error:
            self._trouble.failed(f"the counters of limits are not kept: {_why(error)}")
        else:
            self._trouble.over("the counters of limits are kept again")

    async def _begin(self) -> None:
        await self._state.beat()  # a server's counters are not known before it was asked
        latest = self._now() + _WAIT
        while self._state.lost and not await self._restore() and self._now() < latest:
            await asyncio.sleep(_LOOK)
            await self._state.beat()

    async def _write_down(self) -> None:
        fresh, self._fresh = self._fresh, {}
        if not fresh:
            return
        try:
            await self._windows.put(list(fresh.values()))
        except LedgerUnavailable:
            self._fresh = {**fresh, **self._fresh}
            raise

    async def _settle(self, lease: Abandoned) -> None:
        """What its worker cannot say any more, its row in the ledger does."""
        stored = await self._ledger.request(lease.lease, None)
        if stored is not None and stored.request.status != OPEN:
            self._state.settle(lease.lease, *_taken(stored.request))
        elif stored is None and lease.since + _PATIENCE < self._now():
            self._state.withdraw(lease.lease)
        else:
            self._waiting += 1
            return
        self._settled += 1

    async def _restore(self) -> bool:
        """
        Only one process adds up: a database that has just come back is not asked everything by all.

        False where another does, or may.
        """
        if self._state.degraded:
            # Who led now would add up for nothing, time after time, and others wait for it.
            raise LimitsUnavailable(
                "The counters of limits cannot be reached.",
                detail="they cannot be reached, and begin anew",
            )
        leading = 0
        counts: dict[str, Standing] = {}
        windows = await self._windows.open(self._now())
        for at in range(0, len(windows), _TOGETHER):
            now, some = self._now(), windows[at : at + _TOGETHER]
            if now >= leading:
                if not await self._leads(now, now + 2 * _LED):
                    return False
                leading = now + _LED
            used = await self._windows.used(some, now)
            counts |= {one.counter: Standing(used[one.counter], one.closes) for one in some}
        await self._state.restore(counts)
        await self._windows.drop(self._now())
        self._restored += 1
        return True

    def _now(self) -> int:
        return round(self._clock.unix() * _MICROS)

    def statistics(self) -> CountersStatistics:
        return CountersStatistics(self._settled, self._restored, self._waiting)

    def __repr__(self) -> str:
        return f"<CounterKeeper of {self._state!r}>"


def _taken(row: RequestRow) -> tuple[int, int]:
    """Tokens and nano-dollars."""
    return row.total, 0 if row.byok else row.cost_nanousd


def _why(error: GatewayError) -> str:
    return error.detail or error.message
