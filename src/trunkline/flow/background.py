"""
Responses made in the background: begun by a request, finished without it.

Each is a row of the store that one worker holds while it makes the answer. A worker that dies
lets go of it by doing nothing, and another begins anew; what an upstream had answered by then is
billed, as everywhere.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import MsgspecError, Raw, json
from msgspec.structs import replace

from trunkline.canon.answer import Answer
from trunkline.canon.errors import GatewayError, Malformed
from trunkline.canon.exchange import Exchange, Headers
from trunkline.conversations.closing import id_in, last_word
from trunkline.conversations.items import joined, status_of
from trunkline.conversations.jobs import Job, Running, amended, read_job, write_job
from trunkline.conversations.service import OVER, Conversations
from trunkline.dialects.base import Stamp
from trunkline.flow.base import Face, Reply
from trunkline.flow.rooms import Rooms
from trunkline.flow.serve import Serving
from trunkline.storage.records import ResponseRecord
from trunkline.tenancy.keys import allow_model

# Seconds a worker holds what it makes without saying so again, and between two times it does.
_HOLD: Final = 15.0
_SAY_SO: Final = 3.0
# A request that takes its worker down with it shall not take down one after the other.
_ATTEMPTS: Final = 3
_CREATED: Final = 201
_EVENTS: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
)
_JSON: Final = ((b"content-type", b"application/json"),)
_FAILURE: Final = {"code": "server_error", "message": "The response could not be made."}


class Background:
    """One per process."""

    def __init__(
        self,
        conversations: Conversations,
        rooms: Callable[[], Rooms],
        faces: Mapping[str, Face],
        next_id: Callable[[float], str],
    ) -> None:
        self._conversations = conversations
        self._rooms = rooms
        self._faces = faces
        self._next_id = next_id
        self._running: dict[tuple[str, str], tuple[Running, asyncio.Task[None]]] = {}

    async def begin(self, exchange: Exchange, face: Face, reply: Reply, own: Sequence[Raw]) -> None:
        """Answer that it is queued, or with its events as they come. Raises GatewayError."""
        record = self._queued(exchange, face, own)
        held_until = record.created_at + _HOLD
        await self._conversations.store.put(record, held_until=held_until)
        running = self._start(record)
        own_headers = face.headers(exchange, streaming=exchange.stream)
        if not exchange.stream:
            reply.whole(_CREATED, (*_JSON, *own_headers), record.body)
            return
        reply.start(200, (*_EVENTS, *own_headers))
        async for piece in running.follow(-1):
            reply.write(piece)
            await reply.drain()
        reply.end()

    def _queued(self, exchange: Exchange, face: Face, own: Sequence[Raw]) -> ResponseRecord:
        """What can be refused is refused before it is. Raises GatewayError."""
        rooms, conversations = self._rooms(), self._conversations
        server, principal = rooms.dialects[exchange.dialect], exchange.principal
        request = server.decode_request(exchange.body, exchange.headers)
        allow_model(principal, exchange.model)
        rooms.router.table.resolve(exchange.model)
        now = conversations.clock.unix()
        stamp = Stamp(conversations.token(), exchange.model, int(now))
        blank = server.encode_answer(Answer(), request, stamp)
        response_id = "resp_" + conversations.token()
        standing = {"id": response_id, "status": "queued", "background": True}
        job = Job(
            face=face.name,
            dialect=exchange.dialect,
            principal=principal,
            model=exchange.model,
            body=exchange.body,
            stream=exchange.stream,
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

    def running(self, tenant: str, response_id: str) -> Running | None:
        """The events of one that is being made in this process."""
        found = self._running.get((tenant, response_id))
        return None if found is None else found[0]

    async def cancel(self, tenant: str, response_id: str) -> ResponseRecord:
        """As it stands then. Raises NotFound, and Malformed for one that is not of this kind."""
        record = await self._conversations.get(tenant, response_id)
        if b'"background":true' not in record.body:
            raise Malformed("Cannot cancel a synchronous response.")
        if record.status not in OVER:
            body = amended(record.body, {"status": "cancelled"})
            cancelled = replace(record, status="cancelled", body=body, job=b"")
            if await self._conversations.store.finish(cancelled):
                record = cancelled
            self._stop(tenant, response_id)
        return await self._conversations.get(tenant, response_id)

    async def watch(self) -> None:
        """Take over what nobody makes any more, until cancelled."""
        store, clock = self._conversations.store, self._conversations.clock
        while True:
            try:
                now = clock.unix()
                while (record := await store.claim(now, now + _HOLD)) is not None:
                    await self._take_over(record)
            except GatewayError as error:
                self._rooms().log.warning("background responses wait", error=repr(error))
            await asyncio.sleep(_SAY_SO)

    async def aclose(self) -> None:
        """Let go of all that is being made: another worker, or the next start, begins it anew."""
        for tenant, response_id in list(self._running):
            self._stop(tenant, response_id)
            await self._conversations.store.hold(tenant, response_id, 0.0)

    async def _take_over(self, record: ResponseRecord) -> None:
        if record.attempts > _ATTEMPTS:
            await self._fail(record)
        elif (record.tenant, record.id) not in self._running:
            self._start(record)

    def _start(self, record: ResponseRecord) -> Running:
        running, key = Running(), (record.tenant, record.id)
        task = self._rooms().tasks.spawn(f"response {record.id}", self._make(record, running))
        self._running[key] = (running, task)
        holding = self._rooms().tasks.spawn(f"hold {record.id}", self._hold(record))

        def done(_task: asyncio.Task[None]) -> None:
            running.close()
            holding.cancel()
            self._running.pop(key, None)

        task.add_done_callback(done)
        return running

    def _stop(self, tenant: str, response_id: str) -> None:
        found = self._running.get((tenant, response_id))
        if found is not None:
            found[1].cancel()

    async def _hold(self, record: ResponseRecord) -> None:
        """Say again and again that it is ours, and learn when it shall not be made any more."""
        store, clock = self._conversations.store, self._conversations.clock
        while True:
            status = await store.hold(record.tenant, record.id, clock.unix() + _HOLD)
            if status is None or status in OVER:
                self._stop(record.tenant, record.id)
                return
            await asyncio.sleep(_SAY_SO)

    async def _make(self, record: ResponseRecord, running: Running) -> None:
        rooms = self._rooms()
        reply = _JobReply(record.id, running)
        try:
            job = read_job(record.job)
            face = self._faces[job.face]
            await Serving(rooms, self._exchange(job), face, reply).run()
            body = reply.response
        except MsgspecError as error:
            rooms.log.warning("background response unreadable", response=record.id, why=str(error))
            body = None
        if body is None:
            await self._fail(record, reply.refusal)
            return
        done = replace(record, status=status_of(body), body=body, events=running.events, job=b"")
        await self._conversations.store.finish(done)

    async def _fail(self, record: ResponseRecord, refusal: bytes = b"") -> None:
        """`refusal`: the body of an error, whose message is what there is to say."""
        failure = _told(refusal) or _FAILURE
        body = amended(record.body, {"status": "failed", "error": failure})
        await self._conversations.store.finish(replace(record, status="failed", body=body, job=b""))

    def _exchange(self, job: Job) -> Exchange:
        clock = self._conversations.clock
        now = clock.unix()
        envelope = json.decode(job.body, type=dict[str, Raw])
        envelope["stream"] = Raw(b"true")  # whoever waits for minutes shall see what comes
        return Exchange(
            id=self._next_id(now),
            face=job.face,
            dialect=job.dialect,
            operation="chat",
            principal=job.principal,
            envelope=envelope,
            model=job.model,
            stream=True,
            headers={},
            received_at=now,
            started=clock.monotonic(),
            body=json.encode(envelope),
            opened=True,
        )

    def __repr__(self) -> str:
        return f"<Background making {len(self._running)}>"


class _JobReply:
    """Where the answer of a background response goes: under the id the client was given."""

    crowded = False
    draining = False

    def __init__(self, response_id: str, running: Running) -> None:
        self._id = response_id.encode()
        self._running = running
        self._theirs = b""
        self.started = False
        self.response: bytes | None = None
        """The Response object, once it is whole."""
        self.refusal = b""

    def whole(self, status: int, headers: Headers, body: bytes) -> None:
        self.refusal = body

    def start(self, status: int, headers: Headers) -> None:
        self.started = True

    def write(self, data: bytes) -> None:
        if not self._theirs:
            self._theirs = id_in(data).encode() or self._id
        data = data.replace(self._theirs, self._id)
        self._running.add(data)
        self.response = last_word(data) or self.response

    async def drain(self) -> None:
        return

    def end(self, last: bytes = b"") -> None:
        if last:
            self.write(last)

    def abort(self) -> None:
        return


def _told(refusal: bytes) -> dict[str, str] | None:
    try:
        error = json.decode(refusal, type=dict[str, Raw]).get("error") if refusal else None
        said = json.decode(error, type=dict[str, Raw]) if error else {}
        message = json.decode(said["message"], type=str) if "message" in said else ""
    except MsgspecError:
        return None
    return {"code": "server_error", "message": message} if message else None
