"""Embeddings of a provider over HTTP: whether it has any, and where it is asked for them."""

from collections.abc import Collection

import msgspec
from msgspec import Raw, Struct

from trunkline.canon.deployment import Deployment, Embeds
from trunkline.canon.exchange import Headers
from trunkline.config.errors import ConfigError
from trunkline.config.load import validation_error
from trunkline.dialects.base import Encoded
from trunkline.providers.embedding import Elsewhere, merge_elsewhere
from trunkline.providers.rows import ProviderRow, RawFields
from trunkline.providers.urls import fill_model, join_url
from trunkline.transport.base import UpstreamRequest

_JSON = (b"content-type", b"application/json")
# Servers that speak as OpenAI does have its embeddings, too, or answer with a 404.
_LIKE_OPENAI = frozenset({"openai-chat", "openai-responses", "openai-completions"})


class Chat(Struct, frozen=True):
    """The same provider as it is asked for conversations."""

    name: str
    dialect: str
    base_url: str
    own_address: bool
    """The base URL is the operator's, not the row's."""
    headers: Headers


class Embedder:
    """Requests for embeddings to one provider."""

    def __init__(self, chat: Chat, row: ProviderRow, said: RawFields, where: Elsewhere) -> None:
        """`said`: the operator's word. Raises ValueError for a base URL that is none."""
        embeds = row.embeds_for("", said)
        self.dialect = embeds.dialect if embeds is not None else ""
        self._row = row
        self._said = said
        self._base_url = where.base_url or chat.base_url
        self._path = where.path
        self._headers = chat.headers
        self._auth = where.auth
        join_url(self._base_url, self.dialect, "/x")

    def embeds(self, model: str) -> Embeds | None:
        return self._row.embeds_for(model, self._said)

    def auth_headers(self, key: str) -> Headers:
        return self._row.auth_headers(key, self._auth)

    def request(
        self, deployment: Deployment, path: str, encoded: Encoded, credential: Headers
    ) -> UpstreamRequest:
        """`path` is the dialect's own."""
        own = fill_model(self._path, deployment.model) if self._path else path
        address = join_url(self._base_url, self.dialect, own)
        given = {name for name, _ in encoded.headers}
        headers = (
            _JSON,
            *credential,
            *(header for header in self._headers if header[0] not in given),
            *encoded.headers,
        )
        return UpstreamRequest(
            address.origin, b"POST", address.path.encode(), headers, encoded.body
        )

    def __repr__(self) -> str:
        return f"<Embedder in {self.dialect}>"


def embedder_of(
    chat: Chat, row: ProviderRow, said: RawFields, known: Collection[str]
) -> Embedder | None:
    """
    None where it has no embeddings, as its row or the operator says, or nobody says where.

    `known`: the dialects of embeddings. Raises ConfigError.
    """
    key = f"providers.{chat.name}.embeddings"
    said = {**_default(chat, row, known), **said}
    try:
        embeds = row.embeds_for("", said)
        where = merge_elsewhere((row.embeddings, said))
    except msgspec.ValidationError as error:
        raise validation_error(error, key) from None
    # The row's address of embeddings belongs to its address of chat.
    astray = chat.own_address and where.base_url and "base_url" not in said
    if embeds is None or astray or not known:
        return None
    if embeds.dialect not in known:
        raise ConfigError(f"{key}.dialect", f"no such dialect; there are {', '.join(known)}")
    try:
        return Embedder(chat, row, said, where)
    except ValueError as error:
        told = str(error).replace("base_url: ", "")
        raise ConfigError(f"{key}.base_url", f"expected {told}") from None


def _default(chat: Chat, row: ProviderRow, known: Collection[str]) -> RawFields:
    """Of a server that no row describes, and of one that has nothing but embeddings."""
    if chat.dialect in known:
        return {"dialect": Raw(msgspec.json.encode(chat.dialect))}
    if not row.dialect and chat.dialect in _LIKE_OPENAI:
        return {"dialect": Raw(b'"openai-embeddings"')}
    return {}
