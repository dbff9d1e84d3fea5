"""
Stored responses in SQLite: a file of their own, for they are large, and none of them is money.

NORMAL is enough here: a commit is in the kernel at once, and a power cut loses the last moments.
"""

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import apsw

from trunkline.storage.base import ResponseStore
from trunkline.storage.records import ResponseRecord
from trunkline.storage.sqlite.connection import (
    Options,
    SqliteThread,
    SqlValue,
    connect,
    transaction,
)

FILE: Final = "responses.db"
_OPTIONS: Final = Options(synchronous="NORMAL")
# Text like this is a third of its size already at the fastest level.
_LEVEL: Final = 1

_SCHEMA: Final = """
PRAGMA auto_vacuum = INCREMENTAL;
CREATE TABLE IF NOT EXISTS responses (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    previous_id TEXT,
    status TEXT NOT NULL,
    created_at REAL NOT NULL,   -- Unix seconds
    input BLOB NOT NULL,        -- this and the next three: zlib, RFC 1950
    body BLOB NOT NULL,
    events BLOB NOT NULL,
    job BLOB NOT NULL,
    attempts INTEGER NOT NULL,
    held_until REAL NOT NULL,   -- by the worker that makes it; 0: nobody does
    UNIQUE (tenant, id)
) STRICT;
CREATE INDEX IF NOT EXISTS responses_age ON responses (created_at);
CREATE INDEX IF NOT EXISTS responses_open ON responses (held_until)
    WHERE status IN ('queued', 'in_progress');
"""
_COLUMNS: Final = (
    "tenant, id, key_id, previous_id, status, created_at, input, body, events, job, attempts"
)
_OPEN: Final = "status IN ('queued', 'in_progress')"
_GET: Final = f"SELECT {_COLUMNS} FROM responses WHERE tenant = ? AND id = ?"  # noqa: S608 - our own names
_PUT: Final = (
    f"INSERT OR REPLACE INTO responses ({_COLUMNS}, held_until)"  # noqa: S608 - our own names
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_FINISH: Final = (
    "UPDATE responses SET status = ?, body = ?, events = ?, job = x'', held_until = 0"  # noqa: S608 - our own names
    f" WHERE tenant = ? AND id = ? AND {_OPEN}"
)
_CHAIN: Final = """
WITH RECURSIVE chain (depth, tenant, id, key_id, previous_id, status, created_at, input, body) AS (
    SELECT 0, tenant, id, key_id, previous_id, status, created_at, input, body
    FROM responses WHERE tenant = ?1 AND id = ?2
    UNION ALL
    SELECT depth + 1, r.tenant, r.id, r.key_id, r.previous_id, r.status, r.created_at, r.input,
        r.body
    FROM chain JOIN responses AS r ON r.tenant = ?1 AND r.id = chain.previous_id
    WHERE depth + 1 < ?3
)
SELECT tenant, id, key_id, previous_id, status, created_at, input, body FROM chain
ORDER BY depth DESC
"""
_CLAIM: Final = (
    "UPDATE responses SET held_until = ?2, attempts = attempts + 1 WHERE rowid = (SELECT rowid"  # noqa: S608 - our own names
    f" FROM responses WHERE {_OPEN} AND held_until < ?1 ORDER BY created_at LIMIT 1)"
    f" RETURNING {_COLUMNS}"
)
_HOLD: Final = (
    "UPDATE responses SET held_until = ?,"
    " status = CASE status WHEN 'queued' THEN 'in_progress' ELSE status END"
    " WHERE tenant = ? AND id = ? RETURNING status"
)
# Pages given back to the file system per sweep: 16 MiB.
_VACUUM: Final = "PRAGMA incremental_vacuum(4096)"


class SqliteResponseStore:
    """Writes in one thread, reads in another."""

    def __init__(self, folder: Path) -> None:
        path = folder / FILE
        self._writer, self._reader = (
            SqliteThread(f"responses-{name}", connect(path, _OPTIONS))
            for name in ("writer", "reader")
        )

    async def put(self, record: ResponseRecord, held_until: float = 0.0) -> None:
        def work(connection: apsw.Connection) -> None:
            connection.execute(_PUT, (*_values(record), held_until))

        await self._writer.run(work)

    async def get(self, tenant: str, response_id: str) -> ResponseRecord | None:
        def work(connection: apsw.Connection) -> ResponseRecord | None:
            row = connection.execute(_GET, (tenant, response_id)).fetchone()
            return None if row is None else _record(row)

        return await self._reader.run(work)

    async def chain(self, tenant: str, response_id: str, most: int) -> Sequence[ResponseRecord]:
        def work(connection: apsw.Connection) -> Sequence[ResponseRecord]:
            rows = connection.execute(_CHAIN, (tenant, response_id, most))
            return [_record((*row, _NOTHING, _NOTHING, 0)) for row in rows]

        return await self._reader.run(work)

    async def delete(self, tenant: str, response_id: str) -> bool:
        def work(connection: apsw.Connection) -> bool:
            connection.execute(
                "DELETE FROM responses WHERE tenant = ? AND id = ?", (tenant, response_id)
            )
            return bool(connection.changes())

        return await self._writer.run(work)

    async def finish(self, record: ResponseRecord) -> bool:
        def work(connection: apsw.Connection) -> bool:
            body, events = _pack(record.body), _pack(record.events)
            values = (record.status, body, events, record.tenant, record.id)
            connection.execute(_FINISH, values)
            return bool(connection.changes())

        return await self._writer.run(work)

    async def claim(self, now: float, until: float) -> ResponseRecord | None:
        def work(connection: apsw.Connection) -> ResponseRecord | None:
            with transaction(connection):
                row = connection.execute(_CLAIM, (now, until)).fetchone()
            return None if row is None else _record(row)

        return await self._writer.run(work)

    async def hold(self, tenant: str, response_id: str, until: float) -> str | None:
        def work(connection: apsw.Connection) -> str | None:
            row = connection.execute(_HOLD, (until, tenant, response_id)).fetchone()
            return None if row is None else str(row[0])

        return await self._writer.run(work)

    async def expire(self, before: float) -> int:
        def work(connection: apsw.Connection) -> int:
            connection.execute("DELETE FROM responses WHERE created_at < ?", (before,))
            dropped = connection.changes()
            connection.execute(_VACUUM).fetchall()
            return dropped

        return await self._writer.run(work)

    async def aclose(self) -> None:
        await self._reader.aclose()
        await self._writer.aclose()

    def __repr__(self) -> str:
        return f"<SqliteResponseStore {FILE}>"


def open_responses(folder: Path) -> SqliteResponseStore:
    """Raises apsw.Error and OSError."""
    connection = connect(folder / FILE, _OPTIONS)
    try:
        connection.execute(_SCHEMA)
    finally:
        connection.close()
    return SqliteResponseStore(folder)


def _values(record: ResponseRecord) -> tuple[SqlValue, ...]:
    return (
        record.tenant,
        record.id,
        record.key_id,
        record.previous_id,
        record.status,
        record.created_at,
        *map(_pack, (record.input, record.body, record.events, record.job)),
        record.attempts,
    )


def _record(row: tuple[SqlValue, ...]) -> ResponseRecord:
    tenant, response_id, key_id, previous_id, status, created_at, *bodies, attempts = row
    texts = [zlib.decompress(body) if isinstance(body, bytes) and body else b"" for body in bodies]
    return ResponseRecord(
        tenant=str(tenant),
        id=str(response_id),
        key_id=str(key_id),
        previous_id=None if previous_id is None else str(previous_id),
        status=str(status),
        created_at=created_at if isinstance(created_at, float) else 0.0,
        input=texts[0],
        body=texts[1],
        events=texts[2],
        job=texts[3],
        attempts=attempts if isinstance(attempts, int) else 0,
    )


def _pack(body: bytes) -> bytes:
    return zlib.compress(body, _LEVEL) if body else b""


_NOTHING: Final = b""


def _guard(store: SqliteResponseStore) -> ResponseStore:
    """Never called: a type error of the implementation shows here, in its own file."""
    return store
