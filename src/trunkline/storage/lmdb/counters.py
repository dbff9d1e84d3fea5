"""The arithmetic of shared counters, each method within one transaction of LMDB."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from trunkline.canon.limit import Limit, Unit
from trunkline.storage.lmdb.layout import (
    CONCURRENT,
    COST,
    LARGEST,
    RECORD,
    REQUESTS,
    TOKENS,
    Lease,
    counter_key,
    lease_key,
    pack_lease,
    unpack_lease,
)
from trunkline.storage.lmdb.store import Transaction
from trunkline.storage.lmdb.ticks import Ticks
from trunkline.storage.state import Claim, Decision, Standing

_STORED = {
    Unit.REQUESTS: REQUESTS,
    Unit.TOKENS: TOKENS,
    Unit.COST: COST,
    Unit.CONCURRENT: CONCURRENT,
}


# About 5 MB.
_MOST_NAMES = 20_000
_Found = tuple[bytes, int, int, int, int, int, int]
"""Of a counter: its key, unit and window's length; opened, closes, used and reserved as they are."""


class Settlement(Struct, frozen=True, gc=False):
    lease: str
    tokens: int
    cost: int
    withdrawn: bool = False


class Counters:
    """One holder's hand on them."""

    __slots__ = ("_holder", "_names", "_ticks")

    def __init__(self, holder: str, ticks: Ticks) -> None:
        self._holder = holder.encode()
        self._ticks = ticks
        self._names: dict[str, tuple[bytes, int]] = {}

    def admit(self, transaction: Transaction, claim: Claim) -> Decision:
        """Raises ValueError for a lease that is held."""
        now, behind = self._ticks.now(transaction)
        get, unpack, names = transaction.get, RECORD.unpack, self._names
        amounts = (1, min(claim.tokens, LARGEST), min(claim.cost, LARGEST), 1)
        refused, found = [], []
        for place, limit in enumerate(claim.limits):
            key, unit = names.get(limit.counter) or self._name(limit)
            record = get(key)
            opened = closes = used = reserved = 0
            if record is not None:
                opened, closes, used, reserved = unpack(record)
                if 0 < closes <= now:
                    opened = closes = used = reserved = 0
            if used + amounts[unit] > limit.most:
                refused.append(place)
            found.append((key, unit, limit.window, opened, closes, used, reserved))
        if not refused:
            return Decision(refused, self._count(transaction, claim, found, now, behind))
        if get(lease_key(claim.lease)) is not None:
            raise ValueError(f"the lease {claim.lease} is held")
        return Decision(refused, [_standing(f[5], f[4], f[6], behind) for f in found])

    def _count(
        self, transaction: Transaction, claim: Claim, found: Sequence[_Found], now: int, behind: int
    ) -> Sequence[Standing]:
        """There is room in all of them."""
        put, pack = transaction.put, RECORD.pack
        tokens, cost = min(claim.tokens, LARGEST), min(claim.cost, LARGEST)
        amounts = (1, tokens, cost, 1)
        standings, windows = [], []
        for key, unit, window, opened, closes, used, reserved in found:
            if not opened:
                opened = now
                closes = now + window if window else 0
            used += amounts[unit]
            if unit:  # all but REQUESTS
                reserved += amounts[unit]
            put(key, pack(opened, closes, used, reserved))
            windows.append(opened)
            standings.append(Standing(used, closes - behind if closes else 0, reserved))
        units, keys = bytes([f[1] for f in found]), [f[0] for f in found]
        lease = Lease(now - behind, tokens, cost, self._holder, units, windows, keys)
        if not put(lease_key(claim.lease), pack_lease(lease), overwrite=False):
            raise ValueError(f"the lease {claim.lease} is held")
        return standings

    def _name(self, limit: Limit) -> tuple[bytes, int]:
        """Remembered: most counters are asked for again and again."""
        if len(self._names) >= _MOST_NAMES:
            self._names.clear()
        named = self._names[limit.counter] = counter_key(limit.counter), _STORED[limit.unit]
        return named

    def settle(self, transaction: Transaction, settlement: Settlement) -> None:
        value = transaction.pop(lease_key(settlement.lease))
        if value is None:
            return
        lease = unpack_lease(value)
        charged = (1, lease.tokens, lease.cost, 1)
        if settlement.withdrawn:
            changes = (-1, -lease.tokens, -lease.cost, -1)
        else:
            changes = (0, settlement.tokens - lease.tokens, settlement.cost - lease.cost, -1)
        for unit, opened, key in zip(lease.units, lease.opened, lease.keys, strict=True):
            if unit or settlement.withdrawn:
                held = charged[unit] if unit else 0
                _correct(transaction, key, opened, changes[unit], held)

    def look(
        self, transaction: Transaction, limits: Sequence[Limit]
    ) -> tuple[Sequence[Standing], bool]:
        """True beside them where time has moved on in a way that others must be told."""
        now, behind, moved = self._ticks.seen(transaction)
        standings = []
        for limit in limits:
            record = transaction.get(counter_key(limit.counter))
            closes = used = reserved = 0
            if record is not None:
                _opened, closes, used, reserved = RECORD.unpack(record)
                if 0 < closes <= now:
                    closes = used = reserved = 0
            standings.append(_standing(used, closes, reserved, behind))
        return standings, moved is not None

    def tell_time(self, transaction: Transaction, _: None) -> None:
        self._ticks.now(transaction)

    def restore(self, transaction: Transaction, counts: Mapping[str, Standing]) -> None:
        now, behind = self._ticks.now(transaction)
        for counter, standing in counts.items():
            closes = standing.closes + behind if standing.closes else 0
            if 0 < closes <= now:
                continue
            key, opened = counter_key(counter), now
            used, reserved = standing.used, standing.reserved
            record = transaction.get(key)
            if record is not None:
                since, ends, more_used, more_reserved = RECORD.unpack(record)
                if not 0 < ends <= now:
                    opened = since
                    used += more_used
                    reserved += more_reserved
            transaction.put(key, RECORD.pack(opened, closes, used, reserved))


def free(transaction: Transaction, leases: Iterable[bytes]) -> None:
    """What these leases hold of CONCURRENT is given back; their other charges stay. Keys."""
    for lease in leases:
        value = transaction.get(lease)
        if value is None:
            continue  # settled meanwhile
        held = unpack_lease(value)
        charges = list(zip(held.units, held.opened, held.keys, strict=True))
        kept = [charge for charge in charges if charge[0] != CONCURRENT]
        if len(kept) == len(charges):
            continue
        for unit, opened, key in charges:
            if unit == CONCURRENT:
                _correct(transaction, key, opened, -1, 1)
        units, windows, keys = zip(*kept, strict=True) if kept else ((), (), ())
        left = held._replace(units=bytes(units), opened=windows, keys=keys)
        transaction.put(lease, pack_lease(left))


def _correct(transaction: Transaction, key: bytes, window: int, by: int, held: int) -> None:
    """In the window that was charged, or nowhere: `by` on what is used, `held` no longer reserved."""
    record = transaction.get(key)
    if record is None:
        return
    opened, closes, used, reserved = RECORD.unpack(record)
    if opened == window:
        used = min(used + by, LARGEST)
        transaction.put(key, RECORD.pack(opened, closes, used, reserved - held))


def _standing(used: int, closes: int, reserved: int, behind: int) -> Standing:
    """As the caller's clock will see it."""
    return Standing(used, closes - behind if closes else 0, reserved)
