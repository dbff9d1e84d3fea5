"""
One request for embeddings, start to finish: the counterpart of serve.py.

plan who is asked -> count it in its limits -> leg by leg, each a search for an answer -> put the vectors together -> settle.
"""

import asyncio
from collections.abc import Sequence

from msgspec.structs import replace

from trunkline.canon.deployment import Deployment
from trunkline.canon.embedding import EmbeddingRequest, Embeddings, Tokens
from trunkline.canon.errors import Draining, Garbled, GatewayError, Unsupported
from trunkline.canon.exchange import Exchange, Status
from trunkline.canon.note import Note
from trunkline.canon.request import Request
from trunkline.canon.usage import Usage
from trunkline.dialects.base import Encoded
from trunkline.flow.attempt import Asking
from trunkline.flow.base import Face, Reply
from trunkline.flow.books import Books, lacking
from trunkline.flow.legs import first_leg
from trunkline.flow.live import LiveAnswer
from trunkline.flow.planning import planned
from trunkline.flow.rooms import Rooms
from trunkline.flow.telling import bug, log_failure, refuse
from trunkline.transport.base import UpstreamResponse

OPERATION = "embeddings"
_JSON = (b"content-type", b"application/json")
# Vectors written before others get their turn: some two milliseconds.
_STEP = 8


class EmbeddingQuestion:
    """See Question: the vectors of one leg."""

    __slots__ = ("_request", "_rooms", "_texts")

    def __init__(
        self, rooms: Rooms, request: EmbeddingRequest, texts: tuple[str, ...] | None
    ) -> None:
        """`texts`: the inputs for those who take no tokens; None where they cannot be had."""
        self._rooms = rooms
        self._request = request
        self._texts = texts

    def target(self, deployment: Deployment) -> Deployment:
        return deployment.embedding()

    def encode(self, deployment: Deployment) -> Encoded:
        request, embeds = self._request, deployment.embeds
        if embeds is None or not embeds.tokens:
            if self._texts is None:
                raise Unsupported(
                    f"'{deployment.model}' takes texts, and nobody here knows whose tokens these"
                    " are: send strings (LangChain: check_embedding_ctx_length=False)",
                    param="input",
                )
            request = replace(request, inputs=self._texts)
        return self._rooms.embeddings[deployment.dialect].encode_request(request, deployment)

    def path(self, deployment: Deployment) -> str:
        return self._rooms.embeddings[deployment.dialect].path(deployment.model)

    def stream_type(self, deployment: Deployment) -> bytes:
        return b""

    def whole(self, body: bytes, deployment: Deployment, encoded: Encoded) -> Embeddings:
        request = self._request
        client = self._rooms.embeddings[deployment.dialect]
        found = client.decode_answer(body, len(request.inputs))
        if request.dimensions not in (
            None,
            found.size,
        ):  # some do not know the field, and say nothing
            raise Unsupported(
                f"'{deployment.model}' answers with {found.size} numbers whatever it is asked for:"
                " leave out 'dimensions' (Gemini: 'outputDimensionality')",
                param="dimensions",
            )
        return found

    def live(
        self, response: UpstreamResponse, deployment: Deployment, encoded: Encoded
    ) -> LiveAnswer:
        raise AssertionError("vectors are never streamed")

    def refusal(
        self, response: UpstreamResponse, deployment: Deployment, body: bytes
    ) -> GatewayError:
        client = self._rooms.embeddings[deployment.dialect]
        return client.decode_error(response.status, response.headers, body)


class Embedding:
    """One exchange on its way; made per request."""

    __slots__ = ("_books", "_exchange", "_face", "_reply", "_rooms", "_server")

    def __init__(self, rooms: Rooms, exchange: Exchange, face: Face, reply: Reply) -> None:
        exchange.stream = False  # whatever the body says: vectors come whole
        self._rooms = rooms
        self._exchange = exchange
        self._face = face
        self._reply = reply
        self._server = rooms.embedding_servers[exchange.dialect]
        self._books = Books(rooms, exchange, None)

    async def run(self) -> None:
        """Answer the client, whatever happens, and leave exactly one closed entry in the books."""
        retries = self._rooms.router.retries
        retries.active += 1
        try:
            try:
                await self._hand_over(await self._body())
            except GatewayError as error:
                self._tell(error)
            except Exception as error:  # noqa: BLE001 - a bug of ours must not cost the client an answer
                self._tell(bug(error))
        except asyncio.CancelledError:
            self._abandoned()
            raise
        finally:
            retries.active -= 1

    async def _body(self) -> bytes:
        """The whole answer, as the client shall have it."""
        plan = self._plan()
        request = self._server.decode_request(self._exchange.envelope)
        plan = await self._rooms.admission.admit(self._exchange, plan, _uncounted)
        texts = await self._texts(request, plan)
        legs: list[Embeddings] = []
        said: dict[Note, None] = {}
        done, total = 0, len(request.inputs)
        while done < total:
            if legs:
                self._books.next_leg()
            end = done + first_leg(request.part(done), plan)
            leg = request.part(done, end)
            question = EmbeddingQuestion(
                self._rooms, leg, None if texts is None else texts[done:end]
            )
            legs.append(await self._leg(question, leg, plan))
            said |= dict.fromkeys(self._exchange.notes)
            plan, done = self._same(plan), end
        self._exchange.notes[:] = said  # each leg has its own: what one drops, others may not have
        return await self._written(_joined(legs), request)

    def _plan(self) -> Sequence[Deployment]:
        """Who is asked, in order. Raises Unsupported where nobody embeds."""
        plan = planned(self._rooms, self._exchange)
        able = [deployment for deployment in plan if deployment.embeds is not None]
        if plan and not able:
            raise Unsupported(
                f"The model '{self._exchange.model[:100]}' has no embeddings at {plan[0].provider}",
                param="model",
            )
        return able

    def _same(self, plan: Sequence[Deployment]) -> Sequence[Deployment]:
        """For the next leg: whoever answered first, then others with the very same model."""
        answered = self._exchange.attempts[-1].deployment
        others = [d for d in plan if d.id != answered.id and d.model == answered.model]
        return [*(d for d in plan if d.id == answered.id), *others]

    async def _leg(
        self, question: EmbeddingQuestion, leg: EmbeddingRequest, plan: Sequence[Deployment]
    ) -> Embeddings:
        """The vectors of some inputs, billed."""
        asking = Asking(self._rooms, self._exchange, question, self._books)
        found = await asking.first_answer(plan)
        assert isinstance(found, Embeddings)  # noqa: S101 - the question never streams
        if found.usage is not None and not lacking(found.usage, Status.OK, writes=False):
            self._books.paid(found.usage, estimated=False)
            return found
        usage = await self._counted(leg)
        self._books.paid(usage, estimated=True)
        return replace(found, usage=usage)

    async def _counted(self, leg: EmbeddingRequest) -> Usage:
        """Nobody said what it took."""
        deployment = self._exchange.attempts[-1].deployment
        texts = [one for one in leg.inputs if isinstance(one, str)]
        tokens = sum(len(one) for one in leg.inputs if not isinstance(one, str))
        counted = await self._rooms.counter.estimate(deployment, None, texts)
        return Usage(input=tokens + counted.output)

    async def _texts(
        self, request: EmbeddingRequest, plan: Sequence[Deployment]
    ) -> tuple[str, ...] | None:
        """The inputs as text; None where some are tokens of a vocabulary that is not ours."""
        if all(d.embeds is not None and d.embeds.tokens for d in plan):
            return None  # nobody will ask
        # Tokens of the model that the client named; an alias tells nothing, its target may.
        names = (request.model, *(deployment.model for deployment in plan))
        texts: list[str] = []
        for one in request.inputs:
            text = one if isinstance(one, str) else await self._text(names, one)
            if text is None:
                return None
            texts.append(text)
        return tuple(texts)

    async def _text(self, names: Sequence[str], tokens: Tokens) -> str | None:
        for name in names:
            text = await self._rooms.counter.text(name, tokens)
            if text is not None:
                return text
        return None

    async def _written(self, found: Embeddings, request: EmbeddingRequest) -> bytes:
        pieces: list[bytes] = []
        for piece in self._server.encode_answer(found, request):
            pieces.append(piece)
            if not len(pieces) % _STEP:
                await asyncio.sleep(0)
        return b"".join(pieces)

    async def _hand_over(self, body: bytes) -> None:
        self._books.close(Status.OK)
        await self._rooms.ledger.durable()
        body = self._face.extend(body, self._exchange)
        headers = self._face.headers(self._exchange, streaming=False)
        self._reply.whole(200, (_JSON, *headers), body)

    def _tell(self, error: GatewayError) -> None:
        exchange = self._exchange
        log_failure(error, exchange, self._rooms.log)
        exchange.notes.clear()
        if exchange.attempts and exchange.attempts[-1].error is None:
            self._books.spoiled(error)
        self._close_books(Status.FAILED, error)
        refuse(error, exchange, self._face, self._server, self._reply)

    def _abandoned(self) -> None:
        """The client left, or we are shutting down. What was answered by then stays billed."""
        if self._books.closed:
            return
        if not self._reply.draining:
            self._close_books(Status.CANCELLED, None)
            return
        error = Draining("the gateway is shutting down; please send the request again")
        self._close_books(Status.FAILED, error)
        refuse(error, self._exchange, self._face, self._server, self._reply)

    def _close_books(self, status: Status, error: GatewayError | None) -> None:
        """A request that never got as far as an attempt leaves an entry, too."""
        try:
            self._books.close(status, error)
        except GatewayError:
            return


def _uncounted() -> Request:
    """For the claim on limits, the length of the inputs is bound enough."""
    raise Unsupported("embeddings are no conversation")


def _joined(legs: Sequence[Embeddings]) -> Embeddings:
    if len(legs) == 1:
        return legs[0]
    if len({leg.size for leg in legs}) > 1:
        raise Garbled("the provider answered with vectors of different lengths")
    return replace(
        legs[0],
        vectors=tuple(vector for leg in legs for vector in leg.vectors),
        usage=Usage(input=sum(leg.usage.total_input for leg in legs if leg.usage is not None)),
    )
