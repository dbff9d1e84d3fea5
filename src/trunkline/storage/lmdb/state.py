"""Shared counters of the workers of one machine: exact, in a few microseconds, without a server."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from trunkline.canon.errors import LimitsUnavailable
from trunkline.canon.limit import Limit
from trunkline.kernel.clock import Clock
from trunkline.storage.lmdb.counters import Counters, Settlement
from trunkline.storage.lmdb.holders import Holders, count
from trunkline.storage.lmdb.store import Store, Transaction, found_again, is_lost
from trunkline.storage.lmdb.ticks import Ticks
from trunkline.storage.state import Abandoned, Claim, Decision, Standing, State, StateStatistics

TTL = 5.0
"""Seconds without a beat after which a worker is gone; it beats every second or so."""

_MOST_TOLD = 1000

Tell = Callable[[str], None]
"""Takes a problem for the log."""


class LmdbState:
    """
    One worker's. Nothing here waits: a transaction takes some microseconds, and the lock is never
    held for longer than that. A worker that dies while it holds it is noticed by the next.
    """

    def __init__(
        self, store: Store, holder: str, clock: Clock, tell: Tell, ttl: float = TTL
    ) -> None:
        """`holder`: unique among all workers there ever were. Raises LimitsUnavailable."""
        self._store = store
        self._holder = holder
        self._tell = tell
        ticks = Ticks(clock)
        self._counters = Counters(holder, ticks)
        self._holders = Holders(store, holder, ticks, ttl)
        self._waiting: deque[Settlement] = deque()
        self._lost = True
        self._closed = False
        self._holders.beat()
        store.join()

    async def admit(self, claim: Claim) -> Decision:
        return self._store.write(self._counters.admit, claim)

    def settle(self, lease: str, tokens: int, cost: int) -> None:
        self._settle(Settlement(lease, tokens, cost))

    def withdraw(self, lease: str) -> None:
        self._settle(Settlement(lease, 0, 0, withdrawn=True))

    async def look(self, limits: Sequence[Limit]) -> Sequence[Standing]:
        standings, moved = self._store.read(self._counters.look, limits)
        if moved:
            self._store.write(self._counters.tell_time, None)
        return standings

    async def beat(self) -> Sequence[Abandoned]:
        self._store.forget_dead_readers()
        self._settle_waiting()
        self._holders.beat()
        abandoned: list[Abandoned] = []
        # In steps, between which requests go on: the lock is free, and so is the loop.
        for some in self._holders.left():
            abandoned += some
            await asyncio.sleep(0)
        for _ in self._holders.purge():
            await asyncio.sleep(0)
        return sorted(abandoned, key=lambda one: (one.since, one.lease))[:_MOST_TOLD]

    async def restore(self, counts: Mapping[str, Standing]) -> None:
        self._store.write(self._restore, counts)

    @property
    def lost(self) -> bool:
        # What is whole stays so while anybody has it open: only the next boot loses it.
        self._lost = self._lost and self._store.read(_is_lost, None)
        return self._lost

    @property
    def degraded(self) -> bool:
        """What requests took waits in memory, and is not in what others see."""
        return bool(self._waiting)

    def statistics(self) -> StateStatistics:
        counters, leases = self._store.read(count, None)
        return StateStatistics("lmdb", counters, leases, self.degraded)

    async def aclose(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            self._settle_waiting()
            self._holders.leave()
        except LimitsUnavailable as error:
            self._tell(f"{error.detail}; {len(self._waiting)} requests are not settled")
        self._store.leave()

    def _restore(self, transaction: Transaction, counts: Mapping[str, Standing]) -> None:
        if is_lost(transaction):
            self._counters.restore(transaction, counts)
            found_again(transaction)

    def _settle(self, settlement: Settlement) -> None:
        try:
            self._store.write(self._counters.settle, settlement)
        except LimitsUnavailable as error:
            # Of a full disk, most likely: it is tried again with every beat.
            if not self._waiting:
                self._tell(f"{error.detail}; what requests took is settled later")
            self._waiting.append(settlement)

    def _settle_waiting(self) -> None:
        count = len(self._waiting)
        while self._waiting:
            self._store.write(self._counters.settle, self._waiting[0])
            self._waiting.popleft()
        if count:
            self._tell(f"the shared counters are whole again: {count} requests were settled late")

    def __repr__(self) -> str:
        return f"<LmdbState {self._store.folder} {self._holder}>"


def _is_lost(transaction: Transaction, _: None) -> bool:
    return is_lost(transaction)


_state: type[State] = LmdbState
