"""The stores over one PostgreSQL, and what is asked of its settings before it is trusted."""

from collections.abc import Mapping
from typing import Final

import psycopg

from trunkline.kernel.clock import Clock
from trunkline.storage.base import StorageRefused
from trunkline.storage.postgres.connection import Address, Connection
from trunkline.storage.postgres.database import connected
from trunkline.storage.postgres.migrations import migrate
from trunkline.storage.spec import Storage, StorageStatistics, Where
from trunkline.storage.sql.bodies import SqlBodyStore
from trunkline.storage.sql.idempotency import SqlIdempotency
from trunkline.storage.sql.keys import SqlKeyStore
from trunkline.storage.sql.ledger import SqlLedgerStore
from trunkline.storage.sql.responses import SqlResponseStore
from trunkline.storage.sql.settings import SqlSettingStore
from trunkline.storage.sql.tables import UNFINISHED, UNFINISHED_COPY

# The oldest that its makers still mend (postgresql.org/support/versioning, seen 2026-11-21), and
# that the tests run on.
MINIMUM_VERSION: Final = 15
_FINGERPRINT: Final = "pepper"
_UNFINISHED: Final = f"SELECT to_regclass('{UNFINISHED}')".encode()
_ASKED: Final = ("fsync", "full_page_writes", "server_encoding", "server_version")


class PostgresStorage:
    """Six connections at most: a long answer that is being stored holds up no ledger."""

    def __init__(
        self, address: Address, clock: Clock, version: str, schema: int, problems: tuple[str, ...]
    ) -> None:
        self._statistics = StorageStatistics("postgres", version, schema, problems)
        self._address = address
        self.database = connected(address, clock)
        self._responses = connected(address, clock, "responses-")
        self.keys = SqlKeyStore(self.database)
        self.settings = SqlSettingStore(self.database)
        self.ledger = SqlLedgerStore(self.database)
        self.responses = SqlResponseStore(self._responses)
        self.idempotency = SqlIdempotency(self._responses)
        self.bodies = SqlBodyStore(self._responses)

    def statistics(self) -> StorageStatistics:
        return self._statistics

    async def aclose(self) -> None:
        await self._responses.aclose()
        await self.database.aclose()

    def __repr__(self) -> str:
        return f"<PostgresStorage {self._address!r} schema {self._statistics.schema}>"


def open_postgres(where: Where, clock: Clock) -> PostgresStorage:
    """Raises StorageRefused: not there, not to be trusted, of a newer Trunkline, or of others."""
    address = Address(where.url)
    try:
        connection = address.connect()
        try:
            said = settings_of(connection)
            problems = examined(said)
            schema = migrate(connection, clock.unix())
            if connection.execute(_UNFINISHED).fetchone() != (None,):
                raise StorageRefused(UNFINISHED_COPY)
            if where.fingerprint:
                _recognise(connection, where)
        finally:
            connection.close()
    except psycopg.Error as error:
        raise StorageRefused(f"cannot open the database: {address.told(error)}") from None
    return PostgresStorage(address, clock, said["server_version"], schema, problems)


def _recognise(connection: Connection, where: Where) -> None:
    """The first to come leaves its fingerprint; who has another is refused."""
    connection.execute(
        "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        (_FINGERPRINT, where.fingerprint),
    )
    row = connection.execute(
        "SELECT value FROM settings WHERE name = $1", (_FINGERPRINT,)
    ).fetchone()
    if row is None or bytes(row[0]) != where.fingerprint:
        raise StorageRefused(
            f"{where.folder / 'pepper'} is not the pepper that the keys in this database were made"
            " with: copy the file `pepper` from the data folder of a gateway that uses the database"
            " (where none is left, docs/how-to.md says what to do)"
        )


def settings_of(connection: Connection) -> Mapping[str, str]:
    row = connection.execute(
        f"SELECT {', '.join(f'current_setting({name!r})' for name in _ASKED)}".encode()
    ).fetchone()
    return dict(zip(_ASKED, map(str, row or ()), strict=True))


def examined(said: Mapping[str, str]) -> tuple[str, ...]:
    """
    What is doubtful about these settings of the server.

    `synchronous_commit` is not among them: each transaction sets its own. Raises StorageRefused.
    """
    if int(said["server_version"].split(".")[0]) < MINIMUM_VERSION:
        raise StorageRefused(
            f"PostgreSQL {said['server_version']} is too old: {MINIMUM_VERSION} or later is needed"
        )
    if said["server_encoding"] != "UTF8":
        raise StorageRefused(
            f"the database's encoding is {said['server_encoding']}, which has no place for much of"
            " what clients write; make it with ENCODING 'UTF8'"
        )
    if said["fsync"] != "on":
        raise StorageRefused(
            "the PostgreSQL server runs with fsync = off: a crash of its machine may cost the"
            " whole ledger; turn it on"
        )
    if said["full_page_writes"] != "on":
        problem = (
            "PostgreSQL runs with full_page_writes = off: unless its file system writes whole"
            " pages or none (ZFS does), a crash of its machine can corrupt the database"
        )
        return (problem,)
    return ()


def _guard(storage: PostgresStorage) -> Storage:
    """Never called: a type error of the implementation shows here, in its own file."""
    return storage
