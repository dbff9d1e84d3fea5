"""
Counting a request's tokens instead of answering it: at the upstream where it can, else here.

Nothing is billed and nothing enters the books: a count costs nothing (Anthropic, OpenAI and
Google all say so), and as an entry it would pass for a request. It teaches the router nothing
either: providers limit counting apart from answering.
"""

import asyncio

from msgspec.structs import replace

from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import (
    ContentRejected,
    ContextLengthExceeded,
    Draining,
    Garbled,
    GatewayError,
    ModelMissing,
    NoRouteAvailable,
    Refused,
    TimedOut,
    UpstreamError,
)
from trunkline.canon.exchange import Attempt, Exchange, Status
from trunkline.canon.note import Note
from trunkline.canon.request import Request
from trunkline.conversations.items import may_refer
from trunkline.dialects.base import Encoded
from trunkline.dialects.counting import CountingDialect
from trunkline.flow.base import Face, Reply
from trunkline.flow.chat import looks_inside
from trunkline.flow.picking import choice, resting, usable
from trunkline.flow.planning import planned
from trunkline.flow.remembered import read_wish, recall
from trunkline.flow.rooms import Rooms
from trunkline.flow.telling import bug, refuse
from trunkline.providers.base import Credential
from trunkline.transport.base import Timeouts

OPERATION = "count_tokens"
_JSON = (b"content-type", b"application/json")
# Seconds. A count is there within one; whoever takes longer is not waited for, as we can count.
_PATIENCE = 10.0
_MAX_ANSWER = 1 << 16
# What an upstream says of the request rather than of itself: the client shall hear it.
_TELLING = (ContentRejected, ContextLengthExceeded, Refused)


class Counting:
    """One exchange that asks for a count; made per request."""

    __slots__ = ("_dialect", "_exchange", "_face", "_reply", "_rooms")

    def __init__(self, rooms: Rooms, exchange: Exchange, face: Face, reply: Reply) -> None:
        self._rooms = rooms
        self._exchange = exchange
        self._face = face
        self._reply = reply
        self._dialect: CountingDialect = rooms.counting[exchange.dialect]

    async def run(self) -> None:
        """Answer the client, whatever happens."""
        admission = self._rooms.admission
        try:
            await admission.hold(self._exchange)
            tokens = await self._count()
        except GatewayError as error:
            self._refuse(error)
        except asyncio.CancelledError:
            if self._reply.draining:
                self._refuse(
                    Draining("the gateway is shutting down; please send the request again")
                )
            raise
        except Exception as error:  # noqa: BLE001 - a bug of ours must not cost the client an answer
            self._rooms.log.warning("count failed", request=self._exchange.id, detail=repr(error))
            self._refuse(bug(error))
        else:
            headers = self._face.headers(self._exchange, streaming=False)
            self._reply.whole(200, (_JSON, *headers), self._dialect.encode_count(tokens))
        finally:
            admission.release(self._exchange)

    async def _count(self) -> int:
        """By whoever would be asked first for the answer."""
        rooms, exchange = self._rooms, self._exchange
        plan = planned(rooms, exchange)
        able = next((d for d in plan if d.dialect in rooms.clients), None)
        if able is None:
            raise NoRouteAvailable("no deployment of this model has conversations to count")
        request = self._dialect.decode_count_request(exchange.body, exchange.headers)
        deployment = able.speaking(exchange.dialect)
        encoded = self._encode(deployment, request)
        counter = rooms.counting.get(deployment.dialect)
        if counter is not None and deployment.dialect in deployment.quirks.counts:
            try:
                return await self._ask(deployment, counter, encoded)
            except UpstreamError as error:
                self._forgive(error, deployment)
        return (await rooms.counter.estimate(deployment, request, ())).input

    def _encode(self, deployment: Deployment, request: Request) -> Encoded:
        """
        As the upstream would be sent it for an answer: what is dropped there is not counted.

        Raises Unsupported, as the request itself would.
        """
        rooms, exchange = self._rooms, self._exchange
        client = rooms.clients[deployment.dialect]
        same = deployment.dialect == exchange.dialect
        if same and not looks_inside(deployment.quirks, exchange):
            bare = replace(deployment, quirks=replace(deployment.quirks, add={}))
            own = rooms.dialects[deployment.dialect]
            encoded = own.forward(exchange.envelope, bare, exchange.headers)
        else:
            encoded = client.encode_request(request, deployment)
        exchange.notes[:] = encoded.notes
        return encoded

    async def _ask(self, deployment: Deployment, counter: CountingDialect, encoded: Encoded) -> int:
        """The upstream's own count. Raises UpstreamError."""
        rooms, exchange = self._rooms, self._exchange
        attempt = Attempt(1, deployment, rooms.clock.unix())
        exchange.attempts.append(attempt)
        since = rooms.clock.monotonic()
        try:
            tokens = await self._send(
                deployment, counter, counter.count_request(encoded, deployment.model)
            )
        except UpstreamError as error:
            attempt.status, attempt.error = Status.FAILED, error
            attempt.total_ms = (rooms.clock.monotonic() - since) * 1000
            raise
        now = rooms.clock.monotonic()
        attempt.status = Status.OK
        attempt.first_event_ms = (now - since) * 1000
        exchange.first_content_ms = (now - exchange.started) * 1000
        return tokens

    async def _send(
        self, deployment: Deployment, counter: CountingDialect, encoded: Encoded
    ) -> int:
        rooms = self._rooms
        provider = rooms.providers[deployment.provider]
        path = counter.count_path(deployment.model)
        request = provider.request(deployment, path, encoded, self._credential(deployment))
        waits = Timeouts(deployment.connect_timeout, _PATIENCE, _PATIENCE)
        try:
            async with asyncio.timeout(_PATIENCE):
                response = await provider.transport.send(request, waits)
                try:
                    body = await response.body(_MAX_ANSWER)
                finally:
                    response.close()
        except TimeoutError:
            raise TimedOut("the provider did not count in time") from None
        if response.status != 200:
            client = rooms.clients[deployment.dialect]
            told = client.decode_error(response.status, response.headers, body)
            raise told if isinstance(told, UpstreamError) else Garbled(told.message)
        return counter.decode_count(body)

    def _credential(self, deployment: Deployment) -> Credential:
        """One that does not rest, else any: counting is limited apart from answering."""
        rooms = self._rooms
        those = choice(rooms, self._exchange.principal, deployment)
        now = rooms.clock.monotonic()
        credential = usable(rooms, those, deployment.model, now)
        if credential is None:
            if not those.count:
                raise resting(rooms, those, deployment, now)
            return (*those.first, *those.second)[0]
        return credential

    def _forgive(self, error: UpstreamError, deployment: Deployment) -> None:
        """Go on with a count of our own; but what is wrong with the request is raised."""
        # A bare 404 is a server without this endpoint; one that names the model means the model.
        missing = isinstance(error, ModelMissing) and deployment.model in error.message
        if missing or isinstance(error, _TELLING):
            raise error
        self._exchange.notes.append(
            Note("input_tokens", f"counted by the gateway: {deployment.provider} did not")
        )
        self._rooms.log.warning(
            "count not given",
            request=self._exchange.id,
            target=deployment.id,
            error=type(error).__name__,
            status=error.status,
            message=error.message,
            detail=error.detail,
        )

    def _refuse(self, error: GatewayError) -> None:
        exchange = self._exchange
        exchange.notes.clear()
        exchange.status = Status.FAILED
        refuse(error, exchange, self._face, self._rooms.dialects[exchange.dialect], self._reply)


class RememberedCounting(Counting):
    """One that may go on from what was said before, which lives at the gateway and counts, too."""

    __slots__ = ()

    async def _count(self) -> int:
        previous_id = read_wish(self._exchange).previous_id
        if previous_id is not None or may_refer(self._exchange.body):
            await recall(self._rooms, self._exchange, previous_id)
        return await super()._count()
