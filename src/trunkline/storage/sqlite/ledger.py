"""The ledger's rows in SQLite: written in batches, looked up by request id."""

from collections.abc import Collection, Sequence
from typing import TypeVar

import apsw
import msgspec

from trunkline.canon.exchange import Status
from trunkline.storage.base import LedgerStore
from trunkline.storage.records import (
    OPEN,
    AttemptRow,
    Batch,
    Position,
    RequestRow,
    StoredRequest,
    Totals,
    UsageColumns,
    UsageQuery,
    UsageReport,
)
from trunkline.storage.sqlite.connection import SqliteThread, SqlValue, transaction
from trunkline.storage.sqlite.usage import as_int, totals, usage

RowT = TypeVar("RowT", bound=UsageColumns)

# Each step of a statement gives up the interpreter's lock and must win it back from a busy
# event loop; many rows a step cost that once (9.4 -> 6 us a request, 2026-11-21). Longer
# texts than these would not stay in apsw's cache of prepared statements.
_CHUNKS = (64, 8, 1)


def _upsert(table: str, row: type[UsageColumns], key: tuple[str, ...], count: int) -> str:
    columns = row.__struct_fields__
    one = f"({', '.join('?' * len(columns))})"
    changes = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in key)
    return (
        f"INSERT INTO {table} ({', '.join(columns)})"  # noqa: S608 - our own names
        f" VALUES {', '.join([one] * count)}"
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"
        f" WHERE {table}.status = '{OPEN}' AND excluded.status <> '{OPEN}'"
    )


_REQUEST_KEY = ("request_id",)
_ATTEMPT_KEY = ("request_id", "attempt")
_REQUEST_UPSERTS = {n: _upsert("requests", RequestRow, _REQUEST_KEY, n) for n in _CHUNKS}
_ATTEMPT_UPSERTS = {n: _upsert("attempts", AttemptRow, _ATTEMPT_KEY, n) for n in _CHUNKS}
_REQUEST_SELECT = (
    f"SELECT {', '.join(RequestRow.__struct_fields__)}"  # noqa: S608 - our own names
    " FROM requests WHERE request_id = ?1 AND (?2 IS NULL OR tenant = ?2)"
)
_ATTEMPT_SELECT = (
    f"SELECT {', '.join(AttemptRow.__struct_fields__)}"  # noqa: S608 - our own names
    " FROM attempts WHERE request_id = ? ORDER BY attempt"
)
_MOVE = (
    'INSERT INTO journals (worker, segment, "offset") VALUES (?, ?, ?) ON CONFLICT (worker)'
    ' DO UPDATE SET segment = excluded.segment, "offset" = excluded."offset"'
    ' WHERE (excluded.segment, excluded."offset") > (journals.segment, journals."offset")'
)


class SqliteLedgerStore:
    """Writes in one thread, looks up in a second, adds up in a third: none waits for another."""

    def __init__(self, writer: SqliteThread, reader: SqliteThread, reports: SqliteThread) -> None:
        self._writer = writer
        self._reader = reader
        self._reports = reports

    async def apply(self, batch: Batch) -> None:
        await self._writer.run(lambda connection: _apply(connection, batch))

    async def position(self, worker: str) -> Position | None:
        def work(connection: apsw.Connection) -> Position | None:
            row = connection.execute(
                'SELECT segment, "offset" FROM journals WHERE worker = ?', (worker,)
            ).fetchone()
            return None if row is None else Position(*map(as_int, row))

        return await self._reader.run(work)

    async def open_workers(self) -> frozenset[str]:
        def work(connection: apsw.Connection) -> frozenset[str]:
            rows = connection.execute(
                "SELECT worker FROM requests WHERE status = 'open'"
                " UNION SELECT worker FROM attempts WHERE status = 'open'"
            )
            return frozenset(str(worker) for (worker,) in rows)

        return await self._reader.run(work)

    async def orphan(self, workers: Collection[str]) -> int:
        return await self._writer.run(lambda connection: _orphan(connection, workers))

    async def forget(self, worker: str) -> None:
        def work(connection: apsw.Connection) -> None:
            connection.execute("DELETE FROM journals WHERE worker = ?", (worker,))

        await self._writer.run(work)

    async def request(self, request_id: str, tenant: str | None) -> StoredRequest | None:
        return await self._reader.run(lambda connection: _request(connection, request_id, tenant))

    async def usage(self, query: UsageQuery) -> UsageReport:
        return await self._reports.run(lambda connection: usage(connection, query))

    async def totals(self) -> Totals:
        return await self._reports.run(totals)


def _apply(connection: apsw.Connection, batch: Batch) -> None:
    with transaction(connection):
        _write(connection, _REQUEST_UPSERTS, batch.requests)
        _write(connection, _ATTEMPT_UPSERTS, batch.attempts)
        connection.execute(_MOVE, (batch.worker, batch.position.segment, batch.position.offset))


def _write(
    connection: apsw.Connection, upserts: dict[int, str], rows: Sequence[UsageColumns]
) -> None:
    start = 0
    for chunk in _CHUNKS:
        while start + chunk <= len(rows):
            values: list[SqlValue] = []
            for row in rows[start : start + chunk]:
                values += msgspec.structs.astuple(row)
            connection.execute(upserts[chunk], values)
            start += chunk


def _orphan(connection: apsw.Connection, workers: Collection[str]) -> int:
    orphaned = 0
    with transaction(connection):
        for worker in workers:
            values = (Status.ORPHANED.value, worker)
            connection.execute(
                "UPDATE attempts SET status = ? WHERE worker = ? AND status = 'open'", values
            )
            connection.execute(
                "UPDATE requests SET status = ? WHERE worker = ? AND status = 'open'", values
            )
            orphaned += connection.changes()
    return orphaned


def _request(
    connection: apsw.Connection, request_id: str, tenant: str | None
) -> StoredRequest | None:
    connection.execute("BEGIN")
    try:
        row = connection.execute(_REQUEST_SELECT, (request_id, tenant)).fetchone()
        if row is None:
            return None
        attempts = connection.execute(_ATTEMPT_SELECT, (request_id,)).fetchall()
    finally:
        connection.execute("COMMIT")
    return StoredRequest(
        _row(RequestRow, row), tuple(_row(AttemptRow, attempt) for attempt in attempts)
    )


def _row(kind: type[RowT], values: tuple[SqlValue, ...]) -> RowT:
    # Not strict: SQLite has no booleans.
    return msgspec.convert(
        dict(zip(kind.__struct_fields__, values, strict=True)), kind, strict=False
    )


def _guard(store: SqliteLedgerStore) -> LedgerStore:
    """Never called: a type error of the implementation shows here, in its own file."""
    return store
