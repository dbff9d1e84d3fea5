"""The ledger's rows: written in batches, looked up by request id."""

from collections.abc import Callable, Collection, Iterator, Sequence

import msgspec

from trunkline.canon.exchange import Status
from trunkline.storage.base import LedgerStore
from trunkline.storage.records import (
    OPEN,
    AttemptRow,
    Batch,
    Position,
    RequestQuery,
    RequestRow,
    Spent,
    SpentQuery,
    StoredRequest,
    Totals,
    UsageColumns,
    UsageQuery,
    UsageReport,
    WorkerFound,
)
from trunkline.storage.sql.database import Database, Row, Session, SqlValue, as_int, as_text
from trunkline.storage.sql.partitions import drop_months, prepare
from trunkline.storage.sql.presence import gone, release, seen, workers
from trunkline.storage.sql.requests import find, stored
from trunkline.storage.sql.retention import drop, take
from trunkline.storage.sql.rollup import backfill, roll
from trunkline.storage.sql.spent import spent
from trunkline.storage.sql.totals import totals
from trunkline.storage.sql.usage import usage

# Each step of a statement gives up the interpreter's lock and must win it back from a busy
# event loop; many rows a step cost that once (9.4 -> 6 us a request, 2026-11-21). Longer
# texts than these would not stay in the databases' caches of prepared statements.
_CHUNKS = (64, 8, 1)
# Requests that one transaction gives their end, counts anew, or forgets. The writer is held for
# 1.5 to 2 ms by the last, p99 9 ms: a checkpoint of the log is in one of some 25. With 200 it was
# 4 ms, p99 18 (SQLite, 2026-11-21).
_ORPHANS = 256
_BACKFILL = 200
_DROPPED = 50
_SWEEPING = "ledger sweep"


class _Table:
    """How rows of one kind are written."""

    __slots__ = ("_flags", "_upserts", "_width")

    def __init__(self, name: str, row: type[UsageColumns], key: Sequence[str]) -> None:
        columns = row.__struct_fields__
        types = {field.name: field.type for field in msgspec.structs.fields(row)}
        self._width = len(columns)
        self._flags = [place for place, name in enumerate(columns) if types[name] is bool]
        one = f"({', '.join('?' * len(columns))})"
        changes = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in key)
        self._upserts = {
            count: f"INSERT INTO {name} ({', '.join(columns)})"  # noqa: S608 - our own names
            f" VALUES {', '.join([one] * count)}"
            f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"
            f" WHERE {name}.status = '{OPEN}' AND excluded.status <> '{OPEN}'"
            for count in _CHUNKS
        }

    def statements(self, rows: Sequence[Row]) -> Iterator[tuple[str, list[SqlValue], int]]:
        """With their values and the number of their rows, for all of these: structs as tuples."""
        start, width = 0, self._width
        for chunk in _CHUNKS:
            while start + chunk <= len(rows):
                values: list[SqlValue] = []
                for row in rows[start : start + chunk]:
                    values += row
                # The schema has no booleans, and PostgreSQL tells them from integers.
                for flag in self._flags:
                    values[flag::width] = [1 if value else 0 for value in values[flag::width]]
                yield self._upserts[chunk], values, chunk
                start += chunk


_REQUESTS = _Table("requests", RequestRow, ("request_id",))
_ATTEMPTS = _Table("attempts", AttemptRow, ("request_id", "attempt"))
# A row comes back when it was added, or has just reached its end.
_TELLING = " RETURNING request_id, status"
_ID, _STATUS = map(RequestRow.__struct_fields__.index, ("request_id", "status"))
_REQUEST_SELECT = (
    f"SELECT {', '.join(RequestRow.__struct_fields__)}"  # noqa: S608 - our own names
    " FROM requests WHERE request_id = ?"
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


class _KnownBefore(Exception):
    """Some row of a batch was there already, with an end or still without one."""


class SqlLedgerStore:
    """Over any database of the house."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def apply(self, batch: Batch) -> None:
        try:
            await self._database.write(lambda session: _apply(session, batch, _all_ended))
        except _KnownBefore:
            await self._database.write(lambda session: _apply(session, batch, _just_ended))

    async def position(self, worker: str) -> Position | None:
        def work(session: Session) -> Position | None:
            row = session.one('SELECT segment, "offset" FROM journals WHERE worker = ?', (worker,))
            return None if row is None else Position(*map(as_int, row))

        return await self._database.read(work)

    async def open_workers(self) -> frozenset[str]:
        def work(session: Session) -> frozenset[str]:
            rows = session.all(
                "SELECT worker FROM requests WHERE status = 'open'"
                " UNION SELECT worker FROM attempts WHERE status = 'open'"
            )
            return frozenset(as_text(worker) for (worker,) in rows)

        return await self._database.read(work)

    async def silent_workers(self, before: int) -> frozenset[str]:
        def work(session: Session) -> frozenset[str]:
            rows = session.all(
                "SELECT worker FROM requests WHERE status = 'open'"
                " GROUP BY worker HAVING max(received_at) < ?",
                (before,),
            )
            return frozenset(as_text(worker) for (worker,) in rows)

        return await self._database.read(work)

    async def orphan(self, workers: Collection[str]) -> int:
        orphaned = 0
        for worker in workers:
            while some := await self._database.write(lambda session: _orphan(session, worker)):  # noqa: B023 - awaited before the next worker
                orphaned += some
        return orphaned

    async def forget(self, worker: str) -> None:
        await self._database.write(lambda session: gone(session, worker))

    async def seen(self, worker: str, now: int) -> None:
        await self._database.write(lambda session: seen(session, worker, now))

    async def workers(self) -> Sequence[WorkerFound]:
        return await self._database.read(workers)

    async def release(self, workers: Collection[str]) -> None:
        await self._database.write(lambda session: release(session, workers), alone=_SWEEPING)

    async def request(self, request_id: str, tenant: str | None) -> StoredRequest | None:
        return await self._database.read(lambda session: _request(session, request_id, tenant))

    async def usage(self, query: UsageQuery) -> UsageReport:
        return await self._database.report(lambda session: usage(session, query))

    async def totals(self) -> Totals:
        return await self._database.report(totals)

    async def spent(self, query: SpentQuery) -> Sequence[Spent]:
        return await self._database.report(lambda session: spent(session, query))

    async def backfill(self) -> bool:
        return await self._database.write(
            lambda session: backfill(session, _BACKFILL), alone=_SWEEPING
        )

    async def find(self, query: RequestQuery) -> Sequence[RequestRow]:
        return await self._database.report(lambda session: find(session, query))

    async def prepare(self, now: int) -> None:
        await self._database.write(lambda session: prepare(session, now), alone=_SWEEPING)

    async def drop(self, before: int) -> bool:
        def work(session: Session) -> bool:
            return drop_months(session, before) or drop(session, before, _DROPPED)

        return await self._database.write(work, alone=_SWEEPING)

    async def lease(self, name: str, holder: str, now: int, until: int) -> bool:
        return await self._database.write(
            lambda session: take(session, name, holder, now, until), alone=_SWEEPING
        )

    def __repr__(self) -> str:
        return f"<SqlLedgerStore over {self._database!r}>"


def _apply(session: Session, batch: Batch, write: Callable[[Session, list[Row]], None]) -> None:
    write(session, [msgspec.structs.astuple(row) for row in batch.requests])
    attempts = [msgspec.structs.astuple(row) for row in batch.attempts]
    for sql, values, _ in _ATTEMPTS.statements(attempts):
        session.run(sql, values)
    session.run(_MOVE, (batch.worker, batch.position.segment, batch.position.offset))


def _all_ended(session: Session, rows: list[Row]) -> None:
    """
    The usual batch: every row that has an end did not have it before.

    Raises _KnownBefore where that is not so. To ask which ones are new costs 1.2 us a request, and
    4 beside a busy event loop (2026-11-21).
    """
    for sql, values, count in _REQUESTS.statements(rows):
        if session.run(sql, values) != count:
            raise _KnownBefore
    roll(session, [row for row in rows if row[_STATUS] != OPEN])


def _just_ended(session: Session, rows: list[Row]) -> None:
    """A batch of which something was written before: a journal read again, after a crash."""
    ended = set[SqlValue]()
    for sql, values, _ in _REQUESTS.statements(rows):
        told = session.all(sql + _TELLING, values)
        ended.update(request_id for request_id, status in told if status != OPEN)
    roll(session, [row for row in rows if row[_ID] in ended])


def _orphan(session: Session, worker: str) -> int:
    """Some of the requests this worker left open, with their attempts; then attempts that are left."""
    rows = session.all(
        "SELECT request_id FROM requests WHERE worker = ? AND status = 'open' LIMIT ?",
        (worker, _ORPHANS),
    )
    if not rows:
        session.run(
            "UPDATE attempts SET status = ? WHERE worker = ? AND status = 'open'",
            (Status.ORPHANED.value, worker),
        )
        return 0
    left = [request_id for (request_id,) in rows]
    these = f"request_id IN ({', '.join('?' * len(left))}) AND status = 'open'"
    ended = session.all(
        f"UPDATE requests SET status = ?, rolled = 1 WHERE {these}"  # noqa: S608 - question marks
        f" RETURNING {', '.join(RequestRow.__struct_fields__)}",
        (Status.ORPHANED.value, *left),
    )
    session.run(
        f"UPDATE attempts SET status = ? WHERE {these}",  # noqa: S608 - as above
        (Status.ORPHANED.value, *left),
    )
    roll(session, ended)
    return len(ended)


def _request(session: Session, request_id: str, tenant: str | None) -> StoredRequest | None:
    row = session.one(_REQUEST_SELECT, (request_id,))
    if row is None:
        return None
    request = stored(RequestRow, row)
    if tenant not in (None, request.tenant):
        return None
    attempts = session.all(_ATTEMPT_SELECT, (request_id,))
    return StoredRequest(request, tuple(stored(AttemptRow, attempt) for attempt in attempts))


def _guard(store: SqlLedgerStore) -> LedgerStore:
    """Never called: a type error of the implementation shows here, in its own file."""
    return store
