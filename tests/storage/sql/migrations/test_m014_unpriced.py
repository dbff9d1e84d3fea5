"""Migration 14: sums of before are kept, and say that nothing was without a price."""

import asyncio
from pathlib import Path

from tests.ledger.making import FakeClock
from tests.storage.postgres.making import connection_to, database_at, empty_database
from tests.storage.postgres_server import PostgresServer
from tests.storage.rows import HOUR, NOON_MICROS, batch, request
from tests.storage.sql.books import run
from trunkline.storage.postgres.migrations import migrate as migrate_postgres
from trunkline.storage.records import UsageQuery
from trunkline.storage.sql.database import Database
from trunkline.storage.sql.ledger import SqlLedgerStore
from trunkline.storage.sqlite.backend import FILE, open_sqlite
from trunkline.storage.sqlite.connection import Options, connect
from trunkline.storage.sqlite.migrations import migrate

BEFORE = 13
NAMES = "'default', 'key1', '', 'mini', '', '', 'native', '', '', 'ok', 0"
OLD = "; ".join(
    f"INSERT INTO {table} VALUES ({NOON_MICROS}, {NAMES}, 2, 5, 0, 0, 0, 7, {'0, ' * 8}0, 0)"
    for table in ("usage_hours", "usage_days")
)


def expect(database: Database) -> None:
    """What comes now is counted beside what came then, in its own row or in another."""

    async def work(ledger: SqlLedgerStore) -> tuple[int, int]:
        now = request(1, status="ok", output=1)
        later = request(2, status="ok", output=1, received_at=NOON_MICROS + HOUR)
        await ledger.apply(batch((now, later)))
        query = UsageQuery(start=NOON_MICROS, end=NOON_MICROS + 2 * HOUR)
        total = (await ledger.usage(query)).total
        return total.requests, total.unpriced_requests

    assert (4, 2) == run(database, work)


def test_a_sqlite_of_before_counts_from_now_on(tmp_path: Path) -> None:
    """The sums that it had stand."""
    connection = connect(tmp_path / FILE, Options())
    assert BEFORE == migrate(connection, 1.0, upto=BEFORE)
    connection.execute(OLD)
    connection.close()

    storage = open_sqlite(tmp_path, FakeClock())
    expect(storage.database)
    asyncio.run(storage.aclose())


def test_a_postgres_of_before_counts_from_now_on(postgres: PostgresServer) -> None:
    """As a SQLite does."""
    url = empty_database(postgres, "before_unpriced")
    with connection_to(url) as connection:
        assert BEFORE == migrate_postgres(connection, 1.0, upto=BEFORE)
        connection.execute(OLD.encode())
        migrate_postgres(connection, 2.0)

    with database_at(url, FakeClock()) as database:
        expect(database)
