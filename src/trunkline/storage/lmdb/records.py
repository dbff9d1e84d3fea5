"""
What lies in the values: an owner's record, which has a slot for each counter, and a lease on some.

    record    when the first of its windows closes; then of all its slots, in this order: their
              names, when they opened, when they close; and used and reserved of each in turn
    lease     since, tokens, cost; then of each record it was counted in: the key, a unit for each
              slot, and the slots' names and when they opened, as the record had them; and who
              holds it

So a lease whose windows are all still open is found to be so by comparing two strings of bytes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from struct import Struct as Layout
from struct import pack_into, unpack_from
from typing import NamedTuple

from trunkline.storage.lmdb.layout import NUMBER

SLOTS_AT = NUMBER.size
"""Where a record's slots begin."""
SLOT = 40
"""Bytes of each; of its name and opening; and of all that lies before the counts."""
WINDOW = 16
COUNTS = 24
NEVER = 1 << 62
"""When a record closes of which nothing does."""

LEASE_HEAD = Layout("<qqqB")
_HOLDER_AT = 24
"""Where the length of the holder's name is; the name itself is last."""
_PART_HEAD = Layout("<HH")
# The two in one: no lease is without a part.
_HEADS = Layout("<qqqBHH")
NO_PART = _PART_HEAD.pack(0, 0)


class Slot(NamedTuple):
    name: int
    opened: int
    closes: int
    """0: never."""
    used: int
    reserved: int


Part = tuple[bytes, bytes, bytes]
"""
Of a lease, what it holds in one record: the record's key; of each slot that the record had, what
was counted there, or NONE; and the slots' names and openings, because a later window of the same
counter is another.
"""


class Lease(NamedTuple):
    since: int
    tokens: int
    cost: int
    holder: bytes
    parts: Sequence[Part]


def slots_in(record: bytes) -> int:
    return len(record) // SLOT


def closes_first(record: bytes) -> int:
    """When the first of its windows closes, or has closed."""
    return int(NUMBER.unpack_from(record)[0])


def pack_record(slots: Iterable[Slot]) -> bytes:
    """In the order of their names, so that the same slots always lie in the same places."""
    ordered = sorted(slots)
    count = len(ordered)
    value = bytearray(SLOTS_AT + SLOT * count)
    names, opened, closes, used, reserved = zip(*ordered, strict=True)
    first = min((moment for moment in closes if moment), default=NEVER)
    counts = [count for pair in zip(used, reserved, strict=True) for count in pair]
    pack_into(f"<{1 + 5 * count}q", value, 0, first, *names, *opened, *closes, *counts)
    return bytes(value)


def slots_of(record: bytes) -> Sequence[Slot]:
    n = slots_in(record)
    flat = unpack_from(f"<{5 * n}q", record, SLOTS_AT)
    columns = flat[:n], flat[n : 2 * n], flat[2 * n : 3 * n], flat[3 * n :: 2], flat[3 * n + 1 :: 2]
    return list(map(Slot, *columns))


def open_slots(record: bytes | None, now: int) -> Mapping[int, Slot]:
    """By name, without those whose window has closed."""
    if record is None:
        return {}
    return {slot.name: slot for slot in slots_of(record) if not 0 < slot.closes <= now}


def part_head(key: bytes, units: bytes) -> bytes:
    """What a part begins with; the record's windows follow."""
    return _PART_HEAD.pack(len(key), len(units)) + key + units


def pack_lease(lease: Lease) -> bytes:
    since, tokens, cost, holder, parts = lease
    head = LEASE_HEAD.pack(since, tokens, cost, len(holder))
    packed = [part_head(key, units) + windows for key, units, windows in parts]
    return b"".join((head, *(packed or (NO_PART,)), holder))


def unpack_lease(value: bytes) -> Lease:
    tokens, cost, parts = charges_of(value)
    return Lease(since_of(value), tokens, cost, holder_of(value), parts)


def charges_of(value: bytes) -> tuple[int, int, Sequence[Part]]:
    """Of a lease, tokens, cost, and where it was counted."""
    _, tokens, cost, holder, length, count = _HEADS.unpack_from(value)
    parts: list[Part] = []
    key, until = _HEADS.size, len(value) - holder
    while length:
        units = key + length
        windows = units + count
        at = windows + WINDOW * count
        parts.append((value[key:units], value[units:windows], value[windows:at]))
        if at == until:
            break
        length, count = _PART_HEAD.unpack_from(value, at)
        key = at + _PART_HEAD.size
    return tokens, cost, parts


def windows_in(windows: bytes) -> Iterator[tuple[int, int]]:
    """Name and opening of each."""
    flat = unpack_from(f"<{len(windows) // 8}q", windows)
    count = len(flat) // 2
    return zip(flat[:count], flat[count:], strict=True)


def holder_of(value: bytes) -> bytes:
    """Of a packed lease, without unpacking it."""
    return value[len(value) - value[_HOLDER_AT] :]


def since_of(value: bytes) -> int:
    """As `holder_of`."""
    return int(NUMBER.unpack_from(value)[0])
