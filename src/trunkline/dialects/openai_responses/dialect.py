"""OpenAI's Responses, and those who speak it besides: both roles under one name."""

from collections.abc import Mapping

from msgspec import Raw

from trunkline.canon.answer import Answer
from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import GatewayError
from trunkline.canon.exchange import Headers
from trunkline.canon.request import Request
from trunkline.canon.usage import Usage
from trunkline.dialects.base import Dialect, Encoded, Stamp, WireError
from trunkline.dialects.counting import CountingDialect
from trunkline.dialects.openai_errors import render_error
from trunkline.dialects.openai_failures import decode_error
from trunkline.dialects.openai_responses.count import (
    PATH,
    count_request,
    decode_count,
    encode_count,
)
from trunkline.dialects.openai_responses.decode_answer import decode_answer, read_usage_of
from trunkline.dialects.openai_responses.decode_request import decode_request
from trunkline.dialects.openai_responses.decoder import StreamDecoder
from trunkline.dialects.openai_responses.encode_answer import encode_answer
from trunkline.dialects.openai_responses.encode_request import encode_request
from trunkline.dialects.openai_responses.encoder import StreamEncoder
from trunkline.dialects.openai_responses.forward import forward
from trunkline.dialects.openai_responses.watcher import StreamWatcher
from trunkline.dialects.openai_responses.wire import NAME


class OpenAIResponses:
    name = NAME
    stream_type = b"text/event-stream"
    sentinel = b""  # its last event says that it is the last

    # Facing clients.

    caller_header = b""  # its SDKs name themselves in none that others never send
    request_id_header = b"x-request-id"

    def decode_request(self, body: bytes, headers: Mapping[bytes, bytes]) -> Request:
        return decode_request(body)

    def decode_count_request(self, body: bytes, headers: Mapping[bytes, bytes]) -> Request:
        return decode_request(body)

    def encode_count(self, tokens: int) -> bytes:
        return encode_count(tokens)

    def encode_answer(self, answer: Answer, request: Request, stamp: Stamp) -> bytes:
        return encode_answer(answer, request, stamp)

    def encoder(self, request: Request, stamp: Stamp) -> StreamEncoder:
        return StreamEncoder(request, stamp)

    def wants_usage(self, envelope: Mapping[str, Raw]) -> bool:
        return True

    def render_error(self, error: GatewayError, request_id: str) -> WireError:
        return render_error(error, request_id)

    # Facing upstreams.

    def path(self, model: str, *, stream: bool) -> str:
        return "/responses"

    def encode_request(self, request: Request, deployment: Deployment) -> Encoded:
        return encode_request(request, deployment)

    def forward(
        self, envelope: Mapping[str, Raw], deployment: Deployment, headers: Mapping[bytes, bytes]
    ) -> Encoded:
        return forward(envelope, deployment)

    def decode_answer(self, body: bytes, *, think_tags: bool = False) -> Answer:
        return decode_answer(body)

    def decoder(self, *, think_tags: bool = False) -> StreamDecoder:
        return StreamDecoder()

    def watcher(self, *, wants_usage: bool) -> StreamWatcher:
        return StreamWatcher()

    def read_usage(self, body: bytes) -> Usage | None:
        return read_usage_of(body)

    def count_path(self, model: str) -> str:
        return PATH

    def count_request(self, encoded: Encoded, model: str) -> Encoded:
        return count_request(encoded)

    def decode_count(self, body: bytes) -> int:
        return decode_count(body)

    def decode_error(self, status: int, headers: Headers, body: bytes) -> GatewayError:
        return decode_error(status, headers, body)


_dialect: Dialect = OpenAIResponses()
_counting: CountingDialect = OpenAIResponses()
