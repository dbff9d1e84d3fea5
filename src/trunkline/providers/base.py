"""The seam to those we call: address, credentials and whatever must be ready before a call."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from msgspec import Raw, Struct

from trunkline.canon.deployment import Deployment
from trunkline.canon.exchange import Headers
from trunkline.catalog.catalog import Catalog
from trunkline.dialects.base import Encoded
from trunkline.kernel.clock import Clock
from trunkline.kernel.ids import Entropy
from trunkline.providers.listing import Listed
from trunkline.providers.rows import ProviderRows
from trunkline.transport.base import Transport, UpstreamRequest


class Credential(Struct, frozen=True):
    """One key of a provider's account, rotated and cooled on its own."""

    id: str
    """ "openai#1": what logs and the ledger may say of it."""
    headers: Headers
    """The authentication headers it stands for; never logged."""
    embedding: Headers = ()
    """The same where embeddings are asked for."""
    own: bool = False
    """The tenant brought it: what it pays for is not our expense."""

    def __repr__(self) -> str:
        return f"<Credential {self.id}>"


class Provider(Protocol):
    """A company or server type that can be called."""

    @property
    def name(self) -> str: ...
    @property
    def transport(self) -> Transport: ...
    @property
    def credentials(self) -> Sequence[Credential]:
        """
        A provider that asks for none has one without headers; one that asks with nobody's but its
        tenants' has none.
        """

    def credential(self, credential_id: str, key: str) -> Credential | None:
        """One that a tenant brought; None where it is not asked with keys of that kind."""

    def deployment(self, model: str) -> Deployment:
        """How this provider serves `model`, with the quirks and limits known of it."""

    def models(self) -> Sequence[str]:
        """Models it is known to serve; possibly empty."""

    def models_request(self, credential: Credential) -> UpstreamRequest | None:
        """Asks it for its own list of models; None where it has none, or may not be asked."""

    def listed(self, body: bytes) -> Sequence[Listed]:
        """The answer to `models_request`, without models that cannot be used here. Raises Garbled."""

    def request(
        self, deployment: Deployment, path: str, encoded: Encoded, credential: Credential
    ) -> UpstreamRequest:
        """`path` is the dialect's own, relative to the provider's base address."""

    @property
    def is_ready(self) -> bool:
        """False while `ready` must be awaited first, for some deployment at least."""

    async def ready(self, deployment: Deployment) -> None:
        """Return once it can be asked this (a local engine is started here). Raises Unreachable."""

    async def aclose(self) -> None: ...


class Surroundings(Struct, frozen=True):
    """What wiring lends to every provider it builds."""

    transport: Transport
    clock: Clock
    catalog: Catalog
    rows: ProviderRows
    entropy: Entropy
    dice: Callable[[], float]
    """Uniform in [0, 1)."""
    dialects: tuple[str, ...] = ()
    """What upstreams may speak: the names that a configuration may give."""
    embeddings: tuple[str, ...] = ()
    """Those in which upstreams may be asked for embeddings."""
    data: Path | None = None
    """Where files of their own may lie."""


class ProviderSpec(Struct, frozen=True):
    """A kind of provider: one line in the registry."""

    name: str
    build: Callable[[str, Raw, Surroundings], Provider]
    """(configured name, its table of the configuration, surroundings). Raises ConfigError."""
    available: Callable[[], bool] = bool
    """Whether it can be offered here without being asked for; by default not."""
