"""A store of keys in memory, which fails when told to."""

from msgspec import structs

from trunkline.canon.errors import LedgerUnavailable
from trunkline.storage.base import KeyStore
from trunkline.storage.records import KeyRecord, KeySet


class MemoryKeys:
    def __init__(self) -> None:
        self.records: dict[str, KeyRecord] = {}
        self.changes = 1
        self.loads = 0
        self.failing = False

    async def load(self) -> KeySet:
        self._check()
        self.loads += 1
        return KeySet(self.changes, tuple(self.records.values()))

    async def version(self) -> int:
        self._check()
        return self.changes

    async def add(self, key: KeyRecord) -> bool:
        self._check()
        if key.id in self.records:
            return False
        self.records[key.id] = key
        self.changes += 1
        return True

    async def succeed(self, key: KeyRecord, old_id: str, at: float) -> bool:
        if not await self.add(key):
            return False
        old = self.records[old_id]
        ends = at if old.expires_at is None else min(old.expires_at, at)
        self.records[old_id] = structs.replace(old, expires_at=ends)
        return True

    async def get(self, key_id: str) -> KeyRecord | None:
        self._check()
        return self.records.get(key_id)

    async def revoke(self, key_id: str, at: float) -> bool:
        self._check()
        if key_id not in self.records:
            return False
        self.records[key_id] = structs.replace(self.records[key_id], revoked_at=at)
        self.changes += 1
        return True

    def _check(self) -> None:
        if self.failing:
            raise LedgerUnavailable("not now", detail="the database is down")


_store: KeyStore = MemoryKeys()
