"""PostgreSQL under the portable stores: three connections, so that none waits for another."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Final

import psycopg

from trunkline.kernel.clock import Clock
from trunkline.storage.postgres.connection import Address, Connection, PostgresThread
from trunkline.storage.sql.database import Database, ResultT, Row, Session, SqlValue, Work

# Said in each transaction and not once, for a pooler between us gives every one another session.
# Locks are waited for as long as SQLite's are.
_READ: Final = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = '{}s'"
)
# The server's own setting may be weaker: with `off`, 420 of 217,598 acknowledged transactions
# were gone after kills (measured 2026-11-21).
_WRITE: Final = (
    "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = on;"
    " SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '{}s'"
)
READ_TIMEOUT: Final = 10
REPORT_TIMEOUT: Final = 120
WRITE_TIMEOUT: Final = 30
_ALONE: Final = "SELECT pg_advisory_xact_lock($1)"
_PLACE: Final = re.compile(r"'[^']*'|\?|\bCAST\(sum\((\w+)\) AS BIGINT\)")


class PostgresSession:
    __slots__ = ("_cursor",)

    def __init__(self, connection: Connection) -> None:
        self._cursor = connection.cursor(binary=True)

    def all(self, sql: str, values: Sequence[SqlValue] = ()) -> list[Row]:
        self._execute(sql, values)
        return self._cursor.fetchall()

    def one(self, sql: str, values: Sequence[SqlValue] = ()) -> Row | None:
        self._execute(sql, values)
        return self._cursor.fetchone()

    def run(self, sql: str, values: Sequence[SqlValue] = ()) -> int:
        self._execute(sql, values)
        return self._cursor.rowcount

    def _execute(self, sql: str, values: Sequence[SqlValue]) -> None:
        statement = numbered(sql)
        try:
            self._cursor.execute(statement, values)
        except psycopg.DataError:
            # Found before anything is sent; a name that a client made up must not stop the books.
            plain = [without_nul(value) for value in values]
            if plain == list(values):
                raise
            self._cursor.execute(statement, plain)


class PostgresDatabase:
    def __init__(
        self, writer: PostgresThread, reader: PostgresThread, reports: PostgresThread
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._reports = reports

    async def read(self, work: Work[ResultT]) -> ResultT:
        return await self._reader.run(_READ.format(READ_TIMEOUT), _session(work))

    async def report(self, work: Work[ResultT]) -> ResultT:
        return await self._reports.run(_READ.format(REPORT_TIMEOUT), _session(work))

    async def write(self, work: Work[ResultT], *, alone: str = "") -> ResultT:
        def change(connection: Connection) -> ResultT:
            if alone:
                connection.execute(_ALONE, (lock_number(alone),))
            return work(PostgresSession(connection))

        return await self._writer.run(_WRITE.format(WRITE_TIMEOUT), change)

    async def aclose(self) -> None:
        for thread in (self._reports, self._reader, self._writer):
            await thread.aclose()

    def __repr__(self) -> str:
        return "<PostgresDatabase>"


def connected(address: Address, clock: Clock, topic: str = "") -> PostgresDatabase:
    """Connections are made when they are needed first. `topic`: for names of threads."""
    timeouts = {"writer": WRITE_TIMEOUT, "reader": READ_TIMEOUT, "reports": REPORT_TIMEOUT}
    return PostgresDatabase(
        *(
            PostgresThread(f"{topic}{name}", address, clock, timeout)
            for name, timeout in timeouts.items()
        )
    )


@lru_cache(maxsize=1024)
def numbered(sql: str) -> bytes:
    """
    PostgreSQL's own placeholders, $1 and up, for each `?` that is not in quotes.

    And its own aggregate for a sum that shall be a BIGINT (storage/sql/migrations/m012_sums.py).
    """
    parts: list[str] = []
    end = count = 0
    for match in _PLACE.finditer(sql):
        if match[0] == "?":
            count += 1
            parts += (sql[end : match.start()], f"${count}")
            end = match.end()
        elif match[1]:
            parts += (sql[end : match.start()], f"bigint_sum({match[1]})")
            end = match.end()
    return "".join((*parts, sql[end:])).encode()


def lock_number(name: str) -> int:
    """What stands for a name among PostgreSQL's advisory locks: 64 bits, the same everywhere."""
    digest = blake2b(name.encode(), digest_size=8, person=b"trunkline").digest()
    return int.from_bytes(digest, "big", signed=True)


def without_nul(value: SqlValue) -> SqlValue:
    """PostgreSQL's text holds every character but that one."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def _session(work: Work[ResultT]) -> Callable[[Connection], ResultT]:
    return lambda connection: work(PostgresSession(connection))


def _guards(database: PostgresDatabase, session: PostgresSession) -> tuple[Database, Session]:
    """Never called: a type error of either implementation shows here, in its own file."""
    return database, session
