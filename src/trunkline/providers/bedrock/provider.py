"""Amazon Bedrock: an address for each region, and a bearer token or a signature for each request."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Raw

from trunkline.canon.deployment import Deployment
from trunkline.canon.exchange import Headers
from trunkline.catalog.model import ModelRow
from trunkline.config.errors import ConfigError
from trunkline.config.load import validation_error
from trunkline.dialects.base import Encoded
from trunkline.providers.base import Credential, Provider, ProviderSpec, Surroundings
from trunkline.providers.bedrock.config import (
    BedrockConfig,
    access_keys,
    bearer_keys,
    read_config,
)
from trunkline.providers.bedrock.signing import Signer, available
from trunkline.providers.listing import Listed
from trunkline.providers.rows import ProviderRow, merge_quirks
from trunkline.providers.urls import Address, join_url
from trunkline.transport.base import Transport, UpstreamRequest

_NAME = "bedrock"
_JSON = (b"content-type", b"application/json")
_PORTS = {"http": 80, "https": 443}
_CHAT_KINDS = frozenset({"chat"})
_REGIONAL = "regional."
# docs.aws.amazon.com/bedrock, "Supported Regions and models for inference profiles", seen 2026-11-21.
_REGIONS = frozenset({"us", "us-gov", "eu", "apac", "jp", "au", "ca", "sa", "uk", "in", "me"})


class BedrockProvider:
    """See Provider."""

    is_ready = True

    def __init__(
        self, name: str, config: BedrockConfig, row: ProviderRow, lent: Surroundings
    ) -> None:
        """Raises ConfigError."""
        self.name = name
        self.transport: Transport = lent.transport
        self._config = config
        self._row = row
        self._catalog = lent.catalog
        self._base_url = config.base_url or row.base_url.replace("{region}", config.region)
        tokens = bearer_keys(name, config)
        keys = access_keys(name, config, can_sign=available())
        if bool(tokens) == (keys is not None):
            raise ConfigError(
                f"providers.{name}.api_key",
                "give a Bedrock API key as api_key, or aws_access_key_id and "
                "aws_secret_access_key; one of the two",
            )
        self.credentials: Sequence[Credential] = [
            Credential(f"{name}#{number}", row.auth_headers(token))
            for number, token in enumerate(tokens or ("",), 1)
        ]
        self._signer = None if keys is None else Signer(keys, config.region, lent.clock)
        self._check()

    def deployment(self, model: str) -> Deployment:
        config, row = self._config, self._row
        known = self._known(model)
        return Deployment(
            id=f"{self.name}/{model}",
            provider=self.name,
            model=model,
            dialect=row.dialect,
            quirks=row.quirks_for(model, config.quirks),
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
        rows = self._catalog.models(self._row.catalog_name)
        chat = [r.id for r in rows if r.kind in _CHAT_KINDS and not r.deprecated]
        return [name for name in chat if not name.startswith(_REGIONAL)]

    def credential(self, credential_id: str, key: str) -> Credential | None:
        """A Bedrock API key; where requests are signed, a tenant's would be, too."""
        if self._signer is not None:
            return None
        return Credential(credential_id, self._row.auth_headers(key), own=True)

    def models_request(self, credential: Credential) -> UpstreamRequest | None:
        """Its list is another service's, with permissions of its own."""
        return None

    def listed(self, body: bytes) -> Sequence[Listed]:
        return ()

    def request(
        self, deployment: Deployment, path: str, encoded: Encoded, credential: Credential
    ) -> UpstreamRequest:
        place = self._place(path)
        headers: Headers = (_JSON, *credential.headers, *encoded.headers)
        if self._signer is not None:
            url = f"{place.scheme}://{_authority(place)}{place.path}"
            headers = self._signer.sign("POST", url, headers, encoded.body)
        return UpstreamRequest(place.origin, b"POST", place.path.encode(), headers, encoded.body)

    async def ready(self, deployment: Deployment) -> None:
        return

    async def aclose(self) -> None:
        """The transport is not ours to close."""

    def _known(self, model: str) -> ModelRow | None:
        """
        What the catalogue says of it.

        It has one row for all regions' inference profiles ("eu.anthropic.claude-..."), and the same
        price holds within one region.
        """
        region, _, rest = model.partition(".")
        plain = rest if region in _REGIONS else model
        name = self._row.catalog_name
        found = (self._catalog.find(name, known) for known in (model, _REGIONAL + plain, plain))
        return next((row for row in found if row is not None), None)

    def _place(self, path: str) -> Address:
        return join_url(self._base_url, self._row.dialect, path)

    def _check(self) -> None:
        key = f"providers.{self.name}"
        try:
            self._place("/x")
        except ValueError as error:
            raise ConfigError(
                f"{key}.base_url", f"expected {error}".replace("base_url: ", "")
            ) from None
        try:
            merge_quirks((self._row.quirks, self._config.quirks))
        except msgspec.ValidationError as error:
            raise validation_error(error, f"{key}.quirks") from None

    def __repr__(self) -> str:
        how = "signs" if self._signer else f"{len(self.credentials)} tokens"
        return f"<BedrockProvider {self.name}, {self._config.region}, {how}>"


def _authority(place: Address) -> str:
    """As the transport writes the Host header, which is signed."""
    host = f"[{place.host}]" if ":" in place.host else place.host
    return host if place.port == _PORTS[place.scheme] else f"{host}:{place.port}"


def build(name: str, raw: Raw, lent: Surroundings) -> Provider:
    rows: Mapping[str, ProviderRow] = lent.rows
    return BedrockProvider(name, read_config(name, raw), rows[_NAME], lent)


SPEC = ProviderSpec(_NAME, build)
