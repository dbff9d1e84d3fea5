"""Tests of storage/sqlite/keys.py: keys and settings come back as they went in."""

from pathlib import Path

import msgspec
import pytest

from tests.storage.sqlite.making import with_storage
from trunkline.storage.records import KeyRecord, KeySet
from trunkline.storage.sqlite.backend import SqliteStorage
from trunkline.storage.sqlite.connection import Options

KEY = KeyRecord(
    id="abc",
    tenant="acme",
    name='it\'s "quoted"; DROP TABLE keys',
    prefix="tl_abc",
    mac=bytes(range(32)),
    scopes=("chat:write", "models:read"),
    models=("gpt-4o", "été"),
    created_at=1.25,
    expires_at=2.5,
)


@pytest.mark.parametrize(
    "key",
    (
        KEY,
        msgspec.structs.replace(KEY, models=None, expires_at=None, scopes=()),
        msgspec.structs.replace(KEY, models=(), revoked_at=9.75),
    ),
)
def test_a_key_comes_back_as_it_went_in(tmp_path: Path, key: KeyRecord) -> None:
    """No models at all is not the same as any model."""

    async def work(storage: SqliteStorage) -> tuple[bool, KeyRecord | None, KeySet]:
        added = await storage.keys.add(key)
        return added, await storage.keys.get(key.id), await storage.keys.load()

    assert (True, key, KeySet(2, (key,))) == with_storage(tmp_path, work)


def test_an_id_is_taken_once(tmp_path: Path) -> None:
    """The second key of an id is not added, and the first stays; nothing counts as changed."""

    async def work(storage: SqliteStorage) -> tuple[bool, KeySet]:
        await storage.keys.add(KEY)
        other = msgspec.structs.replace(KEY, tenant="thief")
        return await storage.keys.add(other), await storage.keys.load()

    assert (False, KeySet(2, (KEY,))) == with_storage(tmp_path, work)


def test_revoking_keeps_the_first_date(tmp_path: Path) -> None:
    """Revoking twice is no error; revoking nothing is told."""

    async def work(storage: SqliteStorage) -> tuple[bool, bool, bool, KeyRecord | None]:
        await storage.keys.add(KEY)
        return (
            await storage.keys.revoke("abc", 3.0),
            await storage.keys.revoke("abc", 4.0),
            await storage.keys.revoke("nobody", 5.0),
            await storage.keys.get("abc"),
        )

    expected = msgspec.structs.replace(KEY, revoked_at=3.0)
    assert (True, True, False, expected) == with_storage(tmp_path, work)


@pytest.mark.parametrize(("ends", "at"), ((None, 9.0), (2.5, 2.5), (20.0, 9.0)))
def test_a_successor_ends_the_old_key(tmp_path: Path, ends: float | None, at: float) -> None:
    """At the time that was asked for, unless its own end comes sooner."""
    old = msgspec.structs.replace(KEY, expires_at=ends)
    new = msgspec.structs.replace(KEY, id="new")

    async def work(storage: SqliteStorage) -> tuple[bool, KeySet]:
        await storage.keys.add(old)
        return await storage.keys.succeed(new, old.id, 9.0), await storage.keys.load()

    ended = msgspec.structs.replace(old, expires_at=at)
    assert (True, KeySet(3, (ended, new))) == with_storage(tmp_path, work)


def test_a_successor_whose_id_is_taken_ends_nothing(tmp_path: Path) -> None:
    """Both happen or neither."""

    async def work(storage: SqliteStorage) -> tuple[bool, KeySet]:
        await storage.keys.add(KEY)
        return await storage.keys.succeed(KEY, KEY.id, 2.0), await storage.keys.load()

    assert (False, KeySet(2, (KEY,))) == with_storage(tmp_path, work)


def test_every_change_is_seen_by_other_connections(tmp_path: Path) -> None:
    """The version grows with what another process adds or revokes, and with nothing else."""

    async def work(here: SqliteStorage) -> list[int]:
        versions = [await here.keys.version()]

        async def change(there: SqliteStorage) -> None:
            await there.keys.add(KEY)
            versions.append(await here.keys.version())
            await there.keys.revoke(KEY.id, 3.0)
            versions.append(await here.keys.version())
            await there.settings.put("a", b"b")
            versions.append(await here.keys.version())

        from_elsewhere = SqliteStorage(tmp_path / "trunkline.db", 0, Options())
        await change(from_elsewhere)
        await from_elsewhere.aclose()
        return versions

    assert [1, 2, 3, 3] == with_storage(tmp_path, work)


def test_settings_are_kept_and_replaced(tmp_path: Path) -> None:
    """Bytes come back as bytes, also after the store was closed; an unknown name is None."""

    async def write(storage: SqliteStorage) -> None:
        await storage.settings.put("a", b"\0\xff")
        await storage.settings.put("b", b"old")
        await storage.settings.put("b", b"")

    async def read(storage: SqliteStorage) -> list[bytes | None]:
        return [await storage.settings.get(name) for name in ("a", "b", "c")]

    with_storage(tmp_path, write)

    assert [b"\0\xff", b"", None] == with_storage(tmp_path, read)
