"""
The one clock of all workers of a machine: Unix time that never steps back, but runs on.

A clock that is set back an hour would keep every window open an hour longer, or forever where it
was wrong by a year. Monotonic time is the same for all processes since the boot, so it is enough to
remember the most that Unix time ever was ahead of it.
"""

from trunkline.kernel.clock import Clock
from trunkline.storage.lmdb.layout import AHEAD, NUMBER
from trunkline.storage.lmdb.store import Transaction

# Two readings of two clocks are never of the same moment; less than that is not written.
_JITTER = 1000
# Nor told: an end of a window that moves with every look at it would be another window's.
_WAVERING = 100_000


class Ticks:
    __slots__ = ("_behind", "_monotonic", "_unix")

    def __init__(self, clock: Clock) -> None:
        self._unix = clock.unix
        self._monotonic = clock.monotonic
        self._behind = 0

    def unix(self) -> int:
        return int(self._unix() * 1_000_000)

    def now(self, transaction: Transaction) -> tuple[int, int]:
        """
        Microseconds, and by how many the caller's clock is behind that: to a tenth of a second, but
        the same until it is set.

        In a transaction that writes; `seen` is for others.
        """
        now, behind, moved = self.seen(transaction)
        if moved is not None:
            transaction.put(AHEAD, NUMBER.pack(moved))
        return now, behind

    def seen(self, transaction: Transaction) -> tuple[int, int, int | None]:
        """The same, and what must be written for others to see no earlier time, if anything."""
        # In this order: whoever is interrupted between the two thinks it is earlier, not later.
        unix = int(self._unix() * 1_000_000)
        monotonic = int(self._monotonic() * 1_000_000)
        ahead = unix - monotonic
        stored = transaction.get(AHEAD)
        if stored is None:
            return unix, 0, ahead
        (most,) = NUMBER.unpack(stored)
        if ahead > most:
            self._behind = 0
            return unix, 0, ahead if ahead - most >= _JITTER else None
        if abs(most - ahead - self._behind) >= _WAVERING:
            self._behind = most - ahead
        return monotonic + most, self._behind, None
