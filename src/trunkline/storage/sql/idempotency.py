"""Requests under an Idempotency-Key, in whichever database: one row each."""

import asyncio
import zlib
from collections.abc import Sequence
from typing import Final

from msgspec import msgpack

from trunkline.storage.idempotency import Ask, Found, IdempotencyStore, KeptAnswer
from trunkline.storage.sql.database import Database, Session, SqlValue

# As for stored responses: the fastest level does most of it, and what takes longer than a few
# milliseconds to pack is not packed where others wait to write.
_LEVEL: Final = 1
_LARGE: Final = 256 << 10
_SWEPT: Final = 200
_NONE: Final = b""

# One statement, so that the database decides who comes first; a row that is another's, and not too
# old, is left alone, and nothing is returned.
_CLAIM: Final = """
INSERT INTO idempotency (scope, fingerprint, request_id, held_until, expires_at, answer)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (scope) DO UPDATE SET
    fingerprint = excluded.fingerprint, request_id = excluded.request_id,
    held_until = excluded.held_until, expires_at = excluded.expires_at, answer = excluded.answer
WHERE idempotency.held_until <= ? AND (idempotency.held_until > 0 OR idempotency.expires_at <= ?)
RETURNING request_id
"""
_LOOK: Final = "SELECT fingerprint, answer FROM idempotency WHERE scope = ?"
_FINISH: Final = (
    "UPDATE idempotency SET held_until = 0, expires_at = ?, answer = ?"
    " WHERE scope = ? AND request_id = ?"
)
_RELEASE: Final = "DELETE FROM idempotency WHERE scope = ? AND request_id = ? AND held_until > 0"
_HOLD: Final = (
    "UPDATE idempotency SET held_until = ? WHERE scope = ? AND request_id = ? AND held_until > 0"
)
_EXPIRE: Final = (
    "DELETE FROM idempotency WHERE scope IN"
    " (SELECT scope FROM idempotency WHERE expires_at <= ? AND held_until <= ? LIMIT ?)"
)

_encode = msgpack.Encoder().encode
_decode = msgpack.Decoder(KeptAnswer).decode


class SqlIdempotency:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, ask: Ask, now: int, until: int, expires: int) -> Found | None:
        values = (ask.scope, ask.fingerprint, ask.request_id, until, expires, _NONE, now, now)

        def work(session: Session) -> tuple[SqlValue, ...] | None:
            if session.one(_CLAIM, values) is not None:
                return None
            # Nothing, where it was released between the two: for whoever asks next.
            return session.one(_LOOK, (ask.scope,)) or (ask.fingerprint, _NONE)

        row = await self._database.write(work)
        if row is None:
            return None
        fingerprint, packed = _bytes(row[0]), _bytes(row[1])
        if len(packed) < _LARGE:
            return Found(fingerprint, _unpacked(packed))
        return Found(fingerprint, await asyncio.to_thread(_unpacked, packed))

    async def finish(self, ask: Ask, answer: KeptAnswer, expires: int) -> bool:
        large = len(answer.body or b"") >= _LARGE
        ready = await asyncio.to_thread(_packed, answer) if large else _NONE

        def work(session: Session) -> bool:
            values = (expires, ready or _packed(answer), ask.scope, ask.request_id)
            return session.run(_FINISH, values) > 0

        return await self._database.write(work)

    async def release(self, ask: Ask) -> None:
        def work(session: Session) -> None:
            session.run(_RELEASE, (ask.scope, ask.request_id))

        await self._database.write(work)

    async def hold(self, asks: Sequence[Ask], until: int) -> None:
        # In one order everywhere: two that hold rows of each other's would wait for ever.
        ordered = sorted(asks, key=lambda ask: ask.scope)

        def work(session: Session) -> None:
            for ask in ordered:
                session.run(_HOLD, (until, ask.scope, ask.request_id))

        await self._database.write(work)

    async def expire(self, now: int) -> int:
        def work(session: Session) -> int:
            return session.run(_EXPIRE, (now, now, _SWEPT))

        return await self._database.write(work)

    async def aclose(self) -> None:
        """The database is its owner's to close."""

    def __repr__(self) -> str:
        return f"<SqlIdempotency in {self._database!r}>"


def _packed(answer: KeptAnswer) -> bytes:
    return zlib.compress(_encode(answer), _LEVEL)


def _unpacked(packed: bytes) -> KeptAnswer | None:
    return _decode(zlib.decompress(packed)) if packed else None


def _bytes(value: SqlValue) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(f"the database gave {type(value).__name__} where bytes were asked for")
    return value


def _guard(store: SqlIdempotency) -> IdempotencyStore:
    """Interface guard."""
    return store
