"""Gemini's embeddings, ai.google.dev/api/embeddings (2026-11-21): both roles under one name."""

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from msgspec import Raw

from trunkline.canon.deployment import Deployment
from trunkline.canon.embedding import EmbeddingRequest, Embeddings
from trunkline.canon.errors import GatewayError
from trunkline.canon.exchange import Headers
from trunkline.dialects.base import Encoded, WireError
from trunkline.dialects.embedding_base import EmbeddingClient, EmbeddingServer
from trunkline.dialects.gemini_embeddings.decode_answer import decode_answer
from trunkline.dialects.gemini_embeddings.decode_request import NAME, decode_request
from trunkline.dialects.gemini_embeddings.encode_answer import encode_answer
from trunkline.dialects.gemini_embeddings.encode_request import encode_request
from trunkline.dialects.google_errors import render_error
from trunkline.dialects.openai_failures import decode_error


class GeminiEmbeddings:
    name = NAME
    request_id_header = b"x-request-id"

    # Facing clients: embedContent and batchEmbedContents.

    def decode_request(self, envelope: Mapping[str, Raw]) -> EmbeddingRequest:
        return decode_request(envelope)

    def encode_answer(self, embeddings: Embeddings, request: EmbeddingRequest) -> Iterator[bytes]:
        return encode_answer(embeddings, request)

    def render_error(self, error: GatewayError, request_id: str) -> WireError:
        return render_error(error, request_id)

    # Facing upstreams: the batch takes a single text, too, so that embedContent is never asked.

    def path(self, model: str) -> str:
        return f"/v1beta/models/{quote(model, safe='')}:batchEmbedContents"

    def encode_request(self, request: EmbeddingRequest, deployment: Deployment) -> Encoded:
        return encode_request(request, deployment)

    def decode_answer(self, body: bytes, inputs: int) -> Embeddings:
        return decode_answer(body, inputs)

    def decode_error(self, status: int, headers: Headers, body: bytes) -> GatewayError:
        return decode_error(status, headers, body)


_server: EmbeddingServer = GeminiEmbeddings()
_client: EmbeddingClient = GeminiEmbeddings()
