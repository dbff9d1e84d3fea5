"""Cohere's own embeddings, facing upstreams: docs.cohere.com, Embed API v2 (2026-11-21)."""

from collections.abc import Mapping

from msgspec import UNSET, Raw, Struct, UnsetType, json

from trunkline.canon.deployment import Deployment
from trunkline.canon.embedding import EmbeddingRequest, Embeddings
from trunkline.canon.errors import Garbled, GatewayError, Unsupported
from trunkline.canon.exchange import Headers
from trunkline.canon.usage import Usage
from trunkline.canon.vectors import one_each, size_of
from trunkline.dialects.asides import TASK, note_lost
from trunkline.dialects.base import Encoded
from trunkline.dialects.embedding_base import EmbeddingClient
from trunkline.dialects.notes import Notes
from trunkline.dialects.openai_failures import decode_error
from trunkline.dialects.raws import NOT_JSON

NAME = "cohere-embeddings"

_OURS = frozenset({"input_type", "truncate", "priority"})
"""Fields of Cohere's own, which clients of its compatible endpoint may send as they are."""
# It wants to know what the vectors are for, and OpenAI's clients cannot say. Its compatible
# endpoint takes texts for documents, too.
_DOCUMENT = "search_document"
# Google's words for what Cohere has words for, too.
_TASKS: Mapping[str, str] = {
    "": _DOCUMENT,
    "RETRIEVAL_DOCUMENT": _DOCUMENT,
    "RETRIEVAL_QUERY": "search_query",
    "CLASSIFICATION": "classification",
    "CLUSTERING": "clustering",
}
# A text that is too long is an error at OpenAI, never cut in silence.
_WHOLE = Raw(b'"NONE"')


class _Billed(Struct, gc=False):
    input_tokens: int | float | None = None


class _Meta(Struct, gc=False):
    billed_units: _Billed | None = None


class _Answer(Struct, gc=False):
    embeddings: Raw | UnsetType = UNSET
    meta: _Meta | None = None


class _Vectors(Struct, rename={"numbers": "float"}, gc=False):
    numbers: list[Raw]


_ANSWER = json.Decoder(_Answer)
_VECTORS = json.Decoder(_Vectors)


class CohereEmbeddings:
    name = NAME

    def path(self, model: str) -> str:
        return "/v2/embed"

    def encode_request(self, request: EmbeddingRequest, deployment: Deployment) -> Encoded:
        notes = Notes()
        body: dict[str, object] = {
            "model": deployment.model,
            "texts": request.inputs,
            "input_type": _task(request, notes),
            "truncate": _WHOLE,
            "embedding_types": ("float",),
        }
        if request.dimensions is not None:
            body["output_dimension"] = request.dimensions
        if request.user is not None:
            notes.add("user", "dropped: Cohere has no such field")
        note_lost(request, notes)
        for name, raw in request.extra.items():
            if name in _OURS:
                body[name] = raw
            else:
                notes.add(name, "dropped: Cohere has no such field")
        return Encoded(json.encode(body), notes=notes.all())

    def decode_answer(self, body: bytes, inputs: int) -> Embeddings:
        try:
            answer = _ANSWER.decode(body)
            if answer.embeddings is UNSET:
                raise decode_error(200, (), body)
            vectors = tuple(_VECTORS.decode(answer.embeddings).numbers)
        except NOT_JSON:
            raise Garbled("the provider answered with something that is no vectors") from None
        one_each(vectors, inputs)
        return Embeddings(vectors=vectors, size=size_of(vectors[0]), usage=_usage(answer.meta))

    def decode_error(self, status: int, headers: Headers, body: bytes) -> GatewayError:
        return decode_error(status, headers, body)


def _task(request: EmbeddingRequest, notes: Notes) -> str:
    """Of all texts of a request together. Raises Unsupported where they are for different things."""
    tasks = {aside.task for aside in request.asides} or {""}
    words = {_TASKS.get(task) for task in tasks}
    if len(words) > 1:
        raise Unsupported(
            f"Cohere takes one '{TASK}' for all texts of a request: send one batch for each",
            param=TASK,
        )
    word = words.pop()
    if word is None:
        notes.add(TASK, f"replaced by {_DOCUMENT}: Cohere does not know it")
    return word or _DOCUMENT


def _usage(meta: _Meta | None) -> Usage | None:
    billed = meta.billed_units if meta is not None else None
    told = (billed.input_tokens or 0) if billed is not None else 0
    return Usage(input=int(told)) if 0 < told < 1 << 53 else None


_client: EmbeddingClient = CohereEmbeddings()
