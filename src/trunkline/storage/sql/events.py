"""Events that have no fact of a store beside them: a transaction of their own."""

from msgspec import Struct

from trunkline.storage.sql.database import Database, Session
from trunkline.storage.sql.outbox import EVENT, PLATFORM, deliver, is_heard, put

_LAST = """
SELECT type FROM webhook_events
WHERE tenant = ? AND once <> '' AND substr(once, 1, CAST(? AS INTEGER)) = ? ORDER BY id DESC LIMIT 1
"""


class Event(Struct, frozen=True):
    id: str
    """ "evt_" and a ULID."""
    tenant: str
    type: str
    data: bytes
    """A JSON object."""
    at: int
    """Unix microseconds."""


class EventStore:
    """Every method raises LedgerUnavailable where the database cannot be used now."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, event: Event, once: str = "") -> bool:
        """See outbox.put. What nobody listens to costs a look, and no write."""
        if not once and not await self._database.read(
            lambda session: is_heard(session, event.tenant, event.type)
        ):
            return True
        return await self._database.write(lambda session: _put(session, event, once))

    async def turn(self, name: str, event: Event, *, first: bool) -> bool:
        """
        Something that everybody watches has turned: put where the last told of it was another type.

        So many may see the same turn, and one tells of it. `first`: also where none was told yet.
        """

        def work(session: Session) -> bool:
            about = f"{name} "
            last = session.one(_LAST, (PLATFORM, len(about), about))
            if (last is None and not first) or (last is not None and last[0] == event.type):
                return False
            return _put(session, event, about + event.id)

        return await self._database.write(work, alone="webhooks: turn")

    async def send(self, event: Event, endpoint: str) -> str:
        """To this endpoint alone, whatever it listens to; the delivery's id."""

        def work(session: Session) -> str:
            session.run(EVENT, (event.id, event.tenant, event.type, event.data, "", event.at))
            return deliver(session, event.id, endpoint, event.at)

        return await self._database.write(work)

    def __repr__(self) -> str:
        return "<EventStore>"


def _put(session: Session, event: Event, once: str) -> bool:
    return put(
        session,
        tenant=event.tenant,
        type=event.type,
        data=event.data,
        now_us=event.at,
        event_id=event.id,
        once=once,
    )
