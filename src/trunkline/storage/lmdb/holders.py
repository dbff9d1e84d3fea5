"""
Who is alive, what the dead have left, and which windows have closed: the work of a beat.

All of it in slices: no transaction that writes holds the lock for more than a fraction of a
millisecond, because every worker of the machine waits for it.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import islice

from trunkline.storage.lmdb.counters import free
from trunkline.storage.lmdb.layout import (
    AHEAD,
    HOLDER,
    LEASE,
    META,
    NUMBER,
    OWNER,
    SEEN,
    holder_key,
)
from trunkline.storage.lmdb.records import (
    closes_first,
    holder_of,
    open_slots,
    pack_record,
    since_of,
)
from trunkline.storage.lmdb.store import Store, Transaction
from trunkline.storage.lmdb.ticks import Ticks
from trunkline.storage.state import Abandoned

# Leases, or records, that are written in one transaction.
_SLICE = 100
# Leases, or records, that are looked at in one step: less than half a millisecond.
_LOOKED_AT = 1000
# Beats of one worker in which a round through all records is done.
_ROUND = 60
_MICROS = 1_000_000


class Holders:
    """As one of them sees them."""

    def __init__(self, store: Store, holder: str, ticks: Ticks, ttl: float) -> None:
        self._store = store
        self._key = holder_key(holder)
        self._ticks = ticks
        self._ttl = round(ttl * _MICROS)

    def leave(self) -> None:
        """It is gone, and need not be waited for."""
        self._store.write(_end, self._key)

    def beat(self) -> None:
        self._store.write(self._beat, None)

    def left(self) -> Iterator[Sequence[Abandoned]]:
        """
        The leases of all who are gone, in steps, without what they held of CONCURRENT.

        Whoever is gone and has left none is forgotten.
        """
        holding: set[bytes] = set()
        start = LEASE
        while start:
            start, found = self._store.read(self._left, start)
            for at in range(0, len(found), _SLICE):
                keys = [LEASE + one.lease.encode() for one in found[at : at + _SLICE]]
                self._store.write(free, keys)
            holding.update(HOLDER + one.holder.encode() for one in found)
            yield found
        self._store.write(self._forget, holding)

    def purge(self) -> Iterator[None]:
        """
        Remove counters whose window has closed, and records without any; totals never are.

        A step is short; there are as many as it takes to see all records within some beats.
        """
        for _ in range(0, 1 + self._store.entries // _ROUND, _LOOKED_AT):
            last, closed = self._store.read(self._closed, None)
            for at in range(0, len(closed), _SLICE):
                self._store.write(self._remove, closed[at : at + _SLICE])
            self._store.write(_seen_to, last)
            yield

    def _beat(self, transaction: Transaction, _: None) -> None:
        now, _behind = self._ticks.now(transaction)
        transaction.put(self._key, NUMBER.pack(now))

    def _left(self, transaction: Transaction, start: bytes) -> tuple[bytes, Sequence[Abandoned]]:
        """Where to go on, empty at the end, and what was found on the way."""
        now, _behind, _moved = self._ticks.seen(transaction)
        alive = {key for key, at in _holders(transaction) if now - at <= self._ttl}
        found: list[Abandoned] = []
        for count, (key, value) in enumerate(_from(transaction, LEASE, start)):
            if count == _LOOKED_AT:
                return key, found
            holder = holder_of(value)
            if HOLDER + holder not in alive:
                found.append(Abandoned(key[1:].decode(), holder.decode(), since_of(value)))
        return b"", found

    def _forget(self, transaction: Transaction, holding: Collection[bytes]) -> None:
        now, _behind = self._ticks.now(transaction)
        for key, at in list(_holders(transaction)):
            if now - at > self._ttl and key not in holding:
                transaction.delete(key)

    def _closed(self, transaction: Transaction, _: None) -> tuple[bytes, Sequence[bytes]]:
        """How far it came in the round, and what has closed on the way."""
        now, _behind, _moved = self._ticks.seen(transaction)
        start = transaction.get(SEEN, OWNER)
        closed, last = [], OWNER
        for last, value in islice(_from(transaction, OWNER, start), _LOOKED_AT):
            if closes_first(value) <= now:
                closed.append(last)
        # At the end, the next round begins.
        return (OWNER if last == start else last), closed

    def _remove(self, transaction: Transaction, keys: Sequence[bytes]) -> None:
        now, _behind = self._ticks.now(transaction)
        for key in keys:
            value = transaction.get(key)
            if value is None or closes_first(value) > now:
                continue
            if left := open_slots(value, now):
                transaction.put(key, pack_record(left.values()))
            else:
                transaction.delete(key)


def count(transaction: Transaction, _: None) -> tuple[int, int]:
    """Records with counters, leases."""
    leases = sum(1 for _ in _from(transaction, LEASE))
    others = sum(1 for _ in _from(transaction, HOLDER)) + sum(
        transaction.get(key) is not None for key in (SEEN, AHEAD, META)
    )
    return transaction.stat()["entries"] - leases - others, leases


def _from(
    transaction: Transaction, kind: bytes, start: bytes = b""
) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a kind, in the order of their keys."""
    cursor = transaction.cursor()
    if cursor.set_range(start or kind):
        for key, value in cursor:
            if not key.startswith(kind):
                return
            yield key, value


def _holders(transaction: Transaction) -> Iterator[tuple[bytes, int]]:
    for key, value in _from(transaction, HOLDER):
        yield key, NUMBER.unpack(value)[0]


def _seen_to(transaction: Transaction, key: bytes) -> None:
    transaction.put(SEEN, key)


def _end(transaction: Transaction, key: bytes) -> None:
    transaction.put(key, NUMBER.pack(0))
