"""Deliveries: one event to one endpoint, until it is taken or given up."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from trunkline.storage.sql.database import Database, Row, Session, SqlValue, as_int, as_text
from trunkline.storage.sql.webhooks import Endpoint, endpoints_of

PENDING, DELIVERED, DEAD = "pending", "delivered", "dead"

# A loose index scan: one step for each endpoint that has something pending, however much it is.
_DUE = """
WITH RECURSIVE waiting(endpoint) AS (
    SELECT min(d.endpoint) FROM webhook_deliveries d
    WHERE d.status = 'pending' AND d.endpoint > ?
    UNION ALL
    SELECT (SELECT min(d.endpoint) FROM webhook_deliveries d
            WHERE d.status = 'pending' AND d.endpoint > waiting.endpoint)
    FROM waiting WHERE waiting.endpoint IS NOT NULL)
SELECT waiting.endpoint FROM waiting JOIN webhook_endpoints e ON e.id = waiting.endpoint
WHERE e.enabled = 1 AND EXISTS (
    SELECT 1 FROM webhook_deliveries d
    WHERE d.status = 'pending' AND d.endpoint = waiting.endpoint AND d.next_at <= ?)
ORDER BY waiting.endpoint LIMIT ?
"""
_CLAIM = """
UPDATE webhook_deliveries SET claim = ?, next_at = ?, attempts = attempts + 1
WHERE id IN (
    SELECT d.id FROM webhook_deliveries d
    WHERE d.status = 'pending' AND d.endpoint = ? AND d.next_at <= ?
    ORDER BY d.next_at LIMIT ?)
RETURNING id, event, attempts
"""
_FINISH = """
UPDATE webhook_deliveries
SET status = ?, next_at = ?, claim = '', answered = ?, error = ?, took_ms = ?, ended_at = ?
WHERE id = ? AND claim = ?
"""
_AGAIN = """
UPDATE webhook_deliveries
SET status = 'pending', attempts = 0, next_at = ?, ended_at = NULL
WHERE id = ? AND endpoint = ? AND claim = ''
"""
# Deliveries of an endpoint that was deleted while somebody put an event for it.
_ORPHANS = """
DELETE FROM webhook_deliveries WHERE id IN (
    SELECT d.id FROM webhook_deliveries d
    WHERE d.endpoint NOT IN (SELECT e.id FROM webhook_endpoints e) LIMIT ?)
"""
_OVER = """
DELETE FROM webhook_deliveries WHERE id IN (
    SELECT d.id FROM webhook_deliveries d
    WHERE d.status <> 'pending' AND d.created_at < ? LIMIT ?)
"""
_OLD = """
DELETE FROM webhook_events WHERE id IN (
    SELECT e.id FROM webhook_events e
    WHERE ((e.once = '' AND e.created_at < ?) OR e.created_at < ?)
    AND e.id NOT IN (SELECT d.event FROM webhook_deliveries d) LIMIT ?)
"""
_COLUMNS = (
    "d.id, d.event, e.type, d.endpoint, d.status, d.attempts, d.next_at, d.answered, d.error,"
    " d.took_ms, d.created_at, d.ended_at"
)
_FROM = "FROM webhook_deliveries d JOIN webhook_events e ON e.id = d.event"


class Claimed(Struct, frozen=True, kw_only=True):
    """One attempt that its claimer alone is to make now. Times are Unix microseconds."""

    id: str
    claim: str
    attempt: int
    """From 1."""
    endpoint: Endpoint
    event: str
    tenant: str
    """Whose event it is; the endpoint may be the platform's."""
    type: str
    data: bytes
    """A JSON object."""
    happened_at: int


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of an attempt."""

    id: str
    claim: str
    status: str
    """PENDING: to be tried again at `next_at`."""
    next_at: int
    answered: int | None
    """The answer's status; None: there was no answer."""
    error: str
    took_ms: float
    ended_at: int | None
    disable: str = ""
    """The endpoint that wants nothing any more."""


class Delivery(Struct, frozen=True, kw_only=True):
    """As people see it. Times are Unix microseconds."""

    id: str
    event: str
    type: str
    endpoint: str
    status: str
    attempts: int
    next_at: int
    answered: int | None
    error: str
    took_ms: float | None
    created_at: int
    ended_at: int | None


class DeliveryStore:
    """Every method raises LedgerUnavailable where the database cannot be used now."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, now: int, after: str, most: int) -> Sequence[str]:
        """Endpoints that have something to be sent by now, in order, behind the one named `after`."""

        def work(session: Session) -> Sequence[str]:
            return [as_text(row[0]) for row in session.all(_DUE, (after, now, most))]

        return await self._database.read(work)

    async def claim(
        self, rooms: Mapping[str, int], claim: str, now: int, until: int
    ) -> Sequence[Claimed]:
        """
        For each endpoint up to so many deliveries, the longest due first; nobody else gets them.

        `claim`: unique. One that is not finished by `until` is due again: its sender is dead.
        """

        def work(session: Session) -> Sequence[Claimed]:
            found = {endpoint.id: endpoint for endpoint in endpoints_of(session, list(rooms))}
            claimed = [
                _claimed(session, row, claim, endpoint)
                for endpoint_id, room in rooms.items()
                if (endpoint := found.get(endpoint_id)) is not None and endpoint.enabled
                for row in session.all(_CLAIM, (claim, until, endpoint_id, now, room))
            ]
            return [one for one in claimed if one is not None]

        return await self._database.write(work, alone="webhooks: claim")

    async def finish(self, outcomes: Sequence[Outcome]) -> int:
        """How many there were to finish: one that somebody else claimed since is left to them."""

        def work(session: Session) -> int:
            return sum(_finish(session, outcome) for outcome in outcomes)

        return await self._database.write(work)

    async def get(self, endpoint_id: str, delivery_id: str) -> Delivery | None:
        def work(session: Session) -> Delivery | None:
            sql = f"SELECT {_COLUMNS} {_FROM} WHERE d.id = ? AND d.endpoint = ?"
            row = session.one(sql, (delivery_id, endpoint_id))
            return None if row is None else _delivery(row)

        return await self._database.read(work)

    async def list(
        self, endpoint_id: str, status: str | None, before: str | None, most: int
    ) -> Sequence[Delivery]:
        """The newest first; of those older than the one named `before`, if one is named."""
        where, values = "d.endpoint = ?", [endpoint_id]
        for condition, value in (("d.status = ?", status), ("d.id < ?", before)):
            if value is not None:
                where += f" AND {condition}"
                values.append(value)

        def work(session: Session) -> Sequence[Delivery]:
            sql = f"SELECT {_COLUMNS} {_FROM} WHERE {where} ORDER BY d.id DESC LIMIT ?"
            return [_delivery(row) for row in session.all(sql, (*values, most))]

        return await self._database.report(work)

    async def again(self, endpoint_id: str, delivery_id: str, now: int) -> bool:
        """Due at once, and with all its attempts again. False: it is under way, or is not there."""

        def work(session: Session) -> bool:
            return bool(session.run(_AGAIN, (now, delivery_id, endpoint_id)))

        return await self._database.write(work)

    async def sweep(self, before: int, once_before: int, most: int) -> int:
        """
        Drop some events of before that, and what was delivered of them; those that were put `once`
        are remembered longer. Whatever is pending stays. Returns how many rows, 0 once all are.
        """

        def work(session: Session) -> int:
            return sum(
                session.run(sql, (*values, most))
                for sql, values in (
                    (_ORPHANS, ()),
                    (_OVER, (before,)),
                    (_OLD, (before, once_before)),
                )
            )

        return await self._database.write(work)

    def __repr__(self) -> str:
        return "<DeliveryStore>"


def _claimed(session: Session, row: Row, claim: str, endpoint: Endpoint) -> Claimed | None:
    """None where its event is gone, by whoever's hand: one such row must not stop the others."""
    event = session.one(
        "SELECT tenant, type, data, created_at FROM webhook_events WHERE id = ?", (row[1],)
    )
    if event is None or not isinstance(event[2], bytes):
        return None
    return Claimed(
        id=as_text(row[0]),
        claim=claim,
        attempt=as_int(row[2]),
        endpoint=endpoint,
        event=as_text(row[1]),
        tenant=as_text(event[0]),
        type=as_text(event[1]),
        data=event[2],
        happened_at=as_int(event[3]),
    )


def _finish(session: Session, outcome: Outcome) -> int:
    values: tuple[SqlValue, ...] = (
        outcome.status,
        outcome.next_at,
        outcome.answered,
        outcome.error,
        outcome.took_ms,
        outcome.ended_at,
        outcome.id,
        outcome.claim,
    )
    if outcome.disable:
        session.run(
            "UPDATE webhook_endpoints SET enabled = 0, disabled_because = ? WHERE id = ?",
            (outcome.error, outcome.disable),
        )
    return session.run(_FINISH, values)


def _delivery(row: Row) -> Delivery:
    took = row[9]
    return Delivery(
        id=as_text(row[0]),
        event=as_text(row[1]),
        type=as_text(row[2]),
        endpoint=as_text(row[3]),
        status=as_text(row[4]),
        attempts=as_int(row[5]),
        next_at=as_int(row[6]),
        answered=None if row[7] is None else as_int(row[7]),
        error=as_text(row[8]),
        took_ms=took if isinstance(took, float) else None,
        created_at=as_int(row[10]),
        ended_at=None if row[11] is None else as_int(row[11]),
    )
