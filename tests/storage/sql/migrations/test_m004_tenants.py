"""Migration 4: keys of before have tenants, and may do what they could."""

import asyncio
from pathlib import Path

from tests.ledger.making import FakeClock
from tests.storage.postgres.making import connection_to, database_at, empty_database
from tests.storage.postgres_server import PostgresServer
from trunkline.storage.holders import KeyRecord, KeySet, TenantRecord
from trunkline.storage.postgres.migrations import migrate as migrate_postgres
from trunkline.storage.sql.database import Database
from trunkline.storage.sql.keys import SqlKeyStore
from trunkline.storage.sqlite.backend import FILE, open_sqlite
from trunkline.storage.sqlite.connection import Options, connect
from trunkline.storage.sqlite.migrations import migrate

BEFORE = 3
COLUMNS = "id, tenant, name, prefix, mac, scopes, models, created_at, expires_at, revoked_at"
KEYS = (
    KeyRecord(
        id="a",
        tenant="acme",
        name="ci",
        prefix="tl_a",
        mac=bytes(range(32)),
        scopes=("chat:write",),
        models=("fast",),
        created_at=1_795_262_400.25,
        expires_at=1_795_262_500.5,
    ),
    KeyRecord(
        id="b",
        tenant="acme",
        name="old",
        prefix="tl_b",
        mac=bytes(32),
        created_at=1_795_262_401.0,
        revoked_at=1_795_262_402.0,
    ),
    KeyRecord(
        id="c",
        tenant="default",
        name="it's",
        prefix="tl_c",
        mac=b"\xff" * 32,
        created_at=1_795_262_403.0,
    ),
)
ROWS = [
    (
        *("a", "acme", "ci", "tl_a", bytes(range(32)), '["chat:write"]', '["fast"]'),
        1_795_262_400.25,
        1_795_262_500.5,
        None,
    ),
    ("b", "acme", "old", "tl_b", bytes(32), "[]", None, 1_795_262_401.0, None, 1_795_262_402.0),
    ("c", "default", "it's", "tl_c", b"\xff" * 32, "[]", None, 1_795_262_403.0, None, None),
]


def expect(database: Database) -> None:
    async def load() -> KeySet:
        return await SqlKeyStore(database).load()

    loaded = asyncio.run(load())

    assert KEYS == loaded.keys
    assert [
        TenantRecord(name="acme", created_at=1_795_262_400_250_000),
        TenantRecord(name="default", created_at=1_795_262_403_000_000),
    ] == sorted(loaded.tenants, key=lambda tenant: tenant.name)
    assert (7, [], []) == (loaded.version, loaded.users, loaded.subscriptions)


def test_a_sqlite_of_before_keeps_its_keys(tmp_path: Path) -> None:
    """Each as it was, its tenant a row with its first key's date; and others see the version."""
    connection = connect(tmp_path / FILE, Options())
    assert BEFORE == migrate(connection, 1.0, upto=BEFORE)
    marks = ", ".join("?" * 10)
    connection.executemany(f"INSERT INTO keys ({COLUMNS}) VALUES ({marks})", ROWS)
    connection.execute("UPDATE versions SET value = 7")
    connection.close()

    storage = open_sqlite(tmp_path, FakeClock())
    expect(storage.database)
    asyncio.run(storage.aclose())


def test_a_postgres_of_before_keeps_its_keys(postgres: PostgresServer) -> None:
    """As a SQLite does."""
    url = empty_database(postgres, "before_tenants")
    marks = ", ".join(f"${number}" for number in range(1, 11))
    with connection_to(url) as connection:
        assert BEFORE == migrate_postgres(connection, 1.0, upto=BEFORE)
        for row in ROWS:
            connection.execute(f"INSERT INTO keys ({COLUMNS}) VALUES ({marks})".encode(), row)
        connection.execute("UPDATE versions SET value = 7")
        migrate_postgres(connection, 2.0)

    with database_at(url, FakeClock()) as database:
        expect(database)
