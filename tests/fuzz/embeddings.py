"""Invariant: whatever bytes arrive, from a client or an upstream, only a GatewayError escapes.

And what is written for a client is the JSON it asked for. The first byte chooses what the rest is.
"""

from collections.abc import Callable, Mapping, Sequence

from msgspec import DecodeError, Raw, json

from trunkline.canon.deployment import Deployment, Embeds
from trunkline.canon.embedding import EmbeddingRequest, Embeddings
from trunkline.canon.errors import GatewayError, Unsupported
from trunkline.dialects.cohere_embeddings.dialect import CohereEmbeddings
from trunkline.dialects.embedding_base import EmbeddingClient, EmbeddingServer
from trunkline.dialects.gemini_embeddings.dialect import GeminiEmbeddings
from trunkline.dialects.openai_embeddings.dialect import OpenAIEmbeddings

_SERVERS: Sequence[EmbeddingServer] = (OpenAIEmbeddings(), GeminiEmbeddings())
_CLIENTS: Mapping[str, EmbeddingClient] = {
    client.name: client for client in (OpenAIEmbeddings(), GeminiEmbeddings(), CohereEmbeddings())
}
_ENVELOPE = json.Decoder(dict[str, Raw])


def check(data: bytes) -> None:
    """Raises AssertionError, or anything but a GatewayError, where the invariant is broken."""
    if data:
        _TARGETS[data[0] % len(_TARGETS)](data[1:])


def _request(body: bytes) -> None:
    try:
        envelope = _ENVELOPE.decode(body)
    except (DecodeError, UnicodeDecodeError, RecursionError):
        return  # the endpoint's own business
    for server in _SERVERS:
        try:
            _asked(server.decode_request(envelope))
        except GatewayError:
            continue


def _asked(request: EmbeddingRequest) -> None:
    assert all(request.inputs)
    assert len(request.asides) in (0, len(request.inputs))
    for name, client in _CLIENTS.items():
        embeds = Embeds(dialect=name, tokens=True, base64=True)
        place = Deployment(id="p/m", provider="p", model="m", dialect=name, embeds=embeds)
        try:
            encoded = client.encode_request(request, place)
        except Unsupported:
            continue  # Cohere, of purposes that differ
        json.decode(encoded.body)


def _answer(dialect: str) -> Callable[[bytes], None]:
    client = _CLIENTS[dialect]

    def check_answer(body: bytes) -> None:
        for inputs in (1, 2):
            try:
                found = client.decode_answer(body, inputs)
                _written(found, inputs)
            except GatewayError:
                continue

    return check_answer


def _written(found: Embeddings, inputs: int) -> None:
    openai, gemini = _SERVERS
    for base64 in (False, True):
        asked = EmbeddingRequest(model="m", inputs=("",), origin="", base64=base64)
        told = json.decode(b"".join(openai.encode_answer(found, asked)))
        vectors = [one["embedding"] for one in told["data"]]
        assert inputs == len(vectors)
        assert all(isinstance(vector, str) == base64 for vector in vectors)
        told = json.decode(b"".join(gemini.encode_answer(found, asked)))
        assert inputs == len(told["embeddings"])
        assert all(isinstance(one["values"], list) for one in told["embeddings"])


def _error(body: bytes) -> None:
    for client in _CLIENTS.values():
        for status in (200, 400, 401, 429, 500):
            error = client.decode_error(status, (), body)
            for server in _SERVERS:
                json.decode(server.render_error(error, "req_1").body)


_TARGETS = (_request, *map(_answer, _CLIENTS), _error)
