"""A store of keys in memory, which fails when told to."""

from collections.abc import Callable, Sequence

from msgspec import structs

from trunkline.canon.errors import LedgerUnavailable
from trunkline.storage.base import KeyStore
from trunkline.storage.holders import Fact, KeyQuery, KeyRecord, KeySet, TellKey


class MemoryKeys:
    def __init__(self) -> None:
        self.records: dict[str, KeyRecord] = {}
        self.number = 1
        self.told: list[Fact] = []
        self.loads = 0
        self.failing = False

    async def load(self) -> KeySet:
        self._check()
        self.loads += 1
        return KeySet(self.number, tuple(self.records.values()))

    async def version(self) -> int:
        self._check()
        return self.number

    async def changes(self, since: int) -> None:
        self._check()

    async def add(self, key: KeyRecord, tell: TellKey) -> bool:
        self._check()
        if key.id in self.records:
            return False
        self.records[key.id] = key
        self.number += 1
        self.told.append(tell(key))
        return True

    async def succeed(self, key: KeyRecord, old_id: str, at: float, tell: TellKey) -> bool:
        if not await self.add(key, tell):
            return False
        old = self.records[old_id]
        ends = at if old.expires_at is None else min(old.expires_at, at)
        self.records[old_id] = structs.replace(old, expires_at=ends)
        return True

    async def get(self, key_id: str, tenant: str | None = None) -> KeyRecord | None:
        self._check()
        found = self.records.get(key_id)
        return None if found is None or tenant not in (None, found.tenant) else found

    async def find(self, query: KeyQuery) -> Sequence[KeyRecord]:
        """All of them: which are asked for is SQL's to say."""
        self._check()
        return tuple(self.records.values())[: query.most]

    async def amend(
        self, key_id: str, change: Callable[[KeyRecord], KeyRecord]
    ) -> KeyRecord | None:
        self._check()
        if key_id not in self.records:
            return None
        self.records[key_id] = change(self.records[key_id])
        self.number += 1
        return self.records[key_id]

    async def revoke(
        self, key_id: str, at: float, tell: TellKey, tenant: str | None = None
    ) -> bool:
        if await self.get(key_id, tenant) is None:
            return False
        self.records[key_id] = structs.replace(self.records[key_id], revoked_at=at)
        self.number += 1
        self.told.append(tell(self.records[key_id]))
        return True

    def _check(self) -> None:
        if self.failing:
            raise LedgerUnavailable("not now", detail="the database is down")


_store: KeyStore = MemoryKeys()
