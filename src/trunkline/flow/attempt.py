"""Asking deployments in turn until one gives content: retries, fallbacks, clocks."""

import asyncio
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from trunkline.canon.deployment import Deployment
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
from trunkline.canon.exchange import Attempt, Exchange
from trunkline.dialects.base import Encoded
from trunkline.flow.books import Books
from trunkline.flow.live import LiveAnswer
from trunkline.flow.picking import Choice, choice, resting, soonest, usable
from trunkline.flow.rooms import Rooms
from trunkline.providers.base import Credential
from trunkline.transport.base import Timeouts, UpstreamResponse

# Enough for any provider's error, too little to hurt.
_MAX_ERROR_BODY = 1 << 20
WholeT_co = TypeVar("WholeT_co", covariant=True)


class Question(Protocol[WholeT_co]):
    """What one exchange asks of deployments, and how the answer of each is read."""

    def target(self, deployment: Deployment) -> Deployment:
        """The same deployment, as it is asked this."""

    def encode(self, deployment: Deployment) -> Encoded:
        """The request as it shall see it. Raises GatewayError where it cannot be asked this."""

    def path(self, deployment: Deployment) -> str: ...
    def stream_type(self, deployment: Deployment) -> bytes:
        """The media type of a stream, in lower case."""

    def whole(self, body: bytes, deployment: Deployment, encoded: Encoded) -> WholeT_co:
        """Raises Garbled, or the error that a 200 may hold."""

    def live(
        self, response: UpstreamResponse, deployment: Deployment, encoded: Encoded
    ) -> LiveAnswer:
        """Asked only where the exchange streams."""

    def refusal(
        self, response: UpstreamResponse, deployment: Deployment, body: bytes
    ) -> GatewayError:
        """What a status tells of that is no answer's; a 200 may be no stream where one was asked for."""


class Asking(Generic[WholeT_co]):
    """One exchange's search for an answer."""

    __slots__ = ("_books", "_exchange", "_question", "_retries", "_rooms")

    def __init__(
        self, rooms: Rooms, exchange: Exchange, question: Question[WholeT_co], books: Books
    ) -> None:
        self._rooms = rooms
        self._exchange = exchange
        self._question = question
        self._books = books
        self._retries = 0

    async def first_answer(self, deployments: Sequence[Deployment]) -> WholeT_co | LiveAnswer:
        """Whoever answers first, in this order. Raises the most telling error when nobody does."""
        rest, errors = deployments, list[GatewayError]()
        try:
            while rest:
                deployment, rest = rest[0], rest[1:]
                try:
                    return await self._ask(self._question.target(deployment))
                except GatewayError as error:
                    errors.append(error)
                    rest = self._rooms.router.after(error, deployment, rest)
        finally:
            self._rooms.router.retries.retrying -= self._retries
        raise _most_telling(errors)

    async def _ask(self, deployment: Deployment) -> WholeT_co | LiveAnswer:
        """One deployment: with each of its credentials, and once more where that may help."""
        rooms, tries = self._rooms, 0
        while True:
            those, now = self._choice(deployment), rooms.clock.monotonic()
            credential = usable(rooms, those, deployment.model, now)
            if credential is None:
                raise resting(rooms, those, deployment, now)
            attempt = Attempt(len(self._exchange.attempts) + 1, deployment, rooms.clock.unix())
            attempt.byok = credential.own
            encoded = self._question.encode(deployment)
            # Notes tell of the answer the client gets, not of targets that were tried before.
            self._exchange.notes[:] = encoded.notes
            tries += 1
            self._books.begin(attempt)
            rooms.router.starting(deployment, rooms.clock.monotonic())
            try:
                answering = await self._send(deployment, credential, encoded)
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
            those = self._choice(deployment)
            if those.count > tries and usable(rooms, those, deployment.model, now) is not None:
                return True
        delay = rooms.router.retries.delay(error, tries, rooms.dice())
        if delay is None:
            if isinstance(error, Throttled):
                those = self._choice(deployment)
                error.retry_after, _ = soonest(rooms, those, deployment.model, now)
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
            if credential.own:
                error.message = "the provider refused your tenant's own credential"
            self._rooms.log.error(
                "credential refused",
                credential=credential.id,
                model=deployment.model,
                request=self._exchange.id,
                detail=error.detail,
            )

    def _choice(self, deployment: Deployment) -> Choice:
        return choice(self._rooms, self._exchange.principal, deployment)

    async def _send(
        self, deployment: Deployment, credential: Credential, encoded: Encoded
    ) -> WholeT_co | LiveAnswer:
        rooms, question = self._rooms, self._question
        provider = rooms.providers[deployment.provider]
        if not provider.is_ready:
            await provider.ready(deployment)
        streams = self._exchange.stream
        limit = deployment.first_content_timeout if streams else deployment.answer_timeout
        deadline = rooms.clock.monotonic() + limit
        response = await provider.transport.send(
            provider.request(deployment, question.path(deployment), encoded, credential),
            Timeouts(deployment.connect_timeout, limit, deployment.idle_timeout),
        )
        try:
            if not _is_answer(response, question.stream_type(deployment) if streams else b""):
                body = await _error_body(response, deadline - rooms.clock.monotonic())
                raise question.refusal(response, deployment, body)
            if not streams:
                left = deadline - rooms.clock.monotonic()
                body = await _body(response, rooms.max_answer, left)
                response.close()
                return question.whole(body, deployment, encoded)
            live = question.live(response, deployment, encoded)
            await live.open(deadline - rooms.clock.monotonic())
        except BaseException:
            response.close()
            raise
        return live


_SAYS_NOTHING = (b"text/plain", b"application/octet-stream")


def _is_answer(response: UpstreamResponse, stream_type: bytes) -> bool:
    """`stream_type`: empty where a whole answer was asked for, which may call itself anything."""
    if not 200 <= response.status < 300:
        return False
    told = _content_type(response)
    # Some servers do not say what they stream, and no SDK asks; what it is shows as it is read.
    return not stream_type or not told or told.startswith((stream_type, *_SAYS_NOTHING))


async def _body(response: UpstreamResponse, most: int, left: float) -> bytes:
    """The rest of it, within `left` seconds: a trickle would never let the idle clock run out."""
    if response.complete:
        return await response.body(most)
    try:
        async with asyncio.timeout(left):
            return await response.body(most)
    except TimeoutError:
        raise TimedOut("the provider did not finish its answer in time") from None


async def _error_body(response: UpstreamResponse, left: float) -> bytes:
    if 300 <= response.status < 400:
        raise Garbled(
            f"the provider answered with a redirect ({response.status}), which is never followed"
        )
    return await _body(response, _MAX_ERROR_BODY, left)


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
