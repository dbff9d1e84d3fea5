"""A ledger's store in memory, which fails when told to."""

from collections import Counter
from collections.abc import Collection, Sequence

from msgspec import structs

from trunkline.canon.errors import LedgerUnavailable
from trunkline.storage.base import LedgerStore
from trunkline.storage.records import (
    OPEN,
    AttemptRow,
    Batch,
    Position,
    RequestQuery,
    RequestRow,
    Spent,
    SpentQuery,
    StoredRequest,
    Totals,
    UsageQuery,
    UsageReport,
    WorkerFound,
)


class MemoryStore:
    def __init__(self) -> None:
        self.requests: dict[str, RequestRow] = {}
        self.attempts: dict[tuple[str, int], AttemptRow] = {}
        self.positions: dict[str, Position] = {}
        self.leases: dict[str, tuple[str, int]] = {}
        self.last_seen: dict[str, int] = {}
        self.prepared: list[int] = []
        self.unrolled = 0
        """Steps that `backfill` will take."""
        self.applied = 0
        self.failing = False
        """Every method raises."""
        self.forgets_to_tell = False
        """`apply` does its work, then raises: an answer lost on its way."""

    async def apply(self, batch: Batch) -> None:
        self._check()
        self.applied += 1
        for row in batch.requests:
            known = self.requests.get(row.request_id)
            if known is None or (known.status == OPEN and row.status != OPEN):
                self.requests[row.request_id] = row
        for tried in batch.attempts:
            key = (tried.request_id, tried.attempt)
            before = self.attempts.get(key)
            if before is None or (before.status == OPEN and tried.status != OPEN):
                self.attempts[key] = tried
        self.positions[batch.worker] = batch.position
        if self.forgets_to_tell:
            raise LedgerUnavailable("no answer", detail="the line went dead")

    async def position(self, worker: str) -> Position | None:
        self._check()
        return self.positions.get(worker)

    async def open_workers(self) -> frozenset[str]:
        self._check()
        return frozenset(row.worker for row in self.requests.values() if row.status == OPEN)

    async def silent_workers(self, before: int) -> frozenset[str]:
        self._check()
        lately = {row.worker for row in self.requests.values() if row.received_at >= before}
        return await self.open_workers() - lately

    async def orphan(self, workers: Collection[str]) -> int:
        self._check()
        count = 0
        for name, row in self.requests.items():
            if row.worker in workers and row.status == OPEN:
                self.requests[name] = structs.replace(row, status="orphaned")
                count += 1
        return count

    async def forget(self, worker: str) -> None:
        self._check()
        self.positions.pop(worker, None)
        self.last_seen.pop(worker, None)

    async def seen(self, worker: str, now: int) -> None:
        self._check()
        self.last_seen[worker] = now

    async def workers(self) -> Sequence[WorkerFound]:
        self._check()
        left = Counter(row.worker for row in self.requests.values() if row.status == OPEN)
        names = sorted({*left, *self.last_seen})
        return [WorkerFound(name, self.last_seen.get(name, 0), left[name], 0) for name in names]

    async def release(self, workers: Collection[str]) -> None:
        self._check()
        self.leases = {
            name: lease for name, lease in self.leases.items() if lease[0] not in workers
        }
        self.last_seen = {one: at for one, at in self.last_seen.items() if one not in workers}

    async def request(self, request_id: str, tenant: str | None) -> StoredRequest | None:
        self._check()
        row = self.requests.get(request_id)
        if row is None or tenant not in (None, row.tenant):
            return None
        tries = sorted(key for key in self.attempts if key[0] == request_id)
        return StoredRequest(row, tuple(self.attempts[key] for key in tries))

    async def find(self, query: RequestQuery) -> Sequence[RequestRow]:
        raise NotImplementedError

    async def spent(self, query: SpentQuery) -> Sequence[Spent]:
        raise NotImplementedError

    async def backfill(self) -> bool:
        self._check()
        more = self.unrolled > 0
        self.unrolled -= more
        return more

    async def prepare(self, now: int) -> None:
        self._check()
        self.prepared.append(now)

    async def drop(self, before: int) -> bool:
        self._check()
        for name, row in self.requests.items():
            if row.received_at < before and row.status != OPEN:
                del self.requests[name]
                return True
        return False

    async def lease(self, name: str, holder: str, now: int, until: int) -> bool:
        self._check()
        known, ends = self.leases.get(name, (holder, 0))
        if known != holder and ends > now:
            return False
        self.leases[name] = (holder, until)
        return True

    async def usage(self, query: UsageQuery) -> UsageReport:
        raise NotImplementedError

    async def totals(self) -> Totals:
        raise NotImplementedError

    def _check(self) -> None:
        if self.failing:
            raise LedgerUnavailable("not now", detail="the database is down")


_store: LedgerStore = MemoryStore()
