"""
All counts of a record changed and compared at once: one large integer, 64 bits of it for each.

A loop over the slots takes longer than the transaction that it is in. Each count is from 0
to LARGEST, which is 1 << 62, so that two bits above it are free. One of them is set before anything
is added, and whatever leaves that range shows there, before it could reach the next lane.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from msgspec import Struct

from trunkline.storage.lmdb.layout import CONCURRENT, COST, LARGEST, REQUESTS, TOKENS
from trunkline.storage.lmdb.records import COUNTS, SLOT, SLOTS_AT, pack_record, slots_of

USED = 1
BOTH = 1 + (1 << 64)
"""So much used, and as much reserved: a slot's two lanes lie side by side."""

_LANES = 128
"""Bits of a slot."""
_TOP = 63

Steps = Sequence[int]
"""By how much counts in REQUESTS, TOKENS, CONCURRENT and COST change: so many USED, or BOTH."""


class Lanes(Struct, frozen=True, gc=False):
    """Where the slots of a record are, by what they count."""

    units: bytes
    """Of each slot; NONE stays as it is."""
    size: int
    """Of a record with so many slots."""
    at: int
    """Where its counts begin, and their length, in bytes."""
    width: int
    requests: int
    """One in each used lane of these."""
    tokens: int
    concurrent: int
    cost: int
    reserving: bool
    """Whether any of them counts more than REQUESTS."""
    guards: int
    """The highest bit of each lane, and the two highest."""
    tops: int

    def changed(self, record: bytes, steps: Steps) -> bytes:
        """The record, which is as large as these lanes say. No count leaves its range."""
        requests, tokens, concurrent, cost = steps
        at = self.at
        counts = int.from_bytes(record[at:], "little") + self.guards
        counts += self.tokens * tokens + self.cost * cost
        if requests:
            counts += self.requests * requests
        if self.concurrent:
            counts += self.concurrent * concurrent
        if counts & self.tops != self.guards:
            return _one_by_one(record, self.units, steps)
        return record[:at] + (counts ^ self.guards).to_bytes(self.width, "little")


@lru_cache(maxsize=1024)
def lanes_of(units: bytes) -> Lanes:
    count = len(units)
    guards = _ones(range(2 * count)) << _TOP
    return Lanes(
        units=units,
        size=SLOTS_AT + SLOT * count,
        at=SLOTS_AT + COUNTS * count,
        width=(SLOT - COUNTS) * count,
        requests=_of(units, REQUESTS),
        tokens=_of(units, TOKENS),
        concurrent=_of(units, CONCURRENT),
        cost=_of(units, COST),
        reserving=any(unit in (TOKENS, CONCURRENT, COST) for unit in units),
        guards=guards,
        tops=guards | guards >> 1,
    )


def rooms(mosts: Iterable[int]) -> int:
    """
    In the used lane of each slot the most that it may hold, in its reserved lane as much as can be.

    Take counts away from it: the guards that are left are those of lanes with room.
    """
    room = 0
    for place, most in enumerate(mosts):
        lanes = (1 << _TOP) + min(most, LARGEST) + ((1 << _TOP) + LARGEST << 64)
        room |= lanes << _LANES * place
    return room


def _ones(lanes: Iterable[int]) -> int:
    return sum(1 << 64 * lane for lane in lanes)


def _of(units: bytes, unit: int) -> int:
    return _ones(2 * place for place, one in enumerate(units) if one == unit)


def _one_by_one(record: bytes, units: bytes, steps: Steps) -> bytes:
    """As `changed`, with what would leave its range held at its end."""
    slots = []
    for slot, unit in zip(slots_of(record), units, strict=True):
        step = (*steps, 0)[unit]
        reserved = (step + (1 << _TOP)) >> 64
        used = step - (reserved << 64)
        slots.append(
            slot._replace(
                used=_within(slot.used + used), reserved=_within(slot.reserved + reserved)
            )
        )
    return pack_record(slots)


def _within(count: int) -> int:
    return max(0, min(count, LARGEST))
