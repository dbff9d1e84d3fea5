"""The simulator as a provider of the gateway itself: no port, no key, every fault on request."""

from collections.abc import Sequence

import msgspec
from msgspec import Raw, Struct

from trunkline.canon.deployment import Deployment, Embeds, Quirks
from trunkline.catalog.catalog import Catalog
from trunkline.config.errors import ConfigError
from trunkline.config.load import validation_error
from trunkline.dialects.base import Encoded
from trunkline.providers.base import Credential, Provider, ProviderSpec, Surroundings
from trunkline.providers.listing import Listed, read_models
from trunkline.providers.sim.engine import Engine
from trunkline.providers.sim.models import MODELS
from trunkline.providers.sim.transport import SimTransport
from trunkline.transport.base import Origin, Transport, UpstreamRequest

_ORIGIN = Origin("http", "sim.invalid", 80)  # a name that can never be reached: RFC 2606
# What it speaks, and what the base URL of each adds to the dialect's path.
_PREFIX = {
    "openai-chat": b"/v1",
    "openai-responses": b"/v1",
    "anthropic-messages": b"",
    "bedrock-converse": b"",
    "gemini": b"/v1beta",
}


# Vectors of whatever length, in either form, from tokens as well as texts.
_EMBEDS = Embeds(tokens=True, base64=True)


class SimConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[providers.sim]`"""

    kind: str = "sim"
    dialect: str = "openai-chat"
    defaults: str = ""
    """Options for requests that name none: "fault=u11:fail=1"."""


class SimProvider:
    is_ready = True

    def __init__(self, name: str, config: SimConfig, lent: Surroundings) -> None:
        self.name = name
        self._dialect = config.dialect
        self._catalog: Catalog = lent.catalog
        engine = Engine(lent.clock, lent.entropy, require_key=False, defaults=config.defaults)
        self.engine = engine
        self.transport: Transport = SimTransport(engine, lent.clock)
        self.credentials: Sequence[Credential] = (Credential(f"{name}#1", ()),)

    def deployment(self, model: str) -> Deployment:
        row = self._catalog.find("sim", model.partition("@")[0])
        return Deployment(
            id=f"{self.name}/{model}",
            provider=self.name,
            model=model,
            dialect=self._dialect,
            quirks=Quirks(
                system_role="developer",
                max_tool_name=128,
                tool_images=True,
                thinking_budget=(0, 32_768),
                counts=("anthropic-messages",),
            ),
            also=("openai-completions",) if self._dialect == "openai-chat" else (),
            embeds=_EMBEDS if self._dialect != "anthropic-messages" else None,
            context_window=row.context_window if row else None,
            max_output_tokens=row.max_output_tokens if row else None,
            price_model=row.key if row else None,
        )

    def models(self) -> Sequence[str]:
        return MODELS

    def credential(self, credential_id: str, key: str) -> Credential | None:
        """It looks at none, and so takes any: the way there can be tried without an account."""
        return Credential(credential_id, (), own=True)

    def models_request(self, credential: Credential) -> UpstreamRequest | None:
        """`models` is all there is."""
        return None

    def listed(self, body: bytes) -> Sequence[Listed]:
        return read_models(body)

    def request(
        self, deployment: Deployment, path: str, encoded: Encoded, credential: Credential
    ) -> UpstreamRequest:
        return UpstreamRequest(
            _ORIGIN,
            b"POST",
            _PREFIX.get(deployment.dialect, b"/v1") + path.encode(),
            ((b"content-type", b"application/json"), *encoded.headers),
            encoded.body,
        )

    async def ready(self, deployment: Deployment) -> None:
        return

    async def aclose(self) -> None:
        await self.transport.aclose()

    def __repr__(self) -> str:
        return f"<SimProvider {self.name}, {self._dialect}>"


def build(name: str, raw: Raw, lent: Surroundings) -> Provider:
    try:
        config = msgspec.json.decode(raw, type=SimConfig)
    except msgspec.ValidationError as error:
        raise validation_error(error, f"providers.{name}") from None
    if config.dialect not in _PREFIX:
        raise ConfigError(f"providers.{name}.dialect", f"the simulator speaks {', '.join(_PREFIX)}")
    return SimProvider(name, config, lent)


SPEC = ProviderSpec("sim", build)
