"""Anthropic's Messages API, facing clients and upstreams."""

from collections.abc import Mapping

from msgspec import Raw

from trunkline.canon.answer import Answer
from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import GatewayError
from trunkline.canon.exchange import Headers
from trunkline.canon.request import Request
from trunkline.canon.usage import Usage
from trunkline.dialects.anthropic_messages.count import (
    PATH,
    count_request,
    decode_count,
    encode_count,
)
from trunkline.dialects.anthropic_messages.decode_answer import decode_answer, read_answer_usage
from trunkline.dialects.anthropic_messages.decode_request import decode_request
from trunkline.dialects.anthropic_messages.decoder import Decoder
from trunkline.dialects.anthropic_messages.encode_answer import encode_answer
from trunkline.dialects.anthropic_messages.encode_request import encode_request
from trunkline.dialects.anthropic_messages.encoder import Encoder
from trunkline.dialects.anthropic_messages.errors import decode_error, render_error
from trunkline.dialects.anthropic_messages.forward import forward
from trunkline.dialects.anthropic_messages.guess import guess_input
from trunkline.dialects.anthropic_messages.templates import MESSAGE_STOP
from trunkline.dialects.anthropic_messages.watcher import Watcher
from trunkline.dialects.anthropic_messages.wire import NAME
from trunkline.dialects.base import ClientDialect, Encoded, ServerDialect, Stamp, WireError
from trunkline.dialects.counting import CountingDialect


class AnthropicMessages:
    """Both roles. Stateless: encoders, decoders and watchers hold what one stream needs."""

    name = NAME
    stream_type = b"text/event-stream"
    sentinel = MESSAGE_STOP

    # --- facing clients

    caller_header = b"anthropic-version"
    request_id_header = b"request-id"

    def decode_request(self, body: bytes, headers: Mapping[bytes, bytes]) -> Request:
        return decode_request(body, headers)

    def decode_count_request(self, body: bytes, headers: Mapping[bytes, bytes]) -> Request:
        """A request to /v1/messages/count_tokens: the same, but that max_tokens may be missing."""
        return decode_request(body, headers, counting=True)

    def encode_count(self, tokens: int) -> bytes:
        return encode_count(tokens)

    def encode_answer(self, answer: Answer, request: Request, stamp: Stamp) -> bytes:
        return encode_answer(answer, stamp)

    def encoder(self, request: Request, stamp: Stamp) -> Encoder:
        return Encoder(stamp, guess_input(request))

    def wants_usage(self, envelope: Mapping[str, Raw]) -> bool:
        """Usage is part of every stream here."""
        return True

    def render_error(self, error: GatewayError, request_id: str) -> WireError:
        return render_error(error, request_id)

    # --- facing upstreams

    def path(self, model: str, *, stream: bool) -> str:
        return "/v1/messages"

    def encode_request(self, request: Request, deployment: Deployment) -> Encoded:
        return encode_request(request, deployment)

    def forward(
        self, envelope: Mapping[str, Raw], deployment: Deployment, headers: Mapping[bytes, bytes]
    ) -> Encoded:
        return forward(envelope, deployment, headers)

    def decode_answer(self, body: bytes, *, think_tags: bool = False) -> Answer:
        return decode_answer(body)

    def decoder(self, *, think_tags: bool = False) -> Decoder:
        return Decoder()

    def watcher(self, *, wants_usage: bool) -> Watcher:
        return Watcher()

    def read_usage(self, body: bytes) -> Usage | None:
        return read_answer_usage(body)

    def count_path(self, model: str) -> str:
        return PATH

    def count_request(self, encoded: Encoded, model: str) -> Encoded:
        return count_request(encoded)

    def decode_count(self, body: bytes) -> int:
        return decode_count(body)

    def decode_error(self, status: int, headers: Headers, body: bytes) -> GatewayError:
        return decode_error(status, headers, body)


_server: ServerDialect = AnthropicMessages()
_client: ClientDialect = AnthropicMessages()
_counting: CountingDialect = AnthropicMessages()
