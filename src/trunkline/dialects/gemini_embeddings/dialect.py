"""
Gemini's batchEmbedContents, facing upstreams: ai.google.dev/api/embeddings (2026-11-21).

The batch takes a single text as well as a hundred, so embedContent is never asked.
"""

from urllib.parse import quote

from msgspec import UNSET, Raw, Struct, UnsetType, json

from trunkline.canon.deployment import Deployment
from trunkline.canon.embedding import EmbeddingRequest, Embeddings
from trunkline.canon.errors import Garbled, GatewayError
from trunkline.canon.exchange import Headers
from trunkline.canon.usage import Usage
from trunkline.canon.vectors import size_of
from trunkline.dialects.base import Encoded
from trunkline.dialects.embedding_base import EmbeddingClient
from trunkline.dialects.notes import Notes
from trunkline.dialects.openai_failures import decode_error
from trunkline.dialects.raws import NOT_JSON

NAME = "gemini-embeddings"

_OURS = {"task_type": "taskType", "title": "title"}
"""Fields of Gemini's own, as its compatible endpoint's clients may name them."""


class _Values(Struct, gc=False):
    values: Raw


class _Usage(Struct, rename="camel", gc=False):
    prompt_token_count: int | None = None


class _Answer(Struct, rename="camel", gc=False):
    embeddings: list[_Values] | None = None
    usage_metadata: _Usage | None = None
    error: Raw | UnsetType = UNSET


_ANSWER = json.Decoder(_Answer)


class GeminiEmbeddings:
    name = NAME

    def path(self, model: str) -> str:
        return f"/v1beta/models/{quote(model, safe='')}:batchEmbedContents"

    def encode_request(self, request: EmbeddingRequest, deployment: Deployment) -> Encoded:
        notes = Notes()
        shared: dict[str, object] = {"model": f"models/{deployment.model}"}
        if request.dimensions is not None:
            shared["outputDimensionality"] = request.dimensions
        if request.user is not None:
            notes.add("user", "dropped: Gemini has no such field")
        for name, raw in request.extra.items():
            if name in _OURS:
                shared[_OURS[name]] = raw
            else:
                notes.add(name, "dropped: Gemini has no such field")
        requests = [{**shared, "content": {"parts": [{"text": text}]}} for text in request.inputs]
        return Encoded(json.encode({"requests": requests}), notes=notes.all())

    def decode_answer(self, body: bytes, inputs: int) -> Embeddings:
        try:
            answer = _ANSWER.decode(body)
        except NOT_JSON:
            raise Garbled("the provider answered with something that is no vectors") from None
        if answer.embeddings is None:
            raise decode_error(200, (), body)
        vectors = tuple(found.values for found in answer.embeddings)
        if len(vectors) != inputs:
            raise Garbled(f"the provider answered {inputs} inputs with {len(vectors)} vectors")
        # Recorded: gemini-embedding-2 tells of its usage, gemini-embedding-001 does not.
        told = answer.usage_metadata.prompt_token_count if answer.usage_metadata else None
        usage = Usage(input=told) if told and told > 0 else None
        return Embeddings(vectors=vectors, size=size_of(vectors[0]), usage=usage)

    def decode_error(self, status: int, headers: Headers, body: bytes) -> GatewayError:
        return decode_error(status, headers, body)


_client: EmbeddingClient = GeminiEmbeddings()
