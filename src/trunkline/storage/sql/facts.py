"""What happened, written into the outbox by the transaction it happened in."""

from trunkline.storage.holders import Fact
from trunkline.storage.sql.database import Session
from trunkline.storage.sql.outbox import put


def write_down(session: Session, fact: Fact) -> None:
    put(
        session,
        tenant=fact.tenant,
        type=fact.type,
        data=fact.data,
        now_us=fact.at,
        event_id=fact.id,
    )
