"""What a conversation asks of a deployment, and how its answer is read: passed on, or translated."""

from trunkline.canon.deployment import Deployment, Quirks
from trunkline.canon.errors import Garbled, GatewayError, ModelMissing
from trunkline.canon.exchange import Exchange, Status
from trunkline.canon.unsaid import unsaid
from trunkline.dialects.base import ClientDialect, Dialect, Encoded, Stamp
from trunkline.flow.books import lacking
from trunkline.flow.live import LiveAnswer, WholeAnswer, restore_names, spoken
from trunkline.flow.pipes import Passthrough, Translation, check_text
from trunkline.flow.rooms import Rooms
from trunkline.transport.base import UpstreamResponse
from trunkline.wire.halves import without_halves

# Where a request asks for structured output, in any dialect.
_OUTPUT_FORMATS = frozenset(
    {"response_format", "output_config", "output_format", "text", "generationConfig"}
)


class ChatQuestion:
    """See Question. One per exchange; it knows how the deployment at hand is asked."""

    __slots__ = ("_client", "_exchange", "_passes", "_rooms", "_server")

    def __init__(self, rooms: Rooms, exchange: Exchange, server: Dialect) -> None:
        self._rooms = rooms
        self._exchange = exchange
        self._server = server
        self._client: ClientDialect = server
        self._passes = False

    def target(self, deployment: Deployment) -> Deployment:
        return deployment.speaking(self._exchange.dialect)

    def encode(self, deployment: Deployment) -> Encoded:
        exchange, server = self._exchange, self._server
        client = self._rooms.clients.get(deployment.dialect)
        if client is None:
            raise ModelMissing(f"{deployment.provider} has no chat, only embeddings")
        self._client = client
        same = deployment.dialect == server.name
        self._passes = same and not looks_inside(deployment.quirks, exchange)
        if self._passes:
            return server.forward(exchange.envelope, deployment, exchange.headers)
        if exchange.request is None:
            exchange.request = server.decode_request(exchange.body, exchange.headers)
        return client.encode_request(exchange.request, deployment)

    def path(self, deployment: Deployment) -> str:
        return self._client.path(deployment.model, stream=self._exchange.stream)

    def stream_type(self, deployment: Deployment) -> bytes:
        return self._client.stream_type

    def refusal(
        self, response: UpstreamResponse, deployment: Deployment, body: bytes
    ) -> GatewayError:
        client = self._client
        if response.status >= 300:
            return client.decode_error(response.status, response.headers, body)
        client.decode_answer(body)  # raises the error that a 200 may hold
        return Garbled("the provider answered a streaming request with something else")

    def whole(self, body: bytes, deployment: Deployment, encoded: Encoded) -> WholeAnswer:
        try:
            return self._read(body, deployment, encoded)
        except Garbled:
            mended = without_halves(body)
            if mended == body:
                raise
        return self._read(mended, deployment, encoded)

    def _read(self, body: bytes, deployment: Deployment, encoded: Encoded) -> WholeAnswer:
        if self._passes:
            check_text(body)
            usage = self._server.read_usage(body)
            # What it said must be read only where it does not tell what that takes.
            said = spoken(self._server.decode_answer(body)) if lacking(usage, Status.OK) else []
            return WholeAnswer(body, usage, said)
        answer = restore_names(
            self._client.decode_answer(body, think_tags=deployment.quirks.think_tags),
            encoded.tool_names,
        )
        self._exchange.notes += unsaid(answer, self._server.name)
        request = self._exchange.request
        assert request is not None  # noqa: S101 - encode decoded it for this very deployment
        return WholeAnswer.translated(answer, self._server, request, self._stamp(deployment))

    def live(
        self, response: UpstreamResponse, deployment: Deployment, encoded: Encoded
    ) -> LiveAnswer:
        clock = self._rooms.clock
        if self._passes:
            server = self._server
            watcher = server.watcher(wants_usage=server.wants_usage(self._exchange.envelope))
            passing = Passthrough(watcher, server.sentinel)
            return LiveAnswer(response, passing, clock, deployment.idle_timeout)
        request = self._exchange.request
        assert request is not None  # noqa: S101 - encode decoded it for this very deployment
        encoder = self._server.encoder(request, self._stamp(deployment))
        decoder = self._client.decoder(think_tags=deployment.quirks.think_tags)
        pipe = Translation(decoder, encoder, encoded.tool_names)
        return LiveAnswer(response, pipe, clock, deployment.idle_timeout)

    def _stamp(self, deployment: Deployment) -> Stamp:
        return Stamp(self._rooms.token(), deployment.model, int(self._exchange.received_at))


def looks_inside(quirks: Quirks, exchange: Exchange) -> bool:
    """Quirks that lie deeper than the top level of this body: its bytes cannot just pass."""
    if exchange.opened:
        return True
    if quirks.tool_id or quirks.think_tags or quirks.reasoning_field == "content":
        return True
    if not quirks.schema_output and not _OUTPUT_FORMATS.isdisjoint(exchange.envelope):
        return True
    body = exchange.body
    if quirks.system_role != "developer" and b'"developer"' in body:
        return True
    return not quirks.mid_system and body.count(b'"system"') > 1
