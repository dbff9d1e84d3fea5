"""Asking deployments in turn until one gives content: retries, fallbacks, clocks."""

import asyncio
from collections.abc import Mapping, Sequence

from trunkline.canon.deployment import Deployment, Quirks
from trunkline.canon.errors import (
    BadCredential,
    Garbled,
    GatewayError,
    NoRouteAvailable,
    QuotaExhausted,
    Throttled,
    TimedOut,
    UpstreamError,
)
from trunkline.canon.exchange import Attempt, Exchange, Status
from trunkline.dialects.base import ClientDialect, Dialect, Encoded, Stamp
from trunkline.flow.books import Books, lacking
from trunkline.flow.live import LiveAnswer, WholeAnswer, restore_names, spoken
from trunkline.flow.pipes import Passthrough, Translation, check_text
from trunkline.flow.rooms import Rooms
from trunkline.providers.base import Credential
from trunkline.transport.base import Timeouts, UpstreamResponse

# Enough for any provider's error, too little to hurt.
_MAX_ERROR_BODY = 1 << 20
# What a client is told while every credential rests.
_PAUSED: Mapping[type[UpstreamError], str] = {
    BadCredential: "{provider} refused this gateway's credentials a moment ago",
    QuotaExhausted: "the account of this gateway at {provider} has run dry",
}
_THROTTLED = "{provider} asked for a pause on '{model}'; try again in {seconds} s"
# Where a request asks for structured output, in any dialect.
_OUTPUT_FORMATS = frozenset({"response_format", "output_config", "output_format"})

Answering = WholeAnswer | LiveAnswer


class Asking:
    """One exchange's search for an answer."""

    __slots__ = ("_books", "_exchange", "_retries", "_rooms", "_server")

    def __init__(self, rooms: Rooms, exchange: Exchange, server: Dialect, books: Books) -> None:
        self._rooms = rooms
        self._exchange = exchange
        self._server = server
        self._books = books
        self._retries = 0

    async def first_answer(self, deployments: Sequence[Deployment]) -> Answering:
        """Whoever answers first, in this order. Raises the most telling error when nobody does."""
        rest, errors = deployments, list[GatewayError]()
        try:
            while rest:
                deployment, rest = rest[0], rest[1:]
                try:
                    return await self._ask(deployment.speaking(self._exchange.dialect))
                except GatewayError as error:
                    errors.append(error)
                    rest = self._rooms.router.after(error, deployment, rest)
        finally:
            self._rooms.router.retries.retrying -= self._retries
        raise _most_telling(errors)

    async def _ask(self, deployment: Deployment) -> Answering:
        """One deployment: with each of its credentials, and once more where that may help."""
        rooms, tries = self._rooms, 0
        while True:
            credential = self._credential(deployment)
            attempt = Attempt(len(self._exchange.attempts) + 1, deployment, rooms.clock.unix())
            passes = self._passes(deployment)
            encoded = self._encode(deployment, passes=passes)
            tries += 1
            self._books.begin(attempt)
            rooms.router.starting(deployment, rooms.clock.monotonic())
            try:
                answering = await self._send(deployment, credential, encoded, passes=passes)
            except GatewayError as error:
                if not await self._again(attempt, credential, error, tries):
                    raise
            except BaseException:
                rooms.router.abandoned(deployment)
                raise
            else:
                self._books.first_content(attempt)
                rooms.router.succeeded(deployment, attempt.first_event_ms or 0.0)
                rooms.router.cooling.warm(credential.id, deployment.model)
                return answering

    async def _again(
        self, attempt: Attempt, credential: Credential, error: GatewayError, tries: int
    ) -> bool:
        """Learn from the failure; True when the same deployment shall be asked once more."""
        rooms, deployment = self._rooms, attempt.deployment
        now = rooms.clock.monotonic()
        self._books.failed(attempt, error)
        rooms.router.failed(deployment, error, now)
        if isinstance(error, Throttled | QuotaExhausted | BadCredential):
            self._rest(credential, deployment, error, now)
            # As often as there are credentials: one that asks for no pause stays usable.
            others = len(rooms.providers[deployment.provider].credentials) - tries
            if others > 0 and self._pick(deployment, now) is not None:
                return True
        delay = rooms.router.retries.delay(error, tries, rooms.dice())
        if delay is None:
            if isinstance(error, Throttled):
                error.retry_after, _ = self._soonest(deployment, now)
            return False
        # Given back once the search is over: a retry that waits for its answer weighs as much.
        self._retries += 1
        rooms.router.retries.retrying += 1
        await asyncio.sleep(delay)
        return True

    def _rest(
        self, credential: Credential, deployment: Deployment, error: UpstreamError, now: float
    ) -> None:
        self._rooms.router.cooling.cool(credential.id, deployment.model, now, error)
        if isinstance(error, BadCredential):  # somebody has to repair it
            self._rooms.log.error(
                "credential refused",
                credential=credential.id,
                model=deployment.model,
                request=self._exchange.id,
                detail=error.detail,
            )

    def _soonest(self, deployment: Deployment, now: float) -> tuple[float, type[UpstreamError]]:
        """Seconds until one of its credentials may be used again, and why not now."""
        credentials = self._rooms.providers[deployment.provider].credentials
        ids = [credential.id for credential in credentials]
        return self._rooms.router.cooling.soonest(ids, deployment.model, now)

    def _credential(self, deployment: Deployment) -> Credential:
        """The next usable one. Raises what made them rest, with the shortest wait, when all do."""
        now = self._rooms.clock.monotonic()
        credentials = self._rooms.providers[deployment.provider].credentials
        index = self._pick(deployment, now)
        if index is not None:
            return credentials[index]
        wait, why = self._soonest(deployment, now)
        told = _PAUSED.get(why, _THROTTLED).format(
            provider=deployment.provider, model=deployment.model, seconds=max(1, round(wait))
        )
        raise why(told, retry_after=wait)

    def _pick(self, deployment: Deployment, now: float) -> int | None:
        credentials = self._rooms.providers[deployment.provider].credentials
        cooling = self._rooms.router.cooling
        if len(credentials) == 1:
            return None if cooling.remaining(credentials[0].id, deployment.model, now) else 0
        turn = int(self._rooms.dice() * len(credentials))
        return cooling.pick([c.id for c in credentials], deployment.model, now, turn)

    def _encode(self, deployment: Deployment, *, passes: bool) -> Encoded:
        """The request as this deployment shall see it; what it cannot honour becomes a note."""
        exchange = self._exchange
        if passes:
            encoded = self._server.forward(exchange.envelope, deployment, exchange.headers)
        else:
            if exchange.request is None:
                exchange.request = self._server.decode_request(exchange.body, exchange.headers)
            client = self._rooms.clients[deployment.dialect]
            encoded = client.encode_request(exchange.request, deployment)
        # Notes tell of the answer the client gets, not of targets that were tried before.
        exchange.notes[:] = encoded.notes
        return encoded

    def _passes(self, deployment: Deployment) -> bool:
        same = deployment.dialect == self._server.name
        return same and not looks_inside(deployment.quirks, self._exchange)

    async def _send(
        self, deployment: Deployment, credential: Credential, encoded: Encoded, *, passes: bool
    ) -> Answering:
        rooms, exchange = self._rooms, self._exchange
        provider = rooms.providers[deployment.provider]
        client = rooms.clients[deployment.dialect]
        if not provider.is_ready:
            await provider.ready()
        limit = deployment.first_content_timeout if exchange.stream else deployment.answer_timeout
        deadline = rooms.clock.monotonic() + limit
        response = await provider.transport.send(
            provider.request(
                deployment,
                client.path(deployment.model, stream=exchange.stream),
                encoded,
                credential,
            ),
            Timeouts(deployment.connect_timeout, limit, deployment.idle_timeout),
        )
        try:
            if not _is_answer(response, client.stream_type if exchange.stream else b""):
                raise await _refusal(response, client, deadline - rooms.clock.monotonic())
            if not exchange.stream:
                left = deadline - rooms.clock.monotonic()
                body = await _body(response, rooms.max_answer, left)
                response.close()
                return self._whole(body, deployment, encoded, passes=passes)
            live = self._live(response, deployment, encoded, passes=passes)
            await live.open(deadline - rooms.clock.monotonic())
        except BaseException:
            response.close()
            raise
        return live

    def _whole(
        self, body: bytes, deployment: Deployment, encoded: Encoded, *, passes: bool
    ) -> WholeAnswer:
        if passes:
            check_text(body)
            usage = self._server.read_usage(body)
            # What it said must be read only where it does not tell what that takes.
            said = spoken(self._server.decode_answer(body)) if lacking(usage, Status.OK) else []
            return WholeAnswer(body, usage, said)
        client = self._rooms.clients[deployment.dialect]
        answer = restore_names(
            client.decode_answer(body, think_tags=deployment.quirks.think_tags), encoded.tool_names
        )
        request = self._exchange.request
        assert request is not None  # noqa: S101 - _encode decoded it for this very deployment
        return WholeAnswer.translated(answer, self._server, request, self._stamp(deployment))

    def _live(
        self, response: UpstreamResponse, deployment: Deployment, encoded: Encoded, *, passes: bool
    ) -> LiveAnswer:
        if passes:
            server = self._server
            watcher = server.watcher(wants_usage=server.wants_usage(self._exchange.envelope))
            passing = Passthrough(watcher, server.sentinel)
            return LiveAnswer(response, passing, self._rooms.clock, deployment.idle_timeout)
        client = self._rooms.clients[deployment.dialect]
        request = self._exchange.request
        assert request is not None  # noqa: S101 - _encode decoded it for this very deployment
        encoder = self._server.encoder(request, self._stamp(deployment))
        pipe = Translation(
            client.decoder(think_tags=deployment.quirks.think_tags), encoder, encoded.tool_names
        )
        return LiveAnswer(response, pipe, self._rooms.clock, deployment.idle_timeout)

    def _stamp(self, deployment: Deployment) -> Stamp:
        return Stamp(self._rooms.token(), deployment.model, int(self._exchange.received_at))


def looks_inside(quirks: Quirks, exchange: Exchange) -> bool:
    """Quirks that lie deeper than the top level of this body: its bytes cannot just pass."""
    if quirks.tool_id or quirks.think_tags or quirks.reasoning_field == "content":
        return True
    if not quirks.schema_output and not _OUTPUT_FORMATS.isdisjoint(exchange.envelope):
        return True
    body = exchange.body
    if quirks.system_role != "developer" and b'"developer"' in body:
        return True
    return not quirks.mid_system and body.count(b'"system"') > 1


def _is_answer(response: UpstreamResponse, stream_type: bytes) -> bool:
    """`stream_type`: empty where a whole answer was asked for, which may call itself anything."""
    if not 200 <= response.status < 300:
        return False
    return not stream_type or _content_type(response).startswith(stream_type)


async def _body(response: UpstreamResponse, most: int, left: float) -> bytes:
    """The rest of it, within `left` seconds: a trickle would never let the idle clock run out."""
    if response.complete:
        return await response.body(most)
    try:
        async with asyncio.timeout(left):
            return await response.body(most)
    except TimeoutError:
        raise TimedOut("the provider did not finish its answer in time") from None


async def _refusal(response: UpstreamResponse, client: ClientDialect, left: float) -> GatewayError:
    """What an answer that is not one tells of."""
    status = response.status
    if 300 <= status < 400:
        return Garbled(f"the provider answered with a redirect ({status}), which is never followed")
    body = await _body(response, _MAX_ERROR_BODY, left)
    if status >= 300:
        return client.decode_error(status, response.headers, body)
    client.decode_answer(body)  # raises the error that a 200 may hold
    return Garbled("the provider answered a streaming request with something else")


def _content_type(response: UpstreamResponse) -> bytes:
    for name, value in response.headers:
        if name == b"content-type":
            return value.lower()
    return b""


def _most_telling(errors: Sequence[GatewayError]) -> GatewayError:
    """
    What the client shall hear when nobody answered. All throttled: the shortest wait.

    Otherwise the last resort's error; if that only says "not now", one that says what is wrong.
    """
    if not errors:
        return NoRouteAvailable("no deployment is configured for this model")
    if all(isinstance(e, Throttled) for e in errors):
        return min(errors, key=lambda e: e.retry_after if e.retry_after is not None else 1e9)
    last = errors[-1]
    if isinstance(last, TimedOut | Throttled):
        others = [e for e in errors if not isinstance(e, TimedOut | Throttled | BadCredential)]
        return others[-1] if others else last
    return last
