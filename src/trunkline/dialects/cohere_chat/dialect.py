"""Cohere's own Chat API (v2), facing upstreams alone: no client of ours speaks it."""

from trunkline.canon.answer import Answer
from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import GatewayError
from trunkline.canon.exchange import Headers
from trunkline.canon.request import Request
from trunkline.dialects.base import ClientDialect, Encoded
from trunkline.dialects.cohere_chat.decode_answer import decode_answer
from trunkline.dialects.cohere_chat.decoder import Decoder
from trunkline.dialects.cohere_chat.encode_request import encode_request
from trunkline.dialects.cohere_chat.errors import decode_error
from trunkline.dialects.cohere_chat.wire import NAME


class CohereChat:
    """The client role. Stateless: decoders hold what one stream needs."""

    name = NAME
    stream_type = b"text/event-stream"

    def path(self, model: str, *, stream: bool) -> str:
        return "/v2/chat"

    def encode_request(self, request: Request, deployment: Deployment) -> Encoded:
        return encode_request(request, deployment)

    def decode_answer(self, body: bytes, *, think_tags: bool = False) -> Answer:
        return decode_answer(body)

    def decoder(self, *, think_tags: bool = False) -> Decoder:
        return Decoder()

    def decode_error(self, status: int, headers: Headers, body: bytes) -> GatewayError:
        return decode_error(status, headers, body)


_client: ClientDialect = CohereChat()
