"""Vectors for a Gemini client, in pieces: of thousands, no single step shall keep the others waiting."""

from collections.abc import Iterator

from trunkline.canon.embedding import EmbeddingRequest, Embeddings
from trunkline.canon.vectors import as_numbers


def encode_answer(embeddings: Embeddings, request: EmbeddingRequest) -> Iterator[bytes]:
    """One alone for embedContent, a list for a batch. Raises Garbled."""
    before, after = (b'{"embedding":', b"") if request.single else (b'{"embeddings":[', b"]")
    for vector in embeddings.vectors:
        numbers = memoryview(as_numbers(vector, embeddings.size))
        yield b"".join((before, b'{"values":', numbers, b"}"))
        before = b","
    yield after + _usage(embeddings) + b"}"


def _usage(embeddings: Embeddings) -> bytes:
    """As recorded of gemini-embedding-2; here all models tell."""
    if embeddings.usage is None:
        return b""
    tokens = embeddings.usage.total_input
    detail = b'{"modality":"TEXT","tokenCount":%d}' % tokens
    told = b'{"promptTokenCount":%d,"promptTokenDetails":[%b]}' % (tokens, detail)
    return b',"usageMetadata":' + told
