"""Vectors for a client, in pieces: of thousands, no single step shall keep the others waiting."""

from collections.abc import Iterator

from msgspec import json

from trunkline.canon.embedding import EmbeddingRequest, Embeddings
from trunkline.canon.vectors import as_base64, as_numbers


def encode_answer(embeddings: Embeddings, request: EmbeddingRequest) -> Iterator[bytes]:
    """Raises Garbled."""
    written = as_base64 if request.base64 else as_numbers
    before = b'{"object":"list","data":['
    for index, vector in enumerate(embeddings.vectors):
        head = b'%b{"object":"embedding","index":%d,"embedding":' % (before, index)
        yield b"".join((head, memoryview(written(vector, embeddings.size)), b"}"))
        before = b","
    tokens = 0 if embeddings.usage is None else embeddings.usage.total_input
    yield b'],"model":%b,"usage":{"prompt_tokens":%d,"total_tokens":%d}}' % (
        json.encode(embeddings.model or request.model),
        tokens,
        tokens,
    )
