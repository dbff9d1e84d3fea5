"""Google's Gemini API, as AI Studio and Vertex AI serve it: both roles under one name."""

from collections.abc import Mapping
from urllib.parse import quote

from msgspec import Raw

from trunkline.canon.answer import Answer
from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import GatewayError
from trunkline.canon.exchange import Headers
from trunkline.canon.request import Request
from trunkline.canon.usage import Usage
from trunkline.dialects.base import Dialect, Encoded, Stamp, WireError
from trunkline.dialects.counting import CountingDialect
from trunkline.dialects.gemini.count import (
    METHOD,
    count_request,
    decode_count,
    decode_count_request,
    encode_count,
)
from trunkline.dialects.gemini.decode_answer import decode_answer, read_answer_usage
from trunkline.dialects.gemini.decode_error import decode_error
from trunkline.dialects.gemini.decode_request import decode_request
from trunkline.dialects.gemini.decoder import StreamDecoder
from trunkline.dialects.gemini.encode_answer import encode_answer
from trunkline.dialects.gemini.encode_request import encode_request
from trunkline.dialects.gemini.encoder import StreamEncoder
from trunkline.dialects.gemini.forward import forward
from trunkline.dialects.gemini.watcher import StreamWatcher
from trunkline.dialects.gemini.wire import NAME
from trunkline.dialects.google_errors import render_error

_TUNED = "tunedModels/"


class Gemini:
    """Stateless: encoders, decoders and watchers hold what one stream needs."""

    name = NAME
    stream_type = b"text/event-stream"
    sentinel = b""

    # Facing clients.

    caller_header = b"x-goog-api-client"
    request_id_header = b"x-request-id"

    def decode_request(self, body: bytes, headers: Mapping[bytes, bytes]) -> Request:
        """Model and stream are read from `model` and `stream`, where a face puts what the path says."""
        return decode_request(body)

    def decode_count_request(self, body: bytes, headers: Mapping[bytes, bytes]) -> Request:
        return decode_count_request(body)

    def encode_count(self, tokens: int) -> bytes:
        return encode_count(tokens)

    def encode_answer(self, answer: Answer, request: Request, stamp: Stamp) -> bytes:
        return encode_answer(answer, stamp)

    def encoder(self, request: Request, stamp: Stamp) -> StreamEncoder:
        return StreamEncoder(stamp)

    def wants_usage(self, envelope: Mapping[str, Raw]) -> bool:
        """Usage is part of every stream here."""
        return True

    def render_error(self, error: GatewayError, request_id: str) -> WireError:
        return render_error(error, request_id)

    # Facing upstreams.

    def path(self, model: str, *, stream: bool) -> str:
        return _path(model, "streamGenerateContent?alt=sse" if stream else "generateContent")

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
        return read_answer_usage(body)

    def count_path(self, model: str) -> str:
        return _path(model, METHOD)

    def count_request(self, encoded: Encoded, model: str) -> Encoded:
        return count_request(encoded, model)

    def decode_count(self, body: bytes) -> int:
        return decode_count(body)

    def decode_error(self, status: int, headers: Headers, body: bytes) -> GatewayError:
        return decode_error(status, headers, body)


def _path(model: str, method: str) -> str:
    kind, _, name = model.rpartition("/") if model.startswith(_TUNED) else ("models", "", model)
    return f"/{kind}/{quote(name, safe='')}:{method}"


_dialect: Dialect = Gemini()
_counting: CountingDialect = Gemini()
