"""
How counters, leases and holders lie in LMDB: keys, and values as packed bytes.

    c <counter>   opened, closes, used, reserved: four integers of eight bytes
    h <holder>    when it was last heard of
    l <lease>     a Lease
    p             the key of the counter up to which closed windows were removed
    t             how far Unix time is ahead of monotonic time
    m             the boot that the environment belongs to: store.py

All times are microseconds of the state's own clock but for `since`, which is for people.
"""

from collections.abc import Sequence
from hashlib import blake2b
from struct import Struct as Layout
from struct import pack, unpack_from
from typing import NamedTuple

COUNTER, HOLDER, LEASE, META, SEEN, AHEAD = b"c", b"h", b"l", b"m", b"p", b"t"

NUMBER = Layout("<q")
RECORD = Layout("<qqqq")
LARGEST = 1 << 62
"""No amount is more, whatever an upstream tells."""

# LMDB's longest key; a page must hold two.
_LONGEST = 511
# No byte of UTF-8: a digest cannot pass for a name.
_DIGEST = COUNTER + b"\xff"
_LONGEST_LEASE = 255

_HEAD = Layout("<qqqBH")
_LENGTH_AT = 24
_JOINT = b"\0"

REQUESTS, TOKENS, COST, CONCURRENT = range(4)
"""Units, as they are stored."""


class Lease(NamedTuple):
    since: int
    tokens: int
    cost: int
    holder: bytes
    units: bytes
    """One for each of its counters, as the two below."""
    opened: Sequence[int]
    """The window it was counted in: a later one of the same counter is another."""
    keys: Sequence[bytes]


def counter_key(counter: str) -> bytes:
    """Of the name itself; of one that is too long, or has the byte that joins keys, a digest."""
    key = COUNTER + counter.encode("utf-8", "surrogatepass")
    if len(key) > _LONGEST or _JOINT in key:
        return _DIGEST + blake2b(key).hexdigest().encode()
    return key


def lease_key(lease: str) -> bytes:
    """Raises ValueError for one that is too long to be an id of ours."""
    name = lease.encode()
    if len(name) > _LONGEST_LEASE:
        raise ValueError(f"a lease of {len(name)} bytes")
    return LEASE + name


def holder_key(holder: str) -> bytes:
    """Raises ValueError for one that is too long to be an id of ours."""
    name = holder.encode()
    if len(name) > _LONGEST_LEASE:
        raise ValueError(f"a holder of {len(name)} bytes")
    return HOLDER + name


def pack_lease(lease: Lease) -> bytes:
    since, tokens, cost, holder, units, opened, keys = lease
    count = len(units)
    head = _HEAD.pack(since, tokens, cost, len(holder), count)
    return b"".join((head, holder, units, pack(f"<{count}q", *opened), _JOINT.join(keys)))


def unpack_lease(value: bytes) -> Lease:
    since, tokens, cost, length, count = _HEAD.unpack_from(value)
    at = _HEAD.size + length
    until = at + count
    opened = unpack_from(f"<{count}q", value, until)
    keys = value[until + 8 * count :].split(_JOINT) if count else ()
    holder = value[_HEAD.size : at]
    return Lease(since, tokens, cost, holder, value[at:until], opened, keys)


def holder_of(value: bytes) -> bytes:
    """Of a packed lease, without unpacking it."""
    return value[_HEAD.size : _HEAD.size + value[_LENGTH_AT]]


def since_of(value: bytes) -> int:
    """As `holder_of`."""
    return int(NUMBER.unpack_from(value)[0])
