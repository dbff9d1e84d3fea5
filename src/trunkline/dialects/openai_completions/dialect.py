"""OpenAI's legacy Completions: both roles under one name."""

from collections.abc import Mapping

from msgspec import Raw

from trunkline.canon.answer import Answer
from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import GatewayError
from trunkline.canon.exchange import Headers
from trunkline.canon.request import Request
from trunkline.canon.usage import Usage
from trunkline.dialects.base import Dialect, Encoded, Stamp, WireError
from trunkline.dialects.openai_completions.decode_answer import decode_answer, read_usage_of
from trunkline.dialects.openai_completions.decode_request import decode_request, wants_usage
from trunkline.dialects.openai_completions.decoder import StreamDecoder
from trunkline.dialects.openai_completions.encode_answer import encode_answer
from trunkline.dialects.openai_completions.encode_request import encode_request, forward
from trunkline.dialects.openai_completions.encoder import StreamEncoder
from trunkline.dialects.openai_completions.watcher import StreamWatcher
from trunkline.dialects.openai_completions.wire import DONE, NAME
from trunkline.dialects.openai_errors import render_error
from trunkline.dialects.openai_failures import decode_error


class OpenAICompletions:
    name = NAME
    stream_type = b"text/event-stream"
    sentinel = DONE

    # Facing clients.

    caller_header = b""
    request_id_header = b"x-request-id"

    def decode_request(self, body: bytes, headers: Mapping[bytes, bytes]) -> Request:
        return decode_request(body)

    def encode_answer(self, answer: Answer, request: Request, stamp: Stamp) -> bytes:
        return encode_answer(answer, request, stamp)

    def encoder(self, request: Request, stamp: Stamp) -> StreamEncoder:
        return StreamEncoder(request, stamp)

    def wants_usage(self, envelope: Mapping[str, Raw]) -> bool:
        return wants_usage(envelope)

    def render_error(self, error: GatewayError, request_id: str) -> WireError:
        return render_error(error, request_id)

    # Facing upstreams.

    def path(self, model: str, *, stream: bool) -> str:
        return "/completions"

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
        return StreamWatcher(wants_usage=wants_usage)

    def read_usage(self, body: bytes) -> Usage | None:
        return read_usage_of(body)

    def decode_error(self, status: int, headers: Headers, body: bytes) -> GatewayError:
        return decode_error(status, headers, body)


_dialect: Dialect = OpenAICompletions()
