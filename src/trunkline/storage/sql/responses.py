"""
Stored responses: texts packed, found by id, by item and in chains; large, and none of them is money.

In SQLite they have a file of their own (docs/adr/0012), in PostgreSQL connections of their own.
"""

import asyncio
import zlib
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from trunkline.canon.errors import TooLarge
from trunkline.storage.base import ResponseStore
from trunkline.storage.records import ResponseRecord
from trunkline.storage.sql.database import Database, Row, Session, SqlValue

PackedT = TypeVar("PackedT")

# Text like this is a third of its size already at the fastest level.
_LEVEL: Final = 1
# What takes longer than a few milliseconds to pack is not packed where others wait to write.
_LARGE: Final = 256 << 10
# Of an item's id. Clients make some up, and PostgreSQL's indexes take 2704 bytes an entry at most
# (postgresql.org/docs/15/btree.html, seen 2026-11-21); the longest of any provider has some 100.
_LONGEST_ID: Final = 512
# Rows dropped at a time, so that whoever stores an answer meanwhile hardly waits.
_SWEPT: Final = 200

_COLUMNS: Final = (
    "tenant, id, key_id, previous_id, status, created_at, input, body, events, job, attempts"
)
_TEXTS: Final = "tenant, id, key_id, previous_id, status, created_at, input, body"
_OPEN: Final = "status IN ('queued', 'in_progress')"
_GET: Final = f"SELECT {_COLUMNS} FROM responses WHERE tenant = ? AND id = ?"  # noqa: S608 - our own names
_CHANGED: Final = ", ".join(
    f"{name} = excluded.{name}" for name in (*_COLUMNS.split(", ")[2:], "held_until")
)
_PUT: Final = (
    f"INSERT INTO responses ({_COLUMNS}, held_until)"  # noqa: S608 - our own names
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    f" ON CONFLICT (tenant, id) DO UPDATE SET {_CHANGED}"
)
_FINISH: Final = (
    "UPDATE responses SET status = ?, body = ?, events = ?, job = ?, held_until = 0"  # noqa: S608 - our own names
    f" WHERE tenant = ? AND id = ? AND {_OPEN}"
)
_TELL: Final = (
    "UPDATE responses SET body = ?, events = ?"
    " WHERE tenant = ? AND id = ? AND attempts = ? AND status = 'cancelled'"
)
_CHAIN: Final = """
WITH RECURSIVE chain (depth, id, previous_id) AS (
    SELECT 0, id, previous_id FROM responses WHERE tenant = ? AND id = ?
    UNION ALL
    SELECT depth + 1, r.id, r.previous_id
    FROM chain JOIN responses AS r ON r.tenant = ? AND r.id = chain.previous_id
    WHERE depth + 1 < ?
)
SELECT id FROM chain ORDER BY depth
"""
_TURN: Final = f"SELECT {_TEXTS} FROM responses WHERE tenant = ? AND id = ?"  # noqa: S608 - our own names
_ITEM: Final = (
    "INSERT INTO items (tenant, id, response_id) VALUES (?, ?, ?)"
    " ON CONFLICT (tenant, id) DO UPDATE SET response_id = excluded.response_id"
)
_HOLDER: Final = "SELECT response_id FROM items WHERE tenant = ? AND id = ?"
# What is asked of the row is asked twice: PostgreSQL asks the outer part again, and no other, where
# somebody changed the row meanwhile.
_CLAIM: Final = (
    "UPDATE responses SET held_until = ?, attempts = attempts + 1 WHERE (tenant, id) ="  # noqa: S608 - our own names
    f" (SELECT tenant, id FROM responses WHERE {_OPEN} AND held_until < ?"
    f" ORDER BY created_at LIMIT 1) AND {_OPEN} AND held_until < ? RETURNING {_COLUMNS}"
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
    "DELETE FROM responses WHERE (tenant, id) IN (SELECT tenant, id FROM responses"  # noqa: S608 - our own names
    f" WHERE created_at < ? AND NOT {_OPEN} LIMIT ?)"
)
_TOO_LARGE: Final = "What was said before is larger than {} bytes; begin a new conversation."


class SqlResponseStore:
    """The items of a response go with it: the schema sees to that."""

    def __init__(self, database: Database, tidy: str = "") -> None:
        """`tidy`: a statement for when nothing is left to drop."""
        self._database = database
        self._tidy = tidy

    async def put(self, record: ResponseRecord, held_until: float = 0.0) -> None:
        packed = await _packed(record, _values)

        def work(session: Session) -> None:
            values = _values(record) if packed is None else packed
            session.run(_PUT, (*values, held_until))
            _enter(session, record)

        await self._database.write(work)

    async def get(self, tenant: str, response_id: str) -> ResponseRecord | None:
        def work(session: Session) -> ResponseRecord | None:
            row = session.one(_GET, (tenant, response_id))
            return None if row is None else _record(row)

        return await self._database.read(work)

    async def chain(
        self, tenant: str, response_id: str, most: int, most_bytes: int
    ) -> Sequence[ResponseRecord]:
        def work(session: Session) -> Sequence[ResponseRecord]:
            left, turns = most_bytes, []
            for (turn_id,) in session.all(_CHAIN, (tenant, response_id, tenant, most)):
                row = session.one(_TURN, (tenant, turn_id))
                if row is None:  # deleted a moment ago
                    break
                turn = _turn(row)
                left -= len(turn.input) + len(turn.body)
                if left < 0:
                    raise TooLarge(_TOO_LARGE.format(most_bytes), param="previous_response_id")
                turns.append(turn)
            return turns[::-1]

        return await self._database.read(work)

    async def holding(self, tenant: str, items: Sequence[str]) -> Sequence[ResponseRecord]:
        def work(session: Session) -> Sequence[ResponseRecord]:
            found = (session.one(_HOLDER, (tenant, item)) for item in items)
            holders = dict.fromkeys(row[0] for row in found if row is not None)
            rows = (session.one(_TURN, (tenant, one)) for one in holders)
            return [_turn(row) for row in rows if row is not None]

        return await self._database.read(work)

    async def delete(self, tenant: str, response_id: str) -> bool:
        sql = "DELETE FROM responses WHERE tenant = ? AND id = ?"
        return await self._database.write(
            lambda session: session.run(sql, (tenant, response_id)) > 0
        )

    async def finish(self, record: ResponseRecord) -> bool:
        packed = await _packed(record, _ending)

        def work(session: Session) -> bool:
            if not session.run(_FINISH, _ending(record) if packed is None else packed):
                return False
            _enter(session, record)
            return True

        return await self._database.write(work)

    async def tell(self, record: ResponseRecord) -> bool:
        packed = await _packed(record, _texts)

        def work(session: Session) -> bool:
            texts = _texts(record) if packed is None else packed
            if not session.run(_TELL, (*texts, *_of(record))):
                return False
            _enter(session, record)
            return True

        return await self._database.write(work)

    async def claim(self, now: float, until: float) -> ResponseRecord | None:
        def work(session: Session) -> ResponseRecord | None:
            row = session.one(_CLAIM, (until, now, now))
            return None if row is None else _record(row)

        return await self._database.write(work, alone="responses: claim")

    async def hold(self, record: ResponseRecord, until: float) -> str | None:
        def work(session: Session) -> str | None:
            row = session.one(_HOLD, (until, *_of(record)))
            return None if row is None else str(row[0])

        return await self._database.write(work)

    async def let_go(self, record: ResponseRecord) -> None:
        await self._database.write(lambda session: session.run(_LET_GO, _of(record)))

    async def expire(self, before: float) -> int:
        def work(session: Session) -> int:
            dropped = session.run(_EXPIRE, (before, _SWEPT))
            if not dropped and self._tidy:
                session.all(self._tidy)
            return dropped

        return await self._database.write(work)

    def __repr__(self) -> str:
        return f"<SqlResponseStore {self._database!r}>"


async def _packed(
    record: ResponseRecord, pack: Callable[[ResponseRecord], PackedT]
) -> PackedT | None:
    """A large one, packed in a thread of its own; None: it is small, and packed where it is written."""
    size = len(record.input) + len(record.body) + len(record.events) + len(record.job)
    return None if size < _LARGE else await asyncio.to_thread(pack, record)


def _texts(record: ResponseRecord) -> tuple[bytes, bytes]:
    return _pack(record.body), _pack(record.events)


def _ending(record: ResponseRecord) -> tuple[SqlValue, ...]:
    """In the order of _FINISH."""
    return record.status, *_texts(record), b"", record.tenant, record.id


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


def _enter(session: Session, record: ResponseRecord) -> None:
    """So that the response is found by its items."""
    for item in record.items:
        if len(item) <= _LONGEST_ID:
            session.run(_ITEM, (record.tenant, item, record.id))


def _turn(row: Row) -> ResponseRecord:
    """Without events and job: nobody made it, as far as a later turn is concerned."""
    return _record((*row, b"", b"", 0))


def _record(row: Row) -> ResponseRecord:
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


def _guard(store: SqlResponseStore) -> ResponseStore:
    """Never called: a type error of the implementation shows here, in its own file."""
    return store
