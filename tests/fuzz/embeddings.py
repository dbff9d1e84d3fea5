"""Invariant: whatever bytes arrive, from a client or an upstream, only a GatewayError escapes.

And what is written for a client is the JSON it asked for. The first byte chooses what the rest is.
"""

from collections.abc import Callable, Mapping

from msgspec import DecodeError, Raw, json

from trunkline.canon.deployment import Deployment, Embeds
from trunkline.canon.embedding import EmbeddingRequest
from trunkline.canon.errors import GatewayError
from trunkline.dialects.cohere_embeddings.dialect import CohereEmbeddings
from trunkline.dialects.embedding_base import EmbeddingClient
from trunkline.dialects.gemini_embeddings.dialect import GeminiEmbeddings
from trunkline.dialects.openai_embeddings.dialect import OpenAIEmbeddings

_SERVER = OpenAIEmbeddings()
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
    try:
        request = _SERVER.decode_request(envelope)
    except GatewayError:
        return
    assert all(request.inputs)
    for name, client in _CLIENTS.items():
        embeds = Embeds(dialect=name, tokens=True, base64=True)
        place = Deployment(id="p/m", provider="p", model="m", dialect=name, embeds=embeds)
        json.decode(client.encode_request(request, place).body)


def _answer(dialect: str) -> Callable[[bytes], None]:
    client = _CLIENTS[dialect]

    def check_answer(body: bytes) -> None:
        for inputs in (1, 2):
            try:
                found = client.decode_answer(body, inputs)
                for base64 in (False, True):
                    asked = EmbeddingRequest(model="m", inputs=("",), origin="", base64=base64)
                    told = json.decode(b"".join(_SERVER.encode_answer(found, asked)))
                    vectors = [one["embedding"] for one in told["data"]]
                    assert inputs == len(vectors)
                    assert all(isinstance(vector, str) == base64 for vector in vectors)
            except GatewayError:
                continue

    return check_answer


def _error(body: bytes) -> None:
    for client in _CLIENTS.values():
        for status in (200, 400, 401, 429, 500):
            error = client.decode_error(status, (), body)
            json.decode(_SERVER.render_error(error, "req_1").body)


_TARGETS = (_request, *map(_answer, _CLIENTS), _error)
