"""A ledger's store in memory, which fails when told to."""

from collections.abc import Collection

from msgspec import structs

from trunkline.canon.errors import LedgerUnavailable
from trunkline.storage.base import LedgerStore
from trunkline.storage.records import (
    OPEN,
    AttemptRow,
    Batch,
    Position,
    RequestRow,
    StoredRequest,
    Totals,
    UsageQuery,
    UsageReport,
)


class MemoryStore:
    def __init__(self) -> None:
        self.requests: dict[str, RequestRow] = {}
        self.attempts: dict[tuple[str, int], AttemptRow] = {}
        self.positions: dict[str, Position] = {}
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

    async def request(self, request_id: str, tenant: str | None) -> StoredRequest | None:
        self._check()
        row = self.requests.get(request_id)
        if row is None or tenant not in (None, row.tenant):
            return None
        tries = sorted(key for key in self.attempts if key[0] == request_id)
        return StoredRequest(row, tuple(self.attempts[key] for key in tries))

    async def usage(self, query: UsageQuery) -> UsageReport:
        raise NotImplementedError

    async def totals(self) -> Totals:
        raise NotImplementedError

    def _check(self) -> None:
        if self.failing:
            raise LedgerUnavailable("not now", detail="the database is down")


_store: LedgerStore = MemoryStore()
