"""
How counters, leases and holders lie in LMDB: their keys, and which counters lie side by side.

    c <owner>     the record of an owner: all its counters (records.py)
    h <holder>    when it was last heard of
    l <lease>     a lease (records.py)
    p             the key of the record up to which closed windows were removed
    t             how far Unix time is ahead of monotonic time
    m             the layout and the boot that the environment belongs to (store.py)

All times are microseconds of the state's own clock but for `since`, which is for people.
"""

from functools import lru_cache
from hashlib import blake2b
from struct import Struct as Layout

from trunkline.canon.limit import Unit

VERSION = 2
"""Of all this; 1 had a key for each counter. What another one wrote is not read."""

OWNER, HOLDER, LEASE, META, SEEN, AHEAD = b"c", b"h", b"l", b"m", b"p", b"t"

NUMBER = Layout("<q")
LARGEST = 1 << 62
"""No amount is more, whatever an upstream tells."""

# LMDB's longest key; a page must hold two.
_LONGEST = 511
# No byte of UTF-8: a digest cannot pass for a name.
_DIGEST = OWNER + b"\xff"
_LONGEST_LEASE = 255

REQUESTS, TOKENS, CONCURRENT, COST, NONE = range(5)
"""What a slot counts, as it is stored; NONE: nothing, of some lease."""
STORED = {
    Unit.REQUESTS: REQUESTS,
    Unit.TOKENS: TOKENS,
    Unit.CONCURRENT: CONCURRENT,
    Unit.COST: COST,
}
ALONE = 0
"""The slot of a counter that is its own owner."""
_UNITS = {unit.value: stored for unit, stored in STORED.items()}
_DIGITS = 15
_SECONDS = 1 << 50
# About 5 MB.
_MOST_PLACES = 20_000


@lru_cache(_MOST_PLACES)
def place_of(counter: str) -> tuple[bytes, int]:
    """
    The key of its owner's record, and its slot there; no two counters have both in common.

    "key/ab12/requests/60" lies with all counters of "key/ab12", because a request counts in several
    of them at once. One whose name does not end in a unit and seconds lies by itself: there may be
    any number that begin alike, and a record should not grow without end.

    Slots are in the order in which limits are told, with what never closes last of its unit.
    """
    parts = counter.rsplit("/", 2)
    unit = _UNITS.get(parts[1]) if len(parts) == 3 else None
    if unit is None or not _canonical(parts[2]):
        return _owner_key(counter), ALONE
    return _owner_key(parts[0]), 1 + unit * _SECONDS + (int(parts[2]) - 1) % _SECONDS


def _canonical(seconds: str) -> bool:
    """060 and 60 are two counters: only one of them may become a number."""
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= _DIGITS):
        return False
    return seconds == "0" or seconds[0] != "0"


def _owner_key(owner: str) -> bytes:
    """Of the name itself; of one that is too long, a digest."""
    key = OWNER + owner.encode("utf-8", "surrogatepass")
    return key if len(key) <= _LONGEST else _DIGEST + blake2b(key).hexdigest().encode()


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
