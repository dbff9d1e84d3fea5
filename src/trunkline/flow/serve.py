"""
One request, start to finish. Read this file first.

plan who is asked -> count it in its limits -> ask until somebody gives content -> hand it over -> settle once.
"""

import asyncio
from collections.abc import Awaitable, Sequence

from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import (
    Draining,
    GatewayError,
)
from trunkline.canon.exchange import Exchange, Status
from trunkline.canon.request import Request
from trunkline.flow.attempt import Asking
from trunkline.flow.base import Face, Reply
from trunkline.flow.books import Books
from trunkline.flow.chat import ChatQuestion
from trunkline.flow.live import LiveAnswer, WholeAnswer
from trunkline.flow.planning import planned
from trunkline.flow.rooms import Rooms
from trunkline.flow.telling import bug, log_failure, refuse

_JSON = (b"content-type", b"application/json")
# "no" to x-accel-buffering keeps an nginx in front of us from collecting the stream.
_EVENTS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
)

Answering = WholeAnswer | LiveAnswer


class Serving:
    """One exchange on its way; made per request by `serve`."""

    __slots__ = ("_books", "_exchange", "_face", "_reply", "_rooms", "_server")

    def __init__(self, rooms: Rooms, exchange: Exchange, face: Face, reply: Reply) -> None:
        self._rooms = rooms
        self._exchange = exchange
        self._face = face
        self._reply = reply
        self._server = rooms.dialects[exchange.dialect]
        self._books = Books(rooms, exchange, self._server)

    async def run(self) -> None:
        """Answer the client, whatever happens, and leave exactly one closed entry in the books."""
        retries = self._rooms.router.retries
        retries.active += 1
        answering: Answering | None = None
        try:
            try:
                answering = await self._ask()
                if isinstance(answering, WholeAnswer):
                    await self._hand_over(answering)
                else:
                    await self._relay(answering)
            except GatewayError as error:
                await self._tell(error, answering)
            except Exception as error:  # noqa: BLE001 - a bug of ours must not cost the client an answer
                await self._tell(bug(error), answering)
        except asyncio.CancelledError:  # also while an error was being told
            self._abandoned(answering)
            raise
        finally:
            retries.active -= 1
            if answering is not None:
                answering.close()

    async def _ask(self) -> Answering:
        return await self._answer(await self._admitted())

    async def _admitted(self) -> Sequence[Deployment]:
        """Who is asked, once it is counted in the limits of whoever asks. Raises what refuses it."""
        return await self._rooms.admission.admit(self._exchange, self._plan(), self._read)

    def _read(self) -> Request:
        exchange = self._exchange
        if exchange.request is None:
            exchange.request = self._server.decode_request(exchange.body, exchange.headers)
        return exchange.request

    def _plan(self) -> Sequence[Deployment]:
        """Who is asked, in order. Raises Forbidden and UnknownModel."""
        return planned(self._rooms, self._exchange)

    def _answer(self, plan: Sequence[Deployment]) -> Awaitable[Answering]:
        question = ChatQuestion(self._rooms, self._exchange, self._server)
        return Asking(self._rooms, self._exchange, question, self._books).first_answer(plan)

    async def _hand_over(self, answer: WholeAnswer) -> None:
        await self._settle(answer, Status.OK, None)
        attempt = self._exchange.attempts[-1]
        if attempt.estimated:
            answer.tell(attempt.usage)
        body = self._face.extend(answer.body, self._exchange)
        headers = self._face.headers(self._exchange, streaming=False)
        self._reply.whole(200, (_JSON, *headers), body)

    async def _relay(self, live: LiveAnswer) -> None:
        """Everything from the first content on. Nothing is ever spliced behind it."""
        reply = self._reply
        reply.start(200, (*_EVENTS, *self._face.headers(self._exchange, streaming=True)))
        last = await live.pour(reply)
        await self._settle(live, Status.OK, None)
        reply.end(last)
        await live.linger()

    async def _tell(self, error: GatewayError, answering: Answering | None) -> None:
        log_failure(error, self._exchange, self._rooms.log)
        if answering is None:
            self._exchange.notes.clear()
            self._close_books(Status.FAILED, error)
        else:
            await self._settle(answering, Status.PARTIAL, error)
        self._say(error, answering)

    def _say(self, error: GatewayError, answering: Answering | None) -> None:
        """Before the first byte: status and body. After it: an event in the client's dialect."""
        exchange, reply = self._exchange, self._reply
        if reply.started and isinstance(answering, LiveAnswer):
            reply.end(answering.before_error() + answering.pipe.fault(error, exchange.id))
            return
        refuse(error, exchange, self._face, self._server, reply)

    def _abandoned(self, answering: Answering | None) -> None:
        """The client left, or we are shutting down: settle for what was delivered, without waiting."""
        if self._books.closed:
            return
        status, error = Status.CANCELLED, None
        if self._reply.draining:
            status = Status.PARTIAL if answering else Status.FAILED
            error = Draining("the gateway is shutting down; please send the request again")
        if answering is None:
            self._close_books(status, error)
        else:
            self._books.answered(status, answering.usage, error)
            self._books.close_later(status, answering.usage, list(answering.delivered))
        if error is not None:
            self._say(error, answering)

    async def _settle(
        self, answering: Answering, status: Status, error: GatewayError | None
    ) -> None:
        """Bill and close, before the last byte leaves."""
        if self._books.closed:
            return
        billed = self._books.answered(status, answering.usage, error)
        if error is not None:
            attempt = self._exchange.attempts[-1]
            now = self._rooms.clock.monotonic()
            self._rooms.router.failed(attempt.deployment, error, now)
        if not billed:
            await self._books.estimate(answering.usage, answering.delivered)
        self._books.close(status)
        await self._rooms.ledger.durable()

    def _close_books(self, status: Status, error: GatewayError | None = None) -> None:
        """A request that never got as far as an attempt leaves an entry, too."""
        try:
            self._books.close(status, error)
        except GatewayError:
            return
