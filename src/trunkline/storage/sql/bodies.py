"""Logged bodies, in whichever database: one row a request, its texts packed."""

import asyncio
import zlib
from collections.abc import Sequence
from typing import Final

from trunkline.storage.bodies import Body, BodyStore, LoggedBodies
from trunkline.storage.sql.database import Database, Row, Session, SqlValue, as_int, as_text

# Text like this is a third of its size already at the fastest level.
_LEVEL: Final = 1
_DROPPED: Final = 200
_COLUMNS: Final = (
    "request_id, tenant, key_id, received_at, path, status, streamed, complete,"
    " request, request_size, request_cut, answer, answer_size, answer_cut"
)
_ADD: Final = (
    f"INSERT INTO request_bodies ({_COLUMNS})"  # noqa: S608 - our own names
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (request_id) DO NOTHING"
)
_GET: Final = f"SELECT {_COLUMNS} FROM request_bodies WHERE request_id = ?"  # noqa: S608 - our own names
_DROP: Final = (
    "DELETE FROM request_bodies WHERE request_id IN (SELECT request_id FROM request_bodies"
    " WHERE received_at < ? ORDER BY received_at LIMIT ?)"
)


class SqlBodyStore:
    def __init__(self, database: Database, tidy: str = "") -> None:
        """`tidy`: a statement for when nothing is left to drop."""
        self._database = database
        self._tidy = tidy

    async def add(self, logged: Sequence[LoggedBodies]) -> None:
        rows = await asyncio.to_thread(lambda: [_values(one) for one in logged])

        def work(session: Session) -> None:
            for row in rows:
                session.run(_ADD, row)

        await self._database.write(work)

    async def get(self, request_id: str) -> LoggedBodies | None:
        def work(session: Session) -> LoggedBodies | None:
            row = session.one(_GET, (request_id,))
            return None if row is None else _logged(row)

        return await self._database.read(work)

    async def drop(self, before: int) -> int:
        def work(session: Session) -> int:
            dropped = session.run(_DROP, (before, _DROPPED))
            if not dropped and self._tidy:
                session.all(self._tidy)
            return dropped

        return await self._database.write(work)

    def __repr__(self) -> str:
        return f"<SqlBodyStore {self._database!r}>"


def _values(one: LoggedBodies) -> tuple[SqlValue, ...]:
    return (
        one.request_id,
        one.tenant,
        one.key_id,
        one.received_at,
        one.path,
        one.status,
        int(one.streamed),
        int(one.complete),
        *_packed(one.request),
        *_packed(one.answer),
    )


def _packed(body: Body) -> tuple[SqlValue, ...]:
    return zlib.compress(body.text.encode(), _LEVEL), body.size, int(body.cut)


def _logged(row: Row) -> LoggedBodies:
    return LoggedBodies(
        request_id=as_text(row[0]),
        tenant=as_text(row[1]),
        key_id=as_text(row[2]),
        received_at=as_int(row[3]),
        path=as_text(row[4]),
        status=as_int(row[5]),
        streamed=bool(row[6]),
        complete=bool(row[7]),
        request=_unpacked(row[8:11]),
        answer=_unpacked(row[11:14]),
    )


def _unpacked(row: Row) -> Body:
    packed, size, cut = row
    if not isinstance(packed, bytes):
        raise TypeError(f"the database gave {type(packed).__name__} where bytes were asked for")
    return Body(zlib.decompress(packed).decode(), as_int(size), bool(cut))


def _guard(store: SqlBodyStore) -> BodyStore:
    """Never called: a type error of the implementation shows here, in its own file."""
    return store
