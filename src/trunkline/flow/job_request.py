"""A background response before it is made: as it is queued, and as the request it was."""

from collections.abc import Sequence

from msgspec import Raw, json

from trunkline.canon.answer import Answer
from trunkline.canon.exchange import Exchange, Principal
from trunkline.conversations.items import joined
from trunkline.conversations.jobs import Job, amended, write_job
from trunkline.dialects.base import Stamp
from trunkline.flow.base import Face
from trunkline.flow.rooms import Rooms
from trunkline.kernel.clock import Clock
from trunkline.storage.records import ResponseRecord
from trunkline.tenancy.keys import allow_model


def queued(rooms: Rooms, exchange: Exchange, face: Face, own: Sequence[Raw]) -> ResponseRecord:
    """
    What can be refused is refused before it is. `own`: the items the request brought itself.

    Raises GatewayError.
    """
    server, principal = rooms.dialects[exchange.dialect], exchange.principal
    request = server.decode_request(exchange.body, exchange.headers)
    allow_model(principal, exchange.model)
    rooms.router.table.resolve(exchange.model)
    now = rooms.conversations.clock.unix()
    blank = server.encode_answer(Answer(), request, Stamp(rooms.token(), exchange.model, int(now)))
    response_id = "resp_" + rooms.token()
    standing = {"id": response_id, "status": "queued", "background": True, "output": []}
    job = Job(
        face=face.name,
        dialect=exchange.dialect,
        principal=principal,
        model=exchange.model,
        body=exchange.body,
        stream=exchange.stream,
        session=exchange.session,
    )
    previous = exchange.envelope.get("previous_response_id")
    return ResponseRecord(
        tenant=principal.tenant,
        id=response_id,
        key_id=principal.key_id,
        previous_id=None if previous is None else json.decode(previous, type=str | None),
        status="queued",
        created_at=now,
        input=joined(own),
        body=amended(blank, {**standing, "completed_at": None, "usage": None}),
        job=write_job(job),
        attempts=1,
    )


def asked(job: Job, principal: Principal, request_id: str, clock: Clock) -> Exchange:
    """Raises MsgspecError."""
    envelope = json.decode(job.body, type=dict[str, Raw])
    envelope["stream"] = Raw(b"true")  # whoever waits for minutes shall see what comes
    return Exchange(
        id=request_id,
        face=job.face,
        dialect=job.dialect,
        operation="chat",
        principal=principal,
        envelope=envelope,
        model=job.model,
        stream=True,
        headers={},
        received_at=clock.unix(),
        started=clock.monotonic(),
        body=json.encode(envelope),
        session=job.session,
        opened=True,
    )
