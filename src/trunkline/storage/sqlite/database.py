"""SQLite under the portable stores: three connections, so that none waits for another."""

from collections.abc import Callable, Sequence

import apsw

from trunkline.storage.sql.database import Database, ResultT, Row, Session, SqlValue, Work
from trunkline.storage.sqlite.connection import SqliteThread, transaction


class SqliteSession:
    __slots__ = ("_connection",)

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def all(self, sql: str, values: Sequence[SqlValue] = ()) -> list[Row]:
        return self._connection.execute(sql, values).fetchall()

    def one(self, sql: str, values: Sequence[SqlValue] = ()) -> Row | None:
        return self._connection.execute(sql, values).fetchone()

    def run(self, sql: str, values: Sequence[SqlValue] = ()) -> int:
        self._connection.execute(sql, values)
        return self._connection.changes()


class SqliteDatabase:
    def __init__(self, writer: SqliteThread, reader: SqliteThread, reports: SqliteThread) -> None:
        self._writer = writer
        self._reader = reader
        self._reports = reports

    async def read(self, work: Work[ResultT]) -> ResultT:
        return await self._reader.run(_snapshot(work))

    async def report(self, work: Work[ResultT]) -> ResultT:
        return await self._reports.run(_snapshot(work))

    async def write(self, work: Work[ResultT], *, alone: str = "") -> ResultT:
        """`alone` asks for nothing here: there is one writer at a time."""

        def change(connection: apsw.Connection) -> ResultT:
            with transaction(connection):
                return work(SqliteSession(connection))

        return await self._writer.run(change)

    async def aclose(self) -> None:
        for thread in dict.fromkeys((self._reports, self._reader, self._writer)):
            await thread.aclose()

    def __repr__(self) -> str:
        return "<SqliteDatabase>"


def _snapshot(work: Work[ResultT]) -> Callable[[apsw.Connection], ResultT]:
    def read(connection: apsw.Connection) -> ResultT:
        connection.execute("BEGIN")
        try:
            return work(SqliteSession(connection))
        finally:
            connection.execute("ROLLBACK")

    return read


def _guards(database: SqliteDatabase, session: SqliteSession) -> tuple[Database, Session]:
    """Never called: a type error of either implementation shows here, in its own file."""
    return database, session
