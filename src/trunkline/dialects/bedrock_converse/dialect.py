"""Bedrock's Converse API, facing upstreams alone: no client of ours speaks it."""

from urllib.parse import quote

from trunkline.canon.answer import Answer
from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import GatewayError
from trunkline.canon.exchange import Headers
from trunkline.canon.request import Request
from trunkline.dialects.base import ClientDialect, Encoded
from trunkline.dialects.bedrock_converse.decode_answer import decode_answer
from trunkline.dialects.bedrock_converse.decoder import Decoder
from trunkline.dialects.bedrock_converse.encode_request import encode_request
from trunkline.dialects.bedrock_converse.errors import decode_error
from trunkline.dialects.bedrock_converse.wire import NAME


class BedrockConverse:
    """The client role. Stateless: decoders hold what one stream needs."""

    name = NAME
    stream_type = b"application/vnd.amazon.eventstream"

    def path(self, model: str, *, stream: bool) -> str:
        """A model's id has colons, and an inference profile's ARN slashes: all are encoded."""
        operation = "converse-stream" if stream else "converse"
        return f"/model/{quote(model, safe='')}/{operation}"

    def encode_request(self, request: Request, deployment: Deployment) -> Encoded:
        return encode_request(request, deployment)

    def decode_answer(self, body: bytes, *, think_tags: bool = False) -> Answer:
        return decode_answer(body)

    def decoder(self, *, think_tags: bool = False) -> Decoder:
        return Decoder()

    def decode_error(self, status: int, headers: Headers, body: bytes) -> GatewayError:
        return decode_error(status, headers, body)


_client: ClientDialect = BedrockConverse()
