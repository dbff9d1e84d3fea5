"""
What this process counted itself, so that it can say so again: to a server that lost it, or was away.

Every change reaches the server in numbered batches, one at a time. A batch whose answer was lost is
sent again as it was, and the server writes it once; only what a batch brought is then let go here.
"""

from collections import deque
from collections.abc import Sequence
from enum import Enum
from itertools import islice

from msgspec import Struct

from trunkline.canon.limit import Unit

UNITS = {Unit.REQUESTS: 0, Unit.TOKENS: 1, Unit.COST: 2, Unit.CONCURRENT: 3}
"""As the scripts name them."""
MOST_AMOUNT = 1 << 52
"""What one request may take: 4.5 million dollars. Lua is exact up to there."""
SURE = 5.0
"""Seconds after which the ledger has surely got what was settled: its journal is moved 5 times a second."""
_BATCH = 500

Op = tuple[object, ...]


class Place(Enum):
    """Who knows of a lease."""

    SERVER = 1
    SENT = 2
    """A batch that brings it is under way."""
    HERE = 3
    """Admitted while the server was away."""


class Charge(Struct, frozen=True, gc=False):
    counter: str
    unit: Unit
    amount: int
    closes: int
    """Microseconds of the server's clock; 0: never."""


class Lease(Struct, gc=False):
    since: int
    charges: Sequence[Charge]
    place: Place


class Outcome(Struct, frozen=True, gc=False):
    """How a lease ended; tokens None: withdrawn."""

    tokens: int | None
    cost: int = 0

    def actual(self, charge: Charge) -> int:
        """What stays counted of it."""
        if self.tokens is None:
            return 0
        match charge.unit:
            case Unit.REQUESTS:
                return charge.amount
            case Unit.TOKENS:
                return self.tokens
            case Unit.COST:
                return self.cost
            case Unit.CONCURRENT:
                return 0


class Count(Struct, gc=False):
    """Of one counter, in the window that this process last counted in."""

    opened: int
    """When this process first saw it. A lease from then on was counted in it; an earlier was not."""
    closes: int
    """As the server last said: `restore` may set it anew."""
    seen: int = 0
    """How much all had used when the server last said."""
    settled: int = 0
    """Of it, what this process alone brought, and the server knew of."""
    here: int = 0
    """What this process counted and settled while the server was away."""

    def open(self, now: int) -> bool:
        return not self.closes or self.closes > now


class Batch(Struct, frozen=True):
    number: int
    epoch: str
    ops: Sequence[Op]
    ends: Sequence[str] = ()
    """The leases that it ends."""
    doubts: Sequence[str] = ()
    """The claims that it makes void."""
    brings: Sequence[str] = ()
    """The leases that it brings."""
    here: Sequence[tuple[str, int]] = ()
    """Counters, and how much that was counted here it brings of each."""


class Own:
    """The leases this process holds, how they ended, and what it counted in each counter."""

    def __init__(self) -> None:
        self.leases: dict[str, Lease] = {}
        self.counts: dict[str, Count] = {}
        self._ends: dict[str, Outcome] = {}
        """What the server is still to be told. A lease ends once, so this is as long as they are many."""
        self._doubts: set[str] = set()
        """Claims whose answer never came: whatever the server made of them is void."""
        self._recent: deque[tuple[float, str, int, int]] = deque()
        """When, and in which counter and window (`opened`), something was settled; for `SURE` seconds."""
        self._number = 0
        self._under_way: Batch | None = None

    def hold(self, lease: str, since: int, charges: Sequence[Charge], place: Place) -> None:
        self.leases[lease] = Lease(since, charges, place)

    def see(self, counter: str, closes: int, used: int, now: int) -> Count:
        """How a counter stands in the window that is open at `now`, as the server told."""
        count = self.counts.get(counter)
        if count is None or not count.open(now):
            count = self.counts[counter] = Count(now, closes)
        count.closes, count.seen = closes, used
        return count

    def end(self, lease: str, outcome: Outcome) -> None:
        """The server is to be told. Of two ends of one lease the first counts."""
        self._ends.setdefault(lease, outcome)

    def doubt(self, lease: str) -> None:
        self._doubts.add(lease)

    def end_here(self, lease: str, outcome: Outcome) -> None:
        """One that the server never heard of."""
        held = self.leases.pop(lease)
        for charge in held.charges:
            count = self._count(held, charge)
            if count is not None and (actual := outcome.actual(charge)):
                count.here += actual

    def _count(self, lease: Lease, charge: Charge) -> Count | None:
        """The count it is part of; None: its window is over."""
        count = self.counts.get(charge.counter)
        return count if count is not None and count.opened <= lease.since else None

    @property
    def strangers(self) -> int:
        """How many ends wait to be told; those of leases that are not held here included."""
        return len(self._ends)

    @property
    def waiting(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self._ends or self._doubts or self._under_way)

    @property
    def unanswered(self) -> Batch | None:
        """A batch that the server may have written, or not."""
        return self._under_way

    def is_over(self, lease: str) -> bool:
        return lease in self._ends

    def next(self, epoch: str) -> Batch:
        """What to tell next; one that is under way comes again."""
        if self._under_way is not None and self._under_way.epoch == epoch:
            return self._under_way
        ends = list(islice(self._ends.items(), _BATCH))
        doubts = list(islice(self._doubts, _BATCH))
        ops: list[Op] = [("x", lease) for lease in doubts]
        for lease, outcome in ends:
            if outcome.tokens is None:
                ops.append(("w", lease))
            else:
                ops.append(("s", lease, outcome.tokens, outcome.cost))
        return self._send(Batch(self._number + 1, epoch, ops, [lease for lease, _ in ends], doubts))

    def catch_up(self, epoch: str) -> Batch:
        """After the server was away: what was counted here meanwhile."""
        brings = [name for name, lease in self.leases.items() if lease.place is not Place.SERVER]
        here = [(name, count.here) for name, count in self.counts.items() if count.here]
        doubts = list(self._doubts)
        ops: list[Op] = [("x", lease) for lease in doubts]
        ops += [self._adoption(name) for name in brings]
        for name, amount in here:
            ops += _additions(name, self.counts[name].closes, amount, 0)
        return self._send(Batch(self._number + 1, epoch, ops, (), doubts, brings, here))

    def begin_anew(self, epoch: str, now: float) -> Batch:
        """
        For a server that knows nothing: all that this process holds and counted in open windows.

        What was settled more than SURE seconds ago is known to the ledger, too, and told to be.
        """
        self._forget(now)
        recent: dict[tuple[str, int], int] = {}
        for _, name, opened, amount in self._recent:
            recent[name, opened] = recent.get((name, opened), 0) + amount
        ops = [self._adoption(name) for name in self.leases]
        here = [(name, count.here) for name, count in self.counts.items() if count.here]
        for name, count in self.counts.items():
            known = max(0, count.settled - recent.get((name, count.opened), 0))
            ops += _additions(name, count.closes, count.settled + count.here, known)
        doubts = list(self._doubts)  # what they were void for is gone
        return self._send(Batch(self._number + 1, epoch, ops, (), doubts, list(self.leases), here))

    def _send(self, batch: Batch) -> Batch:
        for name in batch.brings:
            if self.leases[name].place is Place.HERE:
                self.leases[name].place = Place.SENT
        self._number = batch.number
        self._under_way = batch
        return batch

    def written(self, batch: Batch, now: float) -> None:
        """The server has it. `now`: monotonic seconds."""
        self._under_way = None
        for name, amount in batch.here:
            self._moved(name, amount)
        for name in batch.brings:
            if (lease := self.leases.get(name)) is not None:
                lease.place = Place.SERVER
        self._doubts.difference_update(batch.doubts)
        for name in batch.ends:
            outcome, held = self._ends.pop(name, None), self.leases.pop(name, None)
            if outcome is not None and held is not None:
                self._settled(held, outcome, now)
        self._forget(now)

    def _moved(self, name: str, amount: int) -> None:
        if (count := self.counts.get(name)) is not None:
            count.here -= amount
            count.settled += amount

    def _settled(self, lease: Lease, outcome: Outcome, now: float) -> None:
        for charge in lease.charges:
            count = self._count(lease, charge)
            if count is not None and (actual := outcome.actual(charge)):
                count.settled += actual
                self._recent.append((now, charge.counter, count.opened, actual))

    def _forget(self, now: float) -> None:
        recent = self._recent
        while recent and recent[0][0] < now - SURE:
            recent.popleft()

    def prune(self, now: int) -> None:
        """Let go of what was counted in windows that are over. `now`: the server's microseconds."""
        over = [name for name, count in self.counts.items() if not count.open(now)]
        for name in over:
            del self.counts[name]

    def _adoption(self, name: str) -> Op:
        lease = self.leases[name]
        charges = []
        for charge in lease.charges:
            count = self._count(lease, charge)
            closes = charge.closes if count is None else count.closes
            charges.append((charge.counter, UNITS[charge.unit], charge.amount, closes))
        return ("a", name, lease.since, charges)

    def __repr__(self) -> str:
        return f"<Own {len(self.leases)} leases, {len(self._ends)} ended>"


def _additions(name: str, closes: int, amount: int, known: int) -> Sequence[Op]:
    """In pieces that Lua can add up."""
    ops: list[Op] = []
    while amount > 0:
        piece = min(amount, MOST_AMOUNT)
        ops.append(("c", name, closes, piece, min(known, piece)))
        amount -= piece
        known -= min(known, piece)
    return ops
