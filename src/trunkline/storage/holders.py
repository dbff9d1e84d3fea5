"""The rows of who may call: tenants, their users, their keys, and what was sold to them."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct


class LimitSet(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How much somebody may use; None: as much as there is. What a window is: canon/limit.py."""

    requests_per_minute: int | None = None
    requests_per_hour: int | None = None
    requests_per_day: int | None = None
    tokens_per_minute: int | None = None
    tokens_per_day: int | None = None
    concurrent_requests: int | None = None
    cost_per_day: int | None = None
    """Nano-dollars, as the two below."""
    cost_per_month: int | None = None
    cost_total: int | None = None
    models: Mapping[str, "LimitSet"] = {}
    """More, of one model alone, by the name that clients use for it; these hold no `models`."""


AMOUNTS = LimitSet.__struct_fields__[:-1]
"""The names of its limits."""
NO_LIMITS = LimitSet()


class KeyRecord(Struct, frozen=True, kw_only=True):
    """A virtual key as it rests: everything but the secret."""

    id: str
    """The public middle of the key; unique."""
    tenant: str
    name: str
    prefix: str
    """What may be displayed: the key up to its secret."""
    mac: bytes
    """HMAC-SHA256 of the whole key under the server's pepper."""
    scopes: tuple[str, ...] = ()
    models: tuple[str, ...] | None = None
    """The models it may name; None: any."""
    created_at: float
    """Unix seconds, as the two below."""
    expires_at: float | None = None
    revoked_at: float | None = None
    user: str = ""
    """Of the tenant; empty: nobody's in particular."""
    plan: str = ""
    limits: LimitSet = NO_LIMITS
    providers: tuple[str, ...] | None = None
    modes: tuple[str, ...] | None = None
    pipes: tuple[str, ...] | None = ()
    """The pipelines it may choose; None: any."""
    tags: tuple[str, ...] = ()
    face: str = "trunkline"
    """Whose format it has."""
    created_by: str = ""
    """The id of the key that made it: what it uses counts for that one, too. Empty: an admin."""
    meter: str = ""
    """
    The id that its use is counted under: of the first of the keys that it succeeds. Empty: its own.

    Otherwise each rotation would be a full budget anew.
    """


class TenantRecord(Struct, frozen=True, kw_only=True):
    name: str
    """Unique: it is the tenant's id."""
    description: str = ""
    limits: LimitSet = NO_LIMITS
    created_at: int
    """Unix microseconds, as below."""
    disabled_at: int | None = None
    """Its keys are refused."""


class UserRecord(Struct, frozen=True, kw_only=True):
    """Somebody of a tenant."""

    tenant: str
    name: str
    """Unique in the tenant: it is the user's id."""
    description: str = ""
    limits: LimitSet = NO_LIMITS
    created_at: int
    disabled_at: int | None = None


class SubscriptionRecord(Struct, frozen=True, kw_only=True):
    """A plan that a tenant has for a time."""

    id: str
    tenant: str
    plan: str
    period_start: int
    """Unix microseconds, as all below."""
    period_end: int
    created_at: int
    cancelled_at: int | None = None
    lapsed: int = 0
    """1: everybody was told that its period is over."""


class KeySet(Struct, frozen=True):
    """Who may call, at one moment."""

    version: int
    """Grows with every change to any of these."""
    keys: Sequence[KeyRecord]
    tenants: Sequence[TenantRecord] = ()
    users: Sequence[UserRecord] = ()
    subscriptions: Sequence[SubscriptionRecord] = ()
    """In the order they were made."""


class KeyChanges(Struct, frozen=True):
    """What is to be changed in a KeySet of version `since` to have that of `version`; None: gone."""

    since: int
    version: int
    keys: Mapping[str, KeyRecord | None]
    tenants: Mapping[str, TenantRecord | None]
    users: Mapping[tuple[str, str], UserRecord | None]
    """By tenant and name."""
    subscriptions: Mapping[str, SubscriptionRecord | None]


class KeyQuery(Struct, frozen=True, kw_only=True):
    """Which keys to list. Filters are ANDed; None: any."""

    now: float
    """Unix seconds; what "active" and "expired" mean."""
    most: int
    after: str | None = None
    """The id of the last key of the page before."""
    tenant: str | None = None
    user: str | None = None
    plan: str | None = None
    tag: str | None = None
    status: str | None = None


class Fact(Struct, frozen=True, kw_only=True):
    """What happened to one of these, for the outbox."""

    id: str
    """ "evt_" and a ULID."""
    tenant: str
    type: str
    """ "api_key.created" """
    data: bytes
    """A JSON object, shown to the tenant."""
    at: int
    """Unix microseconds."""


TellKey = Callable[[KeyRecord], Fact]
TellSubscription = Callable[[SubscriptionRecord], Fact]
