"""Every database that a store may stand on (see tests/storage/postgres_server.py)."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ledger.making import FakeClock
from tests.storage.postgres_server import PostgresServer, shared
from trunkline.storage.postgres.connection import Address
from trunkline.storage.postgres.database import connected
from trunkline.storage.sql.database import Database
from trunkline.storage.sqlite.backend import open_sqlite


@pytest.fixture(scope="session")
def hasty_postgres() -> Iterator[PostgresServer]:
    """
    One for hundreds of tests with a database each, which to sync would take them a minute.

    The gateway itself refuses to work on such a server.
    """
    yield from shared("fsync=off", "full_page_writes=off")


@pytest.fixture(params=("sqlite", "postgres"))
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Migrated and empty."""
    if request.param == "sqlite":
        storage = open_sqlite(tmp_path, FakeClock())
        yield storage.database
        asyncio.run(storage.aclose())
    else:
        postgres = request.getfixturevalue("hasty_postgres")
        url = postgres.fresh()
        database = connected(Address(url), FakeClock())
        yield database
        asyncio.run(database.aclose())
        postgres.drop(url)
