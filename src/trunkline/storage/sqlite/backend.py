"""SQLite as the house's storage: one file in the data folder, many readers, one writer at a time."""

import asyncio
from pathlib import Path

import apsw

from trunkline.kernel.clock import Clock
from trunkline.storage.base import StorageRefused
from trunkline.storage.spec import Storage, StorageSpec, StorageStatistics, Where
from trunkline.storage.sql.keys import SqlKeyStore
from trunkline.storage.sql.ledger import SqlLedgerStore
from trunkline.storage.sql.responses import SqlResponseStore
from trunkline.storage.sql.settings import SqlSettingStore
from trunkline.storage.sql.tables import UNFINISHED, UNFINISHED_COPY
from trunkline.storage.sqlite.bodies import open_bodies
from trunkline.storage.sqlite.connection import Options, SqliteThread, check_version, connect
from trunkline.storage.sqlite.database import SqliteDatabase
from trunkline.storage.sqlite.idempotency import open_idempotency
from trunkline.storage.sqlite.migrations import migrate
from trunkline.storage.sqlite.responses import VACUUM, open_responses
from trunkline.storage.sqlite.saving import save
from trunkline.storage.sqlite.whole import FILE, begun, has_table, open_source, open_target
from trunkline.storage.whole import Advance, Source, Target

_SAFE = Options()


class SqliteStorage:
    """Three connections, each in its thread: one writes, one looks up, one adds up."""

    def __init__(self, path: Path, schema: int, options: Options) -> None:
        self._path = path
        self._schema = schema
        writer, reader, reports = (
            SqliteThread(name, connect(path, options)) for name in ("writer", "reader", "reports")
        )
        self.database = SqliteDatabase(writer, reader, reports)
        self.keys = SqlKeyStore(self.database)
        self.settings = SqlSettingStore(self.database)
        self.ledger = SqlLedgerStore(self.database)
        self._responses = open_responses(path.parent)
        self.responses = SqlResponseStore(self._responses, VACUUM)
        self.idempotency = open_idempotency(path.parent)
        self.bodies = open_bodies(path.parent)

    def statistics(self) -> StorageStatistics:
        return StorageStatistics("sqlite", apsw.sqlite_lib_version(), self._schema)

    async def aclose(self) -> None:
        await self.bodies.aclose()
        await self.idempotency.aclose()
        await self._responses.aclose()
        await self.database.aclose()

    def __repr__(self) -> str:
        return f"<SqliteStorage {self._path} schema {self._schema}>"


def open_sqlite(folder: Path, clock: Clock, options: Options = _SAFE) -> SqliteStorage:
    """Raises StorageRefused: SQLite too old, file of a newer Trunkline, or not usable at all."""
    check_version(apsw.sqlite_lib_version())
    path = folder / FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        connection = connect(path, options)
        try:
            schema = migrate(connection, clock.unix())
            if has_table(connection, UNFINISHED):
                raise StorageRefused(UNFINISHED_COPY)
        finally:
            connection.close()
        return SqliteStorage(path, schema, options)
    except (apsw.Error, OSError) as error:
        raise StorageRefused(f"cannot open the database {path}: {error}") from error


def _open(where: Where, clock: Clock) -> Storage:
    return open_sqlite(where.folder, clock)


def _examine(_: Where) -> None:
    check_version(apsw.sqlite_lib_version())


def _source(where: Where) -> Source:
    return open_source(where.folder)


def _target(where: Where, clock: Clock) -> Target:
    if not begun(where.folder):
        asyncio.run(open_sqlite(where.folder, clock).aclose())
    return open_target(where.folder)


def _save(where: Where, to: Path, tell: Advance) -> int:
    return save(where.folder, to, tell)


SPEC = StorageSpec("sqlite", (), _open, _examine, _source, _target, _save)
