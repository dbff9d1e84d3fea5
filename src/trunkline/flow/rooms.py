"""What one generation of the configuration lends to the flow; an exchange keeps its own."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Raw, Struct

from trunkline.canon.deployment import Deployment
from trunkline.canon.exchange import Exchange
from trunkline.canon.request import Request
from trunkline.canon.usage import Usage
from trunkline.conversations.service import Conversations
from trunkline.dialects.base import ClientDialect, Dialect, ErrorTeller
from trunkline.dialects.counting import CountingDialect
from trunkline.dialects.embedding_base import EmbeddingClient, EmbeddingServer
from trunkline.flow.admission import Admitting, Unlimited
from trunkline.flow.base import Face, Reply
from trunkline.kernel.clock import Clock
from trunkline.kernel.tasks import Tasks
from trunkline.ledger.base import Ledger
from trunkline.observe.log import Log
from trunkline.providers.base import Provider
from trunkline.routing.router import Router
from trunkline.tenancy.vault import OwnKeys


class Pricer(Protocol):
    """Money for tokens."""

    def cost(
        self, deployment: Deployment, usage: Usage, unix: float, tier: str | None = None
    ) -> tuple[int, str]:
        """Nano-dollars and the price's version; (0, "") when no price is known. `tier`: the service tier asked for."""


class Counter(Protocol):
    """Tokens counted here, for upstreams that do not say."""

    async def estimate(
        self, deployment: Deployment, request: Request | None, delivered: Sequence[str]
    ) -> Usage:
        """Never blocks the loop; never raises."""

    async def text(self, model: str, tokens: Sequence[int]) -> str | None:
        """What these tokens of the model say; None where its vocabulary is not known here."""


class Jobs(Protocol):
    """Responses that are made without their client waiting."""

    async def begin(self, exchange: Exchange, face: Face, reply: Reply, own: Sequence[Raw]) -> None:
        """Queue it and answer. `own`: the items the request brought itself. Raises GatewayError."""


def _nobodys(_tenant: str) -> OwnKeys | None:
    return None


class Rooms(Struct, frozen=True, kw_only=True):
    """The collaborators of the flow, composed once by wiring and replaced whole on reload."""

    generation: int
    """Counts reloads of the configuration, from 1."""
    dialects: Mapping[str, Dialect]
    """Those our clients may speak."""
    clients: Mapping[str, ClientDialect]
    """Those upstreams may speak: these and some that face upstreams only."""
    counting: Mapping[str, CountingDialect]
    """Those with an endpoint that counts a request's tokens."""
    embedding_servers: Mapping[str, EmbeddingServer] = {}
    """Those in which clients ask for embeddings."""
    embeddings: Mapping[str, EmbeddingClient] = {}
    """Those in which upstreams are asked for them."""
    providers: Mapping[str, Provider]
    own_keys: Callable[[str], OwnKeys | None] = _nobodys
    """Those that a tenant brought, by provider; None where it has none, as most have."""
    router: Router
    ledger: Ledger
    pricer: Pricer
    counter: Counter
    admission: Admitting = Unlimited()
    clock: Clock
    tasks: Tasks
    dice: Callable[[], float]
    """Uniform in [0, 1)."""
    token: Callable[[], str]
    """A fresh unguessable id for an answer."""
    log: Log
    conversations: Conversations
    background: Jobs
    max_answer: int = 64 << 20
    """Bytes of a whole answer that are accepted from an upstream."""

    def teller(self, dialect: str) -> ErrorTeller:
        """Of whatever dialect a client may speak."""
        return self.dialects.get(dialect) or self.embedding_servers[dialect]
