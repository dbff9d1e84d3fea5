"""A provider over HTTP: a row of catalog.toml, the configuration's table on top, and its keys."""

import re
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from trunkline.canon.deployment import Deployment
from trunkline.canon.exchange import Headers
from trunkline.catalog.model import ModelRow
from trunkline.config.errors import ConfigError
from trunkline.config.load import validation_error
from trunkline.config.schema import Seconds
from trunkline.dialects.base import Encoded
from trunkline.providers.base import Credential, Provider, ProviderSpec, Surroundings
from trunkline.providers.http.embedding import Chat, Embedder, embedder_of
from trunkline.providers.listing import Listed, read_models
from trunkline.providers.rows import Auth, ProviderRow, RawFields, merge_quirks
from trunkline.providers.urls import Address, fill_model, join_url
from trunkline.transport.base import Origin, Transport, UpstreamRequest

_JSON = (b"content-type", b"application/json")
# RFC 9110 sections 5.1 and 5.5, of the values what is ASCII: anything else could end the line.
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\t -~]*")
# RFC 3986 sections 3.3 and 3.4, as far as a list of models may need it.
_LIST_PATH = re.compile(r"(?:/[\w.~!$&'()*+,;=:@/%-]*(?:\?[\w.~!$&'()*+,;=:@/?%-]*)?)?", re.ASCII)
# Paths that are remembered: some carry the model, and clients may make up any number of those.
_MOST_PATHS = 1024
_CHAT_KINDS = frozenset({"chat"})
_EMBEDDING_KINDS = frozenset({"embedding"})
# Models that a provider of chat serves at its legacy endpoint, and nowhere else.
_LEGACY_KINDS = frozenset({"completion"})
_COMPLETIONS = "openai-completions"
# Where dialects list models that do it elsewhere than OpenAI; as many as a page may hold.
_MODELS_ENDPOINTS = {
    "anthropic-messages": "/v1/models?limit=1000",
    "gemini": "/models?pageSize=1000",
}
# Without a row we know nothing of its quirks: it gets what the client sent, developer messages too.
_UNKNOWN = ProviderRow(
    docs="", dialect="", base_url="", quirks={"system_role": Raw(b'"developer"')}
)


class HttpConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[providers.NAME]`. What is left out comes from the row of that name, if there is one."""

    kind: str = "http"
    like: str | None = None
    """Take another provider's row: a second account, or a look-alike behind another address."""
    dialect: str | None = None
    also: tuple[str, ...] | None = None
    """Dialects it speaks besides; by default the row's, if `dialect` is the row's, too."""
    base_url: str | None = None
    api_key: str | None = None
    api_keys: tuple[str, ...] = ()
    """Rotated; each is cooled on its own."""
    byok: bool = False
    """Without a key of ours it serves tenants who bring theirs."""
    headers: Mapping[str, str] = {}
    path: str | None = None
    """Instead of the dialect's path; "{model}" is replaced."""
    catalog: str | None = None
    """Whose models, windows and prices of the catalogue are this one's; by default the row's."""
    models: tuple[str, ...] | None = None
    """What it serves by bare name; by default what it lists itself, and what the catalogue has."""
    models_endpoint: str | None = None
    """Where it lists its models, relative to base_url; empty: it is not asked."""
    quirks: RawFields = {}
    embeddings: RawFields = {}
    """How it embeds, where that is not as its row says; `dialect = ""`: it does not."""
    first_content_timeout: Seconds | None = None
    answer_timeout: Seconds | None = None
    idle_timeout: Seconds | None = None
    connect_timeout: Seconds | None = None


class HttpProvider:
    """See Provider. Pure but for the transport it holds."""

    is_ready = True

    def __init__(
        self,
        name: str,
        config: HttpConfig,
        row: ProviderRow,
        keys: Sequence[str],
        lent: Surroundings,
    ) -> None:
        """Raises ConfigError."""
        self.name = name
        self.transport: Transport = lent.transport
        self._config = config
        self._row = row
        self._dialect = config.dialect or row.dialect
        same = self._dialect == row.dialect and not (config.path or row.path)
        self._also = config.also if config.also is not None else row.also if same else ()
        self._catalog = lent.catalog
        self._spoken = lent.dialects
        self._base_url = config.base_url or row.base_url
        self._models_endpoint = _models_endpoint(config, row)
        self._headers = tuple(
            (n.lower().encode(), v.encode()) for n, v in {**row.headers, **config.headers}.items()
        )
        self._keyless = not keys
        self._names_models = "{model}" in (config.path or row.path)
        self._paths: dict[str, tuple[Origin, bytes]] = {}
        self._check()
        self._embedder = self._embedding(lent.embeddings)
        self.credentials: Sequence[Credential] = tuple(
            self._credential(f"{name}#{number}", key) for number, key in enumerate(keys, 1)
        )
        self._kinds = _CHAT_KINDS
        if self._embedder is not None:
            alone = self._embedder.dialect == self._dialect
            self._kinds = _EMBEDDING_KINDS if alone else _CHAT_KINDS | _EMBEDDING_KINDS
        self._catalogued = row.catalog_for(self._base_url) if row.name else ""
        if config.catalog is not None:
            self._catalogued = config.catalog

    def deployment(self, model: str) -> Deployment:
        config, row = self._config, self._row
        if self._catalogued:  # nicknames are ours, not the provider's
            model = self._catalog.upstream_name(self._catalogued, model)
        known = self._known(model)
        quirks = row.quirks_for(model, config.quirks)
        if quirks.counts and (config.path or row.path):  # all requests go to this one path
            quirks = replace(quirks, counts=())
        return Deployment(
            id=f"{self.name}/{model}",
            provider=self.name,
            model=model,
            dialect=self._dialect,
            also=(*self._also, _COMPLETIONS)
            if known and known.kind in _LEGACY_KINDS
            else self._also,
            quirks=quirks,
            embeds=self._embedder.embeds(model) if self._embedder else None,
            context_window=known.context_window if known else None,
            max_output_tokens=known.max_output_tokens if known else None,
            price_model=known.key if known else None,
            connect_timeout=config.connect_timeout or row.timeouts.connect,
            first_content_timeout=config.first_content_timeout or row.first_content_timeout(model),
            answer_timeout=config.answer_timeout or row.timeouts.answer,
            idle_timeout=config.idle_timeout or row.timeouts.idle,
        )

    def models(self) -> Sequence[str]:
        if self._config.models is not None:
            return self._config.models
        rows = self._catalog.models(self._catalogued)
        return [r.id for r in rows if r.kind in self._kinds and not r.deprecated]

    def credential(self, credential_id: str, key: str) -> Credential | None:
        if self._row.auth is Auth.NONE:
            return None
        return self._credential(credential_id, key, own=True)

    def models_request(self, credential: Credential) -> UpstreamRequest | None:
        if self._config.models is not None or not self._models_endpoint:
            return None
        address = join_url(self._base_url, self._dialect, self._models_endpoint)
        headers = (*credential.headers, *self._headers)
        return UpstreamRequest(address.origin, b"GET", address.path.encode(), headers, b"")

    def listed(self, body: bytes) -> Sequence[Listed]:
        """Without what the catalogue knows to be of another kind: pictures, speech."""
        rows = ((model, self._known(model.id)) for model in read_models(body))
        kinds = self._kinds | _LEGACY_KINDS  # which the catalogue cannot tell from those retired
        return [model for model, row in rows if row is None or row.kind in kinds]

    def request(
        self, deployment: Deployment, path: str, encoded: Encoded, credential: Credential
    ) -> UpstreamRequest:
        embedder = self._embedder
        if embedder is not None and deployment.dialect == embedder.dialect:
            return embedder.request(deployment, path, encoded, credential.embedding)
        place = None if self._names_models else self._paths.get(path)
        if place is None:
            place = self._place(path, deployment.model)
            if len(self._paths) >= _MOST_PATHS:
                self._paths.clear()
            self._paths[path] = place
        headers: Headers = (_JSON, *credential.headers)
        if self._headers or encoded.headers:
            given = {name for name, _ in encoded.headers}
            own = (h for h in self._headers if h[0] not in given)
            headers = (*headers, *own, *encoded.headers)
        return UpstreamRequest(place[0], b"POST", place[1], headers, encoded.body)

    async def ready(self, deployment: Deployment) -> None:
        return

    async def aclose(self) -> None:
        """The transport is not ours to close."""

    def _known(self, model: str) -> ModelRow | None:
        """What the catalogue says of it; what a server of one's own serves costs nothing known."""
        name = self._catalogued
        return self._catalog.find(name, model) if name else None

    def _place(self, path: str, model: str) -> tuple[Origin, bytes]:
        own = self._config.path or self._row.path
        address: Address = join_url(
            self._base_url, self._dialect, fill_model(own, model) if own else path
        )
        return address.origin, address.path.encode()

    def _credential(self, credential_id: str, key: str, *, own: bool = False) -> Credential:
        embedder = self._embedder
        return Credential(
            credential_id,
            self._row.auth_headers(key),
            () if embedder is None else embedder.auth_headers(key),
            own,
        )

    def _embedding(self, known: Sequence[str]) -> Embedder | None:
        """Whoever is asked for embeddings; None where nobody can be. Raises ConfigError."""
        chat = Chat(
            self.name,
            self._dialect,
            self._base_url,
            self._config.base_url is not None,
            self._headers,
        )
        return embedder_of(chat, self._row, self._config.embeddings, known)

    def _check(self) -> None:
        key = f"providers.{self.name}"
        if not self._dialect:
            raise ConfigError(
                f"{key}.dialect",
                f"no provider '{self.name}' is known; say what it speaks, "
                f"one of {', '.join(self._spoken)}",
            )
        if not self._base_url:
            raise ConfigError(f"{key}.base_url", "is required for this provider")
        if self._config.catalog and not self._catalog.models(self._config.catalog):
            raise ConfigError(f"{key}.catalog", "no such provider in the catalogue")
        try:
            self._place("/x", "m")
        except ValueError as error:
            raise ConfigError(
                f"{key}.base_url", f"expected {error}".replace("base_url: ", "")
            ) from None
        try:
            merge_quirks((self._row.quirks, self._config.quirks))
        except msgspec.ValidationError as error:
            raise validation_error(error, f"{key}.quirks") from None
        if not _LIST_PATH.fullmatch(self._models_endpoint):
            raise ConfigError(f"{key}.models_endpoint", 'expected a path like "/models", or ""')
        if not all(_HEADER.fullmatch(f"{n}: {v}") for n, v in self._config.headers.items()):
            raise ConfigError(f"{key}.headers", "has characters that no HTTP header has")
        if self._keyless and not self._config.byok:
            raise ConfigError(
                f"{key}.api_key",
                "is required for this provider (or byok = true: each tenant brings its own)",
            )

    def __repr__(self) -> str:
        return f"<HttpProvider {self.name}, {len(self.credentials)} credentials>"


def _models_endpoint(config: HttpConfig, row: ProviderRow) -> str:
    """As configured, else the row's where the row's dialect is spoken, else the dialect's own."""
    if config.models_endpoint is not None:
        return config.models_endpoint
    if row.dialect and config.dialect in (None, row.dialect):
        return row.models_endpoint
    return _MODELS_ENDPOINTS.get(config.dialect or "", "/models")


def build(name: str, raw: Raw, lent: Surroundings) -> Provider:
    try:
        config = msgspec.json.decode(raw, type=HttpConfig)
    except msgspec.ValidationError as error:
        raise validation_error(error, f"providers.{name}") from None
    rows = lent.rows
    if config.like is not None and config.like not in rows:
        raise ConfigError(f"providers.{name}.like", f"no known provider '{config.like}'")
    row = rows.get(config.like or name, _UNKNOWN)
    return HttpProvider(name, config, row, _keys(name, config, row), lent)


def _keys(name: str, config: HttpConfig, row: ProviderRow) -> tuple[str, ...]:
    """The keys given; a single empty one where none is needed. Raises ConfigError."""
    if config.api_key is not None and config.api_keys:
        raise ConfigError(f"providers.{name}.api_keys", "give api_key or api_keys, not both")
    keys = config.api_keys or ((config.api_key,) if config.api_key is not None else ())
    if any(not key.strip() or not key.isascii() or not key.isprintable() for key in keys):
        raise ConfigError(f"providers.{name}.api_key", "is empty or has characters no key has")
    if not keys and (row.key_optional or row.auth is Auth.NONE or not row.dialect):
        return () if config.byok else ("",)
    return tuple(key.strip() for key in keys)


SPEC = ProviderSpec("http", build)
