"""One client request and everything done for it: the only mutable noun in the house."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from msgspec import Raw, Struct

from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import GatewayError
from trunkline.canon.limit import Allowance, Limit
from trunkline.canon.note import Note
from trunkline.canon.request import Request
from trunkline.canon.usage import Usage

Headers = tuple[tuple[bytes, bytes], ...]
"""Lower-case names; order and repeats kept."""


class Principal(Struct, frozen=True, kw_only=True):
    """Who is calling."""

    key_id: str
    tenant: str
    scopes: frozenset[str] = frozenset()
    models: frozenset[str] | None = None
    """The models the key may name; None: any."""
    admin: bool = False
    user: str = ""
    """Of the tenant; empty: the key is nobody's in particular."""
    plan: str = ""
    limits: tuple[Limit, ...] = ()
    """Of the key, its user and its tenant, whatever model is asked."""
    model_limits: Mapping[str, tuple[Limit, ...]] = {}
    """More, by the model's name as the client knows it."""
    providers: frozenset[str] | None = None
    """Those that may answer; None: any."""
    modes: frozenset[str] | None = None
    """The routing modes it may choose; None: any."""
    pipes: frozenset[str] | None = frozenset()
    """The pipelines it may choose, as written; None: any."""
    tags: tuple[str, ...] = ()
    """What finance tells requests apart by."""


class Status(Enum):
    OK = "ok"
    FAILED = "failed"
    PARTIAL = "partial"
    """Broke off after content had been delivered."""
    CANCELLED = "cancelled"
    """The client went away."""
    ORPHANED = "orphaned"
    """The worker died while it was open; found at the next start."""


@dataclass(slots=True)
class Attempt:
    """One try at one deployment."""

    number: int
    """From 1."""
    deployment: Deployment
    started_at: float
    """Unix seconds."""
    first_event_ms: float | None = None
    total_ms: float | None = None
    status: Status | None = None
    """None while it runs."""
    error: GatewayError | None = None
    usage: Usage = Usage()
    estimated: bool = False
    """The upstream reported no usage: counted here instead."""
    cost_nanousd: int = 0
    price_version: str = ""
    """Empty when the model has no known price."""
    byok: bool = False
    """Asked with the tenant's own credential: the cost is its own, and no expense of ours."""

    @property
    def unpriced(self) -> bool:
        """It took tokens for which no price is known: a cost of nothing is none."""
        return not self.price_version and self.usage.total > 0


@dataclass(slots=True)
class Exchange:
    id: str
    """ "req_" and a ULID: the answer's x-trunkline-request-id."""
    face: str
    dialect: str
    """The server role's registry name."""
    operation: str
    """The OTel gen_ai.operation.name: "chat", "embeddings" ..."""
    principal: Principal
    envelope: dict[str, Raw]
    """The body decoded one level deep."""
    model: str
    """The name the client used."""
    stream: bool
    headers: Mapping[bytes, bytes]
    """The client's request headers, lower-case."""
    received_at: float
    """Unix seconds."""
    started: float
    """Monotonic seconds at arrival."""
    body: bytes = b""
    request_id_header: bytes = b"x-request-id"
    """In which header of the answer the client's dialect looks for `id`."""
    session: str = ""
    """Which conversation or agent's run it belongs to, as its client said; empty: nobody said."""
    opened: bool = False
    """Somebody of ours has looked inside or changed it: its bytes cannot just pass."""
    request: Request | None = None
    """Deep-decoded once somebody needs to look inside."""
    attempts: list[Attempt] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    status: Status | None = None
    refused: str = ""
    """The code of the error that ended it before anybody was asked."""
    first_content_ms: float | None = None
    allowances: Sequence[Allowance] = ()
    """Of the limits it was counted in, as they stood then."""
    degraded: bool = False
    """Its limits were not counted as they should be: the shared counters are out of reach."""
    leased: bool = False
    """It holds a place, tokens or money in the shared counters until its books are closed."""

    @property
    def answered_by(self) -> Attempt | None:
        """The attempt whose answer the client got, if any did."""
        if not self.attempts or self.attempts[-1].error is not None:
            return None
        return self.attempts[-1]

    @property
    def billed(self) -> Sequence[Attempt]:
        """Those its client pays for once it is over: the one that answered, or the legs that did."""
        if self.status is Status.FAILED or not self.attempts:
            return ()
        *earlier, last = self.attempts
        legs = [attempt for attempt in earlier if attempt.status is Status.OK]
        return legs if last.status is Status.FAILED else [*legs, last]
