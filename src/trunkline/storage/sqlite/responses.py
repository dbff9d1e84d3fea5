"""
Stored responses in SQLite: a file of their own, for they are large, and none of them is money.

NORMAL is enough here: a commit is in the kernel at once, and a power cut loses the last moments.
"""

import asyncio
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

import apsw

from trunkline.canon.errors import TooLarge
from trunkline.storage.base import ResponseStore
from trunkline.storage.records import ResponseRecord
from trunkline.storage.sqlite.connection import (
    Options,
    SqliteThread,
    SqlValue,
    connect,
    transaction,
)

PackedT = TypeVar("PackedT")

FILE: Final = "responses.db"
_OPTIONS: Final = Options(synchronous="NORMAL", shrinks=True)
# Text like this is a third of its size already at the fastest level.
_LEVEL: Final = 1
# What takes longer than a few milliseconds to pack is not packed where others wait to write.
_LARGE: Final = 256 << 10
# Rows dropped at a time, so that whoever stores an answer meanwhile hardly waits.
_SWEPT: Final = 200

_SCHEMA: Final = """
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
CREATE TABLE IF NOT EXISTS items (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    response_id TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS items_of ON items (tenant, response_id);
CREATE TRIGGER IF NOT EXISTS responses_gone AFTER DELETE ON responses BEGIN
    DELETE FROM items WHERE tenant = old.tenant AND response_id = old.id;
END;
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
WITH RECURSIVE chain (depth, id, previous_id) AS (
    SELECT 0, id, previous_id FROM responses WHERE tenant = ?1 AND id = ?2
    UNION ALL
    SELECT depth + 1, r.id, r.previous_id
    FROM chain JOIN responses AS r ON r.tenant = ?1 AND r.id = chain.previous_id
    WHERE depth + 1 < ?3
)
SELECT id FROM chain ORDER BY depth
"""
_TURN: Final = (
    "SELECT tenant, id, key_id, previous_id, status, created_at, input, body, x'', x'', 0"
    " FROM responses WHERE tenant = ? AND id = ?"
)
_ITEM: Final = "INSERT OR REPLACE INTO items (tenant, id, response_id) VALUES (?, ?, ?)"
_HOLDER: Final = "SELECT response_id FROM items WHERE tenant = ? AND id = ?"
_CLAIM: Final = (
    "UPDATE responses SET held_until = ?2, attempts = attempts + 1 WHERE rowid = (SELECT rowid"  # noqa: S608 - our own names
    f" FROM responses WHERE {_OPEN} AND held_until < ?1 ORDER BY created_at LIMIT 1)"
    f" RETURNING {_COLUMNS}"
)
_HOLD: Final = (
    "UPDATE responses SET held_until = ?,"
    " status = CASE status WHEN 'queued' THEN 'in_progress' ELSE status END"
    " WHERE tenant = ? AND id = ? AND attempts = ? RETURNING status"
)
_LET_GO: Final = (
    "UPDATE responses SET held_until = 0, attempts = attempts - 1"  # noqa: S608 - our own names
    f" WHERE tenant = ? AND id = ? AND attempts = ? AND {_OPEN}"
)
_EXPIRE: Final = (
    "DELETE FROM responses WHERE rowid IN (SELECT rowid FROM responses"  # noqa: S608 - our own names
    f" WHERE created_at < ? AND NOT {_OPEN} LIMIT ?)"
)
# Pages given back to the file system per sweep: 16 MiB.
_VACUUM: Final = "PRAGMA incremental_vacuum(4096)"
_TOO_LARGE: Final = "What was said before is larger than {} bytes; begin a new conversation."


class SqliteResponseStore:
    """Writes in one thread, reads in another."""

    def __init__(self, folder: Path) -> None:
        path = folder / FILE
        self._writer, self._reader = (
            SqliteThread(f"responses-{name}", connect(path, _OPTIONS))
            for name in ("writer", "reader")
        )

    async def put(self, record: ResponseRecord, held_until: float = 0.0) -> None:
        packed = await _packed(record, _values)

        def work(connection: apsw.Connection) -> None:
            values = _values(record) if packed is None else packed
            with transaction(connection):
                connection.execute(_PUT, (*values, held_until))
                _enter(connection, record)

        await self._writer.run(work)

    async def get(self, tenant: str, response_id: str) -> ResponseRecord | None:
        def work(connection: apsw.Connection) -> ResponseRecord | None:
            row = connection.execute(_GET, (tenant, response_id)).fetchone()
            return None if row is None else _record(row)

        return await self._reader.run(work)

    async def chain(
        self, tenant: str, response_id: str, most: int, most_bytes: int
    ) -> Sequence[ResponseRecord]:
        def work(connection: apsw.Connection) -> Sequence[ResponseRecord]:
            left, turns = most_bytes, []
            ids = connection.execute(_CHAIN, (tenant, response_id, most)).fetchall()
            for (turn_id,) in ids:
                row = connection.execute(_TURN, (tenant, turn_id)).fetchone()
                if row is None:  # deleted a moment ago
                    break
                turn = _record(row)
                left -= len(turn.input) + len(turn.body)
                if left < 0:
                    raise TooLarge(_TOO_LARGE.format(most_bytes), param="previous_response_id")
                turns.append(turn)
            return turns[::-1]

        return await self._reader.run(work)

    async def holding(self, tenant: str, items: Sequence[str]) -> Sequence[ResponseRecord]:
        def work(connection: apsw.Connection) -> Sequence[ResponseRecord]:
            found = (connection.execute(_HOLDER, (tenant, item)).fetchone() for item in items)
            holders = dict.fromkeys(row[0] for row in found if row is not None)
            rows = (connection.execute(_TURN, (tenant, one)).fetchone() for one in holders)
            return [_record(row) for row in rows if row is not None]

        return await self._reader.run(work)

    async def delete(self, tenant: str, response_id: str) -> bool:
        def work(connection: apsw.Connection) -> bool:
            connection.execute(
                "DELETE FROM responses WHERE tenant = ? AND id = ?", (tenant, response_id)
            )
            return bool(connection.changes())

        return await self._writer.run(work)

    async def finish(self, record: ResponseRecord) -> bool:
        packed = await _packed(record, _ending)

        def work(connection: apsw.Connection) -> bool:
            values = _ending(record) if packed is None else packed
            with transaction(connection):
                connection.execute(_FINISH, values)
                if not connection.changes():
                    return False
                _enter(connection, record)
            return True

        return await self._writer.run(work)

    async def claim(self, now: float, until: float) -> ResponseRecord | None:
        def work(connection: apsw.Connection) -> ResponseRecord | None:
            with transaction(connection):
                row = connection.execute(_CLAIM, (now, until)).fetchone()
            return None if row is None else _record(row)

        return await self._writer.run(work)

    async def hold(self, record: ResponseRecord, until: float) -> str | None:
        def work(connection: apsw.Connection) -> str | None:
            row = connection.execute(_HOLD, (until, *_of(record))).fetchone()
            return None if row is None else str(row[0])

        return await self._writer.run(work)

    async def let_go(self, record: ResponseRecord) -> None:
        def work(connection: apsw.Connection) -> None:
            connection.execute(_LET_GO, _of(record))

        await self._writer.run(work)

    async def expire(self, before: float) -> int:
        def work(connection: apsw.Connection) -> int:
            connection.execute(_EXPIRE, (before, _SWEPT))
            dropped = connection.changes()
            if not dropped:
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


async def _packed(
    record: ResponseRecord, pack: Callable[[ResponseRecord], PackedT]
) -> PackedT | None:
    """A large one, packed in a thread of its own; None: it is small, and packed where it is written."""
    size = len(record.input) + len(record.body) + len(record.events) + len(record.job)
    return None if size < _LARGE else await asyncio.to_thread(pack, record)


def _ending(record: ResponseRecord) -> tuple[SqlValue, ...]:
    """In the order of _FINISH."""
    body, events = _pack(record.body), _pack(record.events)
    return record.status, body, events, record.tenant, record.id


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


def _of(record: ResponseRecord) -> tuple[str, str, int]:
    return record.tenant, record.id, record.attempts


def _enter(connection: apsw.Connection, record: ResponseRecord) -> None:
    """So that the response is found by its items."""
    rows = [(record.tenant, item, record.id) for item in record.items]
    connection.executemany(_ITEM, rows)


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


def _guard(store: SqliteResponseStore) -> ResponseStore:
    """Never called: a type error of the implementation shows here, in its own file."""
    return store
