"""Tests of storage/sqlite/migrations.py: forward, once, with the data that is there."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw
import pytest

from trunkline.storage.base import StorageRefused
from trunkline.storage.holders import KeyRecord
from trunkline.storage.records import AttemptRow, RequestRow
from trunkline.storage.sql.history import MIGRATIONS
from trunkline.storage.sqlite.connection import Options, connect
from trunkline.storage.sqlite.migrations import migrate, schema_version

LATEST = MIGRATIONS[-1].version
KEY_AT_FIRST = "id, tenant, name, prefix, mac, scopes, models, created_at, expires_at, revoked_at"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[apsw.Connection]:
    connection = connect(tmp_path / "x.db", Options())
    yield connection
    connection.close()


def columns(connection: apsw.Connection, table: str) -> set[str]:
    return {str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})")}


def test_versions_are_numbered_without_a_gap() -> None:
    """A number says how many steps were taken."""
    assert list(range(1, LATEST + 1)) == [migration.version for migration in MIGRATIONS]


def test_a_fresh_database_gets_everything(connection: apsw.Connection) -> None:
    """The tables have the columns that the rows have fields."""
    assert LATEST == migrate(connection, 1.0)
    for table, row in (("keys", KeyRecord), ("requests", RequestRow), ("attempts", AttemptRow)):
        assert set(row.__struct_fields__) == columns(connection, table)


def test_the_first_version_is_brought_up_to_date_with_its_data(
    connection: apsw.Connection,
) -> None:
    """A database as version 1 left it keeps its keys and settings and gains the ledger."""
    assert 1 == migrate(connection, 1.0, upto=1)
    key = ("id1", "default", "n", "tl_id1", b"\1" * 32, '["chat:write"]', None, 5.0, None, 6.0)
    connection.execute(f"INSERT INTO keys VALUES ({','.join('?' * len(key))})", key)
    connection.execute("INSERT INTO settings VALUES ('a', x'0102')")

    assert LATEST == migrate(connection, 2.0)

    assert [key] == connection.execute(f"SELECT {KEY_AT_FIRST} FROM keys").fetchall()
    assert b"\1\2" == connection.execute("SELECT value FROM settings WHERE name = 'a'").get
    assert 0 == connection.execute("SELECT count(*) FROM requests").get
    assert [(1, 1.0), (2, 2.0)] == connection.execute(
        "SELECT version, applied_at FROM migrations ORDER BY version LIMIT 2"
    ).fetchall()


def test_migrating_again_changes_nothing(connection: apsw.Connection) -> None:
    """Every start migrates."""
    migrate(connection, 1.0)
    before = connection.execute("SELECT * FROM migrations").fetchall()

    assert LATEST == migrate(connection, 2.0)
    assert before == connection.execute("SELECT * FROM migrations").fetchall()


def test_workers_that_start_together_migrate_once(tmp_path: Path) -> None:
    """Each step is taken by whoever comes first, and the others find it done."""

    def start(_: int) -> int:
        connection = connect(tmp_path / "x.db", Options())
        try:
            return migrate(connection, 1.0)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert {LATEST} == set(pool.map(start, range(8)))


def test_a_step_that_fails_leaves_the_version_before(connection: apsw.Connection) -> None:
    """Half a migration is none: the table that stands in the way is all there is of the step."""
    migrate(connection, 1.0, upto=1)
    connection.execute("CREATE TABLE attempts (x)")

    with pytest.raises(apsw.SQLError, match="attempts"):
        migrate(connection, 2.0)

    assert 1 == schema_version(connection)
    assert set() == columns(connection, "requests")


def test_a_newer_schema_is_refused(connection: apsw.Connection) -> None:
    """The message tells both versions and what to do."""
    migrate(connection, 1.0)
    connection.execute("INSERT INTO migrations VALUES (?, 'future', 3.0)", (LATEST + 1,))

    with pytest.raises(StorageRefused, match=f"schema {LATEST + 1}, this one knows {LATEST}"):
        migrate(connection, 2.0)
