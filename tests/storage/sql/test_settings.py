"""Tests of storage/sql/settings.py: bytes by name."""

import asyncio

from trunkline.storage.sql.database import Database
from trunkline.storage.sql.settings import SqlSettingStore


def test_settings_are_kept_and_replaced(database: Database) -> None:
    """Bytes come back as bytes; an unknown name is None."""

    async def work() -> list[bytes | None]:
        settings = SqlSettingStore(database)
        await settings.put("a", b"\0\xff")
        await settings.put("b", b"old")
        await settings.put("b", b"")
        return [await settings.get(name) for name in ("a", "b", "c")]

    assert [b"\0\xff", b"", None] == asyncio.run(work())
