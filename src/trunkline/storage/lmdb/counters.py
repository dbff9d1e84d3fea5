"""The arithmetic of shared counters, each method within one transaction of LMDB."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from trunkline.canon.limit import Limit
from trunkline.storage.lmdb.lanes import BOTH, USED, Steps, lanes_of
from trunkline.storage.lmdb.layout import (
    CONCURRENT,
    LARGEST,
    NONE,
    lease_key,
    place_of,
)
from trunkline.storage.lmdb.plans import Plan, plan_of
from trunkline.storage.lmdb.records import (
    LEASE_HEAD,
    NO_PART,
    SLOTS_AT,
    Part,
    Slot,
    charges_of,
    closes_first,
    open_slots,
    pack_lease,
    pack_record,
    slots_of,
    unpack_lease,
    windows_in,
)
from trunkline.storage.lmdb.store import Transaction
from trunkline.storage.lmdb.ticks import Ticks
from trunkline.storage.state import Claim, Decision, Standing

_FREED = (0, 0, -BOTH, 0)


class Settlement(Struct, frozen=True, gc=False):
    lease: str
    tokens: int
    cost: int
    withdrawn: bool = False


class Counters:
    """One holder's hand on them."""

    __slots__ = ("_holder", "_ticks")

    def __init__(self, holder: str, ticks: Ticks) -> None:
        self._holder = holder.encode()
        self._ticks = ticks

    def admit(self, transaction: Transaction, claim: Claim) -> Decision:
        """Raises ValueError for a lease that is held."""
        now, behind = self._ticks.now(transaction)
        plan = plan_of(tuple(claim.limits))
        tokens, cost = _within(claim.tokens), _within(claim.cost)
        holder = self._holder
        lease = LEASE_HEAD.pack(now - behind, tokens, cost, len(holder))
        before: list[tuple[bytes, bytes | None]] = []
        told = []
        for part in plan.parts:  # in one pass: all that can be worked out before, is
            key, fit = part.key, part.fit
            found = record = transaction.get(key)
            if (
                record is None
                or len(record) != fit.size
                or not record.startswith(fit.names, SLOTS_AT)
                or closes_first(record) <= now
            ):
                record = part.renewed(record, now)
                fit = part.fit
            at = fit.counts_at
            counts = int.from_bytes(record[at:], "little")
            counts += fit.once + fit.tokens * tokens + fit.cost * cost
            if (fit.room - counts) & fit.guards != fit.guards:
                _undo(transaction, before)
                return self._refuse(transaction, claim, plan, now, behind)
            record = record[:at] + counts.to_bytes(fit.counts, "little")
            transaction.put(key, record)
            before.append((key, found))
            lease += part.lease + record[SLOTS_AT : fit.windows_until]
            told.append(fit.standings(record, behind))
        lease += holder if told else NO_PART + holder
        if not transaction.put(lease_key(claim.lease), lease, overwrite=False):
            raise ValueError(f"the lease {claim.lease} is held")
        return Decision([], plan.in_order(told))

    def _refuse(
        self, transaction: Transaction, claim: Claim, plan: Plan, now: int, behind: int
    ) -> Decision:
        """There is no room in some of them: which, and how all of them stand."""
        if transaction.get(lease_key(claim.lease)) is not None:
            raise ValueError(f"the lease {claim.lease} is held")
        amounts = (1, _within(claim.tokens), 1, _within(claim.cost))
        told = _standings(transaction, plan, now, behind)
        refused = [
            places[at]
            for part, places, some in zip(plan.parts, plan.places, told, strict=True)
            for at in part.full(some, amounts)
        ]
        return Decision(sorted(refused), plan.in_order(told))

    def settle(self, transaction: Transaction, settlement: Settlement) -> None:
        value = transaction.pop(lease_key(settlement.lease))
        if value is None:
            return
        tokens, cost, parts = charges_of(value)
        if settlement.withdrawn:
            steps = (-USED, -tokens * BOTH, -BOTH, -cost * BOTH)
        else:
            steps = (
                0,
                _within(settlement.tokens) - tokens * BOTH,
                -BOTH,
                _within(settlement.cost) - cost * BOTH,
            )
        for part in parts:
            _correct(transaction, part, steps)

    def look(
        self, transaction: Transaction, limits: Sequence[Limit]
    ) -> tuple[Sequence[Standing], bool]:
        """True beside them where time has moved on in a way that others must be told."""
        now, behind, moved = self._ticks.seen(transaction)
        plan = plan_of(tuple(limits))
        standings = plan.in_order(_standings(transaction, plan, now, behind))
        return standings, moved is not None

    def tell_time(self, transaction: Transaction, _: None) -> None:
        self._ticks.now(transaction)

    def restore(self, transaction: Transaction, counts: Mapping[str, Standing]) -> None:
        now, behind = self._ticks.now(transaction)
        for counter, standing in counts.items():
            closes = standing.closes + behind if standing.closes else 0
            if 0 < closes <= now:
                continue
            key, name = place_of(counter)
            slots = dict(open_slots(transaction.get(key), now))
            _, opened, _, used, reserved = slots.get(name, Slot(name, now, 0, 0, 0))
            used = _within(used + standing.used)
            reserved = min(reserved + standing.reserved, used)
            slots[name] = Slot(name, opened, closes, used, reserved)
            transaction.put(key, pack_record(slots.values()))


def free(transaction: Transaction, leases: Iterable[bytes]) -> None:
    """What these leases hold of CONCURRENT is given back; their other charges stay. Keys."""
    for held in leases:
        value = transaction.get(held)
        if value is None:
            continue  # settled meanwhile
        lease = unpack_lease(value)
        if not any(CONCURRENT in units for _, units, _ in lease.parts):
            continue
        for part in lease.parts:
            _correct(transaction, part, _FREED)
        left = [(key, units.translate(_WITHOUT), windows) for key, units, windows in lease.parts]
        transaction.put(held, pack_lease(lease._replace(parts=left)))


_WITHOUT = bytes(NONE if unit == CONCURRENT else unit for unit in range(256))


def _undo(transaction: Transaction, before: Iterable[tuple[bytes, bytes | None]]) -> None:
    for key, record in before:
        if record is None:
            transaction.delete(key)
        else:
            transaction.put(key, record)


def _within(amount: int) -> int:
    return amount if amount < LARGEST else LARGEST  # noqa: FURB136 - min() takes twice as long


def _correct(transaction: Transaction, part: Part, steps: Steps) -> None:
    """In those of its windows that are still open, and nowhere else."""
    key, units, windows = part
    lanes = lanes_of(units)
    if not steps[0] and not lanes.reserving:
        return  # requests stay counted
    record = transaction.get(key)
    if record is None:
        return
    if len(record) != lanes.size or not record.startswith(windows, SLOTS_AT):
        lanes = lanes_of(_realigned(part, record))
    transaction.put(key, lanes.changed(record, steps))


def _realigned(part: Part, record: bytes) -> bytes:
    """Its units, for the slots that the record has now: NONE where a window is not the one it was."""
    _, units, windows = part
    held = dict(zip(windows_in(windows), units, strict=True))
    return bytes(held.get((slot.name, slot.opened), NONE) for slot in slots_of(record))


def _standings(
    transaction: Transaction, plan: Plan, now: int, behind: int
) -> Sequence[Sequence[Standing]]:
    """Of each part's limits."""
    return [part.standings(transaction.get(part.key), now, behind) for part in plan.parts]
