"""A ledger of the version before rollups, with its rows, is brought up to date and added up."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.ledger.making import FakeClock
from tests.storage.postgres.making import connection_to, empty_database
from tests.storage.rows import HOUR, NOON_MICROS, batch, request
from tests.storage.sql.books import run
from tests.storage.sql.test_rollup import disagreements
from trunkline.storage.postgres.connection import Address
from trunkline.storage.postgres.database import connected
from trunkline.storage.postgres.migrations import migrate as migrate_postgres
from trunkline.storage.records import UsageQuery
from trunkline.storage.sql.database import Database
from trunkline.storage.sql.ledger import SqlLedgerStore
from trunkline.storage.sqlite.backend import FILE, open_sqlite
from trunkline.storage.sqlite.connection import Options, connect
from trunkline.storage.sqlite.migrations import migrate as migrate_sqlite

COUNT = 1200
BEFORE = 3
"""The last schema without rollups."""


def old_rows() -> str:
    """Statements as that version wrote them: a request every six minutes, each tenth one open."""
    requests, attempts = [], []
    for number in range(COUNT):
        status = "open" if number % 10 == 3 else "ok"
        cost = 0 if status == "open" else number
        at = NOON_MICROS + number * HOUR // 10
        tokens = f"{cost}, 0, 0, 0, 1, 0, 0, 0, {cost}"
        requests.append(
            f"('req_{number:05}', 'default', 'key{number % 7}', 'native', 'openai-chat', 'chat', 'mini',"
            f" 'openai', 'gpt', 0, '{status}', {at}, 1.5, 2.5, {tokens}, '', 0, 1, 0, '', 'w1')"
        )
        attempts.append(
            f"('req_{number:05}', 1, 'openai', 'gpt', 'openai/gpt', '{status}', {at}, 1.5, 2.5, '', NULL,"
            f" '', {tokens}, '', 0, 'w1')"
        )
    return (
        f"INSERT INTO requests VALUES {', '.join(requests)};"
        f" INSERT INTO attempts VALUES {', '.join(attempts)}"
    )


@pytest.fixture(params=("sqlite", "postgres"))
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Database]]:
    """Brings the old database up to date."""
    closing: list[Callable[[], object]] = []

    def sqlite() -> Database:
        connection = connect(tmp_path / FILE, Options())
        migrate_sqlite(connection, 1.0, upto=BEFORE)
        connection.execute(old_rows())
        connection.close()
        storage = open_sqlite(tmp_path, FakeClock())
        closing.append(lambda: asyncio.run(storage.aclose()))
        return storage.database

    def postgres() -> Database:
        url = empty_database(request.getfixturevalue("postgres"), "old")
        with connection_to(url) as connection:
            migrate_postgres(connection, 1.0, upto=BEFORE)
            connection.execute(old_rows().encode())
            migrate_postgres(connection, 2.0)
        database = connected(Address(url), FakeClock())
        closing.append(lambda: asyncio.run(database.aclose()))
        return database

    yield {"sqlite": sqlite, "postgres": postgres}[request.param]
    for close in closing:
        close()


def test_an_old_ledger_is_added_up(old: Callable[[], Database]) -> None:
    """In several pieces, with the traffic beside it; reports are right before, between and after."""
    database = old()

    async def work(ledger: SqlLedgerStore) -> tuple[set[tuple[int, int]], int]:
        async def look() -> tuple[int, int]:
            total = (await ledger.usage(UsageQuery(start=0, end=2 * NOON_MICROS))).total
            return total.requests, total.cost_nanousd

        seen, pieces = {await look()}, 0
        while await ledger.backfill():
            pieces += 1
            seen.add(await look())
        assert [] == await database.read(disagreements)
        # Its end arrives late, from the journal of the version before.
        done = request(3, request_id="req_00003", status="ok", received_at=NOON_MICROS)
        await ledger.apply(batch((done,)))
        await ledger.orphan(["w1"])
        assert [] == await database.read(disagreements)
        assert COUNT == (await ledger.totals()).attempts
        assert (COUNT, 0) == ((await look())[0], (await ledger.totals()).open)
        return seen, pieces

    ended = [number for number in range(COUNT) if number % 10 != 3]
    assert ({(len(ended), sum(ended))}, 6) == run(database, work)
