"""
Responses made in the background: begun by a request, finished without it.

Each is a row of the store that one worker holds while it makes the answer. A worker that dies
lets go of it by doing nothing, and another begins anew; what an upstream had answered by then is
billed, as everywhere.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import MsgspecError, Raw, Struct, json
from msgspec.structs import replace

from trunkline.canon.errors import GatewayError, Malformed, RateLimited
from trunkline.canon.exchange import Exchange, Principal
from trunkline.conversations.jobs import Job, Running, amended, is_background, read_job
from trunkline.conversations.service import OVER, Conversations
from trunkline.flow.base import Face, Reply
from trunkline.flow.job_making import Making
from trunkline.flow.job_reply import JobReply, spent
from trunkline.flow.job_request import asked, queued
from trunkline.flow.rooms import Rooms
from trunkline.flow.serve import Serving
from trunkline.observe.trouble import Trouble
from trunkline.storage.records import ResponseRecord

# Seconds a worker holds what it makes without saying so again, and between two times it does.
_HOLD: Final = 15.0
_SAY_SO: Final = 3.0
# A request that takes its worker down with it shall not take down one after the other.
_ATTEMPTS: Final = 3
# Seconds before another try to store an answer: it has been paid for.
_AGAIN: Final = (0.5, 2.0, 5.0)
# Seconds after which a client may ask again where there is no room.
_BUSY: Final = 5.0
_CREATED: Final = 201
_EVENTS: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
)
_JSON: Final = ((b"content-type", b"application/json"),)
_NO_KEY: Final = "The API key that asked for this response is no longer valid."

Standing = Callable[[Principal, float], Principal | None]
"""This caller as he stands at this time (Unix seconds); None where he may call no more."""


class BackgroundStatistics(Struct, frozen=True):
    running: int
    begun: int
    taken_over: int
    """From workers that died or were stopped."""
    refused: int
    """For want of room."""
    cancelled: int


class Background:
    """One per process."""

    def __init__(
        self,
        conversations: Conversations,
        rooms: Callable[[], Rooms],
        faces: Mapping[str, Face],
        next_id: Callable[[float], str],
        standing: Standing,
        most: int,
    ) -> None:
        """`most`: responses that are made at the same time in this process."""
        self._conversations = conversations
        self._rooms = rooms
        self._faces = faces
        self._next_id = next_id
        self._standing = standing
        self._most = most
        self._making: dict[tuple[str, str], Making] = {}
        self._beginning = 0
        self._retiring = False
        self._begun = self._taken_over = self._refused = self._cancelled = 0

    async def begin(self, exchange: Exchange, face: Face, reply: Reply, own: Sequence[Raw]) -> None:
        """Answer that it is queued, or with its events as they come. Raises GatewayError."""
        if self._full:
            self._refused += 1
            raise RateLimited(
                f"{self._most} background responses are being made here; send the request again"
                " in a few seconds.",
                retry_after=_BUSY,
            )
        await self._rooms().admission.glance(exchange)
        record = queued(self._rooms(), exchange, face, own)
        self._beginning += 1
        try:
            await self._conversations.keep(record, record.created_at + _HOLD)
        finally:
            self._beginning -= 1
        self._begun += 1
        running = self._start(record, exchange.id)
        # Streamed or not, it only begins: what it costs is known when it has been made.
        own_headers = face.headers(exchange, streaming=True)
        if not exchange.stream:
            reply.whole(_CREATED, (*_JSON, *own_headers), record.body)
            return
        reply.start(200, (*_EVENTS, *own_headers))
        async for piece in running.follow(-1):
            reply.write(piece)
            await reply.drain()
        reply.end()

    @property
    def _full(self) -> bool:
        return len(self._making) + self._beginning >= self._most

    def running(self, tenant: str, response_id: str) -> Running | None:
        """The events of one that is being made in this process."""
        found = self._making.get((tenant, response_id))
        return None if found is None else found.running

    async def cancel(self, tenant: str, response_id: str) -> ResponseRecord:
        """As it stands then. Raises NotFound, and Malformed for one that is not of this kind."""
        record = await self._conversations.get(tenant, response_id)
        if not is_background(record.body):
            raise Malformed("Cannot cancel a synchronous response.")
        making = self._making.get((tenant, response_id))
        if making is not None:
            making.cancel()
            await asyncio.wait((making.task,))
        elif record.status not in OVER:
            # Another worker may be making it: that one learns of it soon, and tells what there was.
            body = amended(record.body, {"status": "cancelled"})
            if await self._conversations.finish(
                replace(record, status="cancelled", body=body, job=b"")
            ):
                self._cancelled += 1
        return await self._conversations.get(tenant, response_id)

    async def watch(self, every: float = _SAY_SO) -> None:
        """Take over what nobody makes any more, until cancelled. `every`: seconds between two looks."""
        store, clock = self._conversations.store, self._conversations.clock
        trouble = Trouble(lambda what: self._rooms().log.warning("problem", what=what), clock)
        while not self._retiring:
            try:
                while not self._full and not self._retiring:
                    now = clock.unix()
                    record = await store.claim(now, now + _HOLD)
                    if record is None:
                        break
                    await self._take_over(record)
            except GatewayError as error:
                trouble.failed(f"background responses wait: {error!r}")
            else:
                trouble.over("background responses are made again")
            await asyncio.sleep(every)

    def retire(self) -> bool:
        """Take over nothing more; True while some are still being made."""
        self._retiring = True
        return bool(self._making or self._beginning)

    async def aclose(self) -> None:
        """Let go of all that is being made: another worker, or the next start, begins it anew."""
        self._retiring = True
        left = list(self._making.values())
        for making in left:
            making.task.cancel()
        if left:
            await asyncio.wait([making.task for making in left])
        await self._rooms().tasks.finish("settle response ")
        for making in left:
            await self._let_go(making.record)

    def statistics(self) -> BackgroundStatistics:
        return BackgroundStatistics(
            len(self._making), self._begun, self._taken_over, self._refused, self._cancelled
        )

    async def _let_go(self, record: ResponseRecord) -> None:
        try:
            await self._conversations.store.let_go(record)
        except GatewayError as error:  # then it waits until our time has run out
            self._rooms().log.warning("background response held", error=repr(error))

    async def _take_over(self, record: ResponseRecord) -> None:
        if self._retiring:
            await self._let_go(record)
        elif record.attempts > _ATTEMPTS:
            failed = JobReply(record, Running(), self._rooms().max_answer).finished()
            await self._conversations.finish(failed)
        elif (record.tenant, record.id) not in self._making:
            self._taken_over += 1
            self._start(record)

    def _start(self, record: ResponseRecord, request_id: str = "") -> Running:
        """`request_id`: of the client's request, whose entry in the books this shall be."""
        key, rooms = (record.tenant, record.id), self._rooms()
        making, tasks = Making(record, rooms.max_answer), rooms.tasks
        making.task = tasks.spawn(f"response {record.id}", self._make(making, request_id))
        self._making[key] = making
        holding = tasks.spawn(f"hold {record.id}", self._hold(making))

        def done(_task: asyncio.Task[None]) -> None:
            making.running.close()
            holding.cancel()
            self._making.pop(key, None)

        making.task.add_done_callback(done)
        return making.running

    async def _hold(self, making: Making) -> None:
        """Say again and again that it is ours, and learn when it shall not be made any more."""
        store, clock = self._conversations.store, self._conversations.clock
        record = making.record
        while True:
            try:
                status = await store.hold(record, clock.unix() + _HOLD)
            except GatewayError as error:
                self._rooms().log.warning("background response not held", error=repr(error))
            else:
                if status == "cancelled":
                    making.cancel()
                elif status is None or status in OVER:  # it is gone, or another worker's
                    making.task.cancel()
                if status is None or status in OVER:
                    return
            await asyncio.sleep(_SAY_SO)

    async def _make(self, making: Making, request_id: str) -> None:
        record, reply, rooms = making.record, making.reply, self._rooms()
        exchange: Exchange | None = None
        try:
            job = read_job(record.job)
            face, principal = self._faces[job.face], self._principal(job)
            if principal is None:
                reply.refusal = json.encode({"error": {"message": _NO_KEY}})
            else:
                request_id = request_id or self._next_id(self._conversations.clock.unix())
                exchange = asked(job, principal, request_id, self._conversations.clock)
                await Serving(rooms, exchange, face, reply).run()
        except (MsgspecError, KeyError) as error:  # of another version, perhaps
            rooms.log.warning("background response unreadable", response=record.id, why=repr(error))
        except asyncio.CancelledError:
            if making.wanted:
                reply.abandoned()
                raise
        making.settling = True
        work = self._settle(making, exchange)
        await asyncio.shield(rooms.tasks.spawn(f"settle response {record.id}", work))

    async def _settle(self, making: Making, exchange: Exchange | None) -> None:
        reply = making.reply
        if making.wanted or exchange is None:
            record = reply.finished()
        else:
            record = reply.cancelled(await self._spent(exchange))
        for pause in _AGAIN:
            try:
                await self._store(record)
            except GatewayError as error:
                why = repr(error)
                self._rooms().log.warning("response not stored", response=record.id, why=why)
                await asyncio.sleep(pause)
            else:
                return
        await self._store(record)

    async def _spent(self, exchange: Exchange) -> Raw:
        """Of a cancelled one: its books are closed a little later."""
        rooms = self._rooms()
        await rooms.tasks.finish(f"settle {exchange.id}")
        return spent(exchange, rooms.dialects[exchange.dialect])

    async def _store(self, record: ResponseRecord) -> None:
        """Raises GatewayError."""
        first = await self._conversations.finish(record)
        if record.status == "cancelled" and first:
            self._cancelled += 1
        elif record.status == "cancelled":  # through another worker, which knows nothing more of it
            await self._conversations.tell(record)

    def _principal(self, job: Job) -> Principal | None:
        """As the key stands now: what it may may have changed since."""
        return self._standing(job.principal, self._conversations.clock.unix())

    def __repr__(self) -> str:
        return f"<Background making {len(self._making)}>"
