"""The outbox: an event is written in the transaction of the fact it tells of, or not at all."""

from trunkline.storage.sql.database import Session, as_text

PLATFORM = "*"
"""The tenant of events that are nobody's alone, and of endpoints that hear of every tenant."""

_LISTENING = """
SELECT e.id FROM webhook_endpoints e
WHERE (e.tenant = ? OR e.tenant = '*') AND e.enabled = 1 AND EXISTS (
    SELECT 1 FROM webhook_subscriptions s
    WHERE s.endpoint = e.id AND (s.type = ? OR s.type = '*'))
ORDER BY e.id
"""
EVENT = """
INSERT INTO webhook_events (id, tenant, type, data, once, created_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING
"""
_DELIVERY = """
INSERT INTO webhook_deliveries
    (id, event, endpoint, status, attempts, next_at, claim, error, created_at)
VALUES (?, ?, ?, 'pending', 0, ?, '', '', ?)
"""


def put(
    session: Session,
    *,
    tenant: str,
    type: str,  # noqa: A002 - the word that the wire has for it
    data: bytes,
    now_us: int,
    event_id: str,
    once: str = "",
) -> bool:
    """
    Tell every endpoint that listens; inside any store's write transaction.

    `data`: a JSON object, shown to the tenant. `event_id`: "evt_" and a ULID. `once`: of one
    tenant's events of one such name only the first is put, whoever comes; name the window in it
    ("budget 80 key_id 2026-11"). False where it was put before. What nobody listens to and need
    not be remembered leaves nothing behind.
    """
    listening = _listening(session, tenant, type)
    if not listening and not once:
        return True
    if not session.run(EVENT, (event_id, tenant, type, data, once, now_us)):
        return False
    for endpoint in listening:
        deliver(session, event_id, endpoint, now_us)
    return True


def is_heard(session: Session, tenant: str, kind: str) -> bool:
    """Whether somebody listens to events of this type."""
    return bool(_listening(session, tenant, kind))


def deliver(session: Session, event_id: str, endpoint: str, now_us: int) -> str:
    """To this endpoint, at once; the delivery's id."""
    delivery = delivery_id(event_id, endpoint)
    session.run(_DELIVERY, (delivery, event_id, endpoint, now_us, now_us))
    return delivery


def _listening(session: Session, tenant: str, kind: str) -> list[str]:
    return [as_text(row[0]) for row in session.all(_LISTENING, (tenant, kind))]


def delivery_id(event_id: str, endpoint: str) -> str:
    """One event is delivered to one endpoint once, so the two name it; sorts by time."""
    return f"dlv_{event_id.partition('_')[2]}_{endpoint.partition('_')[2]}"
