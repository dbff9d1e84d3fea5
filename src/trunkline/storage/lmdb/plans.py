"""Where a claim's limits lie in records: worked out once for the same limits, and remembered."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import itemgetter
from struct import Struct as Layout
from struct import pack

from msgspec import Struct

from trunkline.canon.limit import Limit
from trunkline.storage.lmdb.lanes import BOTH, lanes_of, rooms
from trunkline.storage.lmdb.layout import LARGEST, NONE, NUMBER, STORED, place_of
from trunkline.storage.lmdb.records import (
    NEVER,
    SLOTS_AT,
    WINDOW,
    Slot,
    closes_first,
    open_slots,
    pack_record,
    part_head,
)
from trunkline.storage.state import Standing

# Of a key with six limits, each takes 2 KB.
MOST_PLANS = 4096
# Of all keys with the same limits, there is one.
_MOST_FITS = 1024

Pick = Callable[[Sequence[Standing]], Sequence[Standing]]
_Row = tuple[int, int, int, int]
"""Of a limit: its slot's name, its unit as it is stored, the most, and its window."""


class Fit(Struct, frozen=True):
    """How one owner's limits lie in a record that has these slots, maybe others beside theirs."""

    size: int
    names: bytes
    """Whatever record has this size and, where its slots begin, these names, it fits."""
    counts_at: int
    counts: int
    """Bytes of them; windows end where closings begin."""
    windows_until: int
    once: int
    """What a claim adds to the counts (lanes.py) whatever it takes, for each token, and for each
    nano-dollar."""
    tokens: int
    cost: int
    room: int
    guards: int
    units: bytes
    lengths: Sequence[int]
    """Of the windows of its slots: 0 where one never closes."""
    columns: Layout
    """Of a record: when each slot closes; used and reserved of each in turn."""
    pick: Pick | None
    """None: these are all, in the order of the limits."""

    def fits(self, record: bytes) -> bool:
        return len(record) == self.size and record.startswith(self.names, SLOTS_AT)

    def fresh(self, now: int) -> bytes:
        """A record in which nothing is counted yet."""
        closes = [now + length if length else 0 for length in self.lengths]
        count = len(closes)
        first = min(filter(None, closes), default=NEVER)
        windows = pack(f"<{2 * count}q", *[now] * count, *closes)
        return NUMBER.pack(first) + self.names + windows + bytes(self.counts)

    def standings(self, record: bytes, behind: int) -> Sequence[Standing]:
        """Of the owner's limits, as a clock will see them that is behind by so much."""
        flat = self.columns.unpack(record)
        count = len(flat) // 3
        closes: Sequence[int] = flat
        if behind:
            closes = [moment and moment - behind for moment in flat[:count]]
        standings = list(map(Standing, flat[count::2], closes, flat[count + 1 :: 2]))
        return standings if self.pick is None else self.pick(standings)


class Part:
    """One owner's limits among a claim's."""

    __slots__ = ("_rows", "_wanted", "_whole", "fit", "key", "lease")

    def __init__(self, key: bytes, limits: Sequence[Limit]) -> None:
        self.key = key
        self._rows = tuple(
            (place_of(one.counter)[1], STORED[one.unit], min(one.most, LARGEST), one.window)
            for one in limits
        )
        wanted: dict[int, _Row] = {}
        for row in self._rows:
            if row[0] not in wanted or row[2] < wanted[row[0]][2]:
                wanted[row[0]] = row
        self._wanted = tuple(wanted.values())
        """Of limits that share a counter, the lowest."""
        self._whole = self._fit(tuple(sorted(wanted)))
        """In a record of nothing else."""
        self.fit = self._whole
        """In the record as it was last seen."""
        self.lease = part_head(key, self.fit.units)
        """How a lease's part on that record begins; its windows follow."""

    def full(self, standings: Sequence[Standing], amounts: Sequence[int]) -> Sequence[int]:
        """Which of the limits have no room for so much, by unit as it is stored."""
        return [
            at
            for at, ((_, unit, most, _), standing) in enumerate(
                zip(self._rows, standings, strict=True)
            )
            if standing.used + amounts[unit] > most
        ]

    def renewed(self, record: bytes | None, now: int) -> bytes:
        """
        With an open window for each of the limits, and without any others that have closed.

        From then on `fit` and `lease` are of this record.
        """
        if record is None:
            self._see(self._whole)
            return self._whole.fresh(now)
        slots = dict(open_slots(record, now))
        for name, _, _, window in self._wanted:
            if name not in slots:
                slots[name] = Slot(name, now, now + window if window else 0, 0, 0)
        value = pack_record(slots.values())
        if not self.fit.fits(value):
            self._see(self._fit(tuple(sorted(slots))))
        return value

    def _fit(self, names: tuple[int, ...]) -> Fit:
        return _fit(names, self._wanted, tuple([row[0] for row in self._rows]))

    def _see(self, fit: Fit) -> None:
        if fit is not self.fit:
            self.fit = fit
            self.lease = part_head(self.key, fit.units)

    def standings(self, record: bytes | None, now: int, behind: int) -> Sequence[Standing]:
        """Whatever the record is like."""
        if record is None:
            return [_EMPTY] * len(self._rows)
        if self.fit.fits(record) and closes_first(record) > now:
            return self.fit.standings(record, behind)
        slots = open_slots(record, now)
        return [_standing(slots.get(row[0]), behind) for row in self._rows]


class Plan(Struct, frozen=True):
    parts: Sequence[Part]
    places: Sequence[Sequence[int]]
    """In the claim, of each part's limits."""

    def in_order(self, told: Sequence[Sequence[Standing]]) -> Sequence[Standing]:
        """The standings of each part's limits, as the claim has them."""
        if len(told) == 1:
            return told[0]
        standings: dict[int, Standing] = {}
        for places, some in zip(self.places, told, strict=True):
            standings.update(zip(places, some, strict=True))
        return [standings[place] for place in range(len(standings))]


@lru_cache(MOST_PLANS)
def plan_of(limits: tuple[Limit, ...]) -> Plan:
    places: dict[bytes, list[int]] = {}
    for place, limit in enumerate(limits):
        places.setdefault(place_of(limit.counter)[0], []).append(place)
    parts = [_part(key, tuple([limits[at] for at in some])) for key, some in places.items()]
    return Plan(parts, list(places.values()))


@lru_cache(MOST_PLANS)
def _part(key: bytes, limits: tuple[Limit, ...]) -> Part:
    """Of a claim that brings a session's limits too, the key's part is known already."""
    return Part(key, limits)


@lru_cache(_MOST_FITS)
def _fit(names: tuple[int, ...], wanted: tuple[_Row, ...], told: tuple[int, ...]) -> Fit:
    """`names`: of the record's slots; `told`: of the slot of each limit."""
    count = len(names)
    units, mosts, lengths = bytearray([NONE] * count), [LARGEST] * count, [0] * count
    for name, unit, most, window in wanted:
        place = names.index(name)
        units[place], mosts[place], lengths[place] = unit, most, window
    lanes, until = lanes_of(bytes(units)), SLOTS_AT + WINDOW * count
    return Fit(
        size=lanes.size,
        names=Layout(f"<{count}q").pack(*names),
        counts_at=lanes.at,
        counts=lanes.width,
        windows_until=until,
        once=lanes.requests + lanes.concurrent * BOTH,
        tokens=lanes.tokens * BOTH,
        cost=lanes.cost * BOTH,
        room=rooms(mosts),
        guards=lanes.guards,
        units=lanes.units,
        lengths=lengths,
        columns=Layout(f"<{until}x{3 * count}q"),
        pick=_picking([names.index(name) for name in told], count),
    )


def _picking(places: Sequence[int], count: int) -> Pick | None:
    if list(places) == list(range(count)):
        return None
    if len(places) == 1:
        return lambda standings: [standings[places[0]]]
    return itemgetter(*places)


def _standing(slot: Slot | None, behind: int) -> Standing:
    if slot is None:
        return _EMPTY
    return Standing(slot.used, slot.closes and slot.closes - behind, slot.reserved)


_EMPTY = Standing(0, 0)
