"""What is told of keys and subscriptions: the events that webhooks bring."""

from msgspec import Struct, json

from trunkline.kernel.clock import Clock
from trunkline.kernel.ids import Entropy, ulid
from trunkline.storage.holders import Fact, KeyRecord, SubscriptionRecord

_MICROS = 1_000_000


class KeyFact(Struct, frozen=True, kw_only=True):
    """Never the key itself."""

    id: str
    prefix: str
    name: str
    tenant: str
    user: str
    created_at: int
    """Unix seconds, as all below."""
    expires_at: int | None
    revoked_at: int | None


class SubscriptionFact(Struct, frozen=True, kw_only=True):
    id: str
    tenant: str
    plan: str
    period_start: int
    """Unix seconds, as all below."""
    period_end: int
    cancelled_at: int | None


class Facts:
    """Tells what happened now."""

    def __init__(self, clock: Clock, entropy: Entropy) -> None:
        self._clock = clock
        self._entropy = entropy

    def key_created(self, key: KeyRecord) -> Fact:
        return self._fact(key.tenant, "api_key.created", _key(key))

    def key_revoked(self, key: KeyRecord) -> Fact:
        return self._fact(key.tenant, "api_key.revoked", _key(key))

    def renewed(self, subscription: SubscriptionRecord) -> Fact:
        told = _subscription(subscription)
        return self._fact(subscription.tenant, "subscription.renewed", told)

    def expired(self, subscription: SubscriptionRecord) -> Fact:
        told = _subscription(subscription)
        return self._fact(subscription.tenant, "subscription.expired", told)

    def _fact(self, tenant: str, kind: str, told: KeyFact | SubscriptionFact) -> Fact:
        now = self._clock.unix()
        return Fact(
            id="evt_" + ulid(now, self._entropy),
            tenant=tenant,
            type=kind,
            data=json.encode(told),
            at=int(now * _MICROS),
        )

    def __repr__(self) -> str:
        return "<Facts>"


def _key(key: KeyRecord) -> KeyFact:
    return KeyFact(
        id=key.id,
        prefix=key.prefix,
        name=key.name,
        tenant=key.tenant,
        user=key.user,
        created_at=int(key.created_at),
        expires_at=None if key.expires_at is None else int(key.expires_at),
        revoked_at=None if key.revoked_at is None else int(key.revoked_at),
    )


def _subscription(subscription: SubscriptionRecord) -> SubscriptionFact:
    cancelled = subscription.cancelled_at
    return SubscriptionFact(
        id=subscription.id,
        tenant=subscription.tenant,
        plan=subscription.plan,
        period_start=subscription.period_start // _MICROS,
        period_end=subscription.period_end // _MICROS,
        cancelled_at=None if cancelled is None else cancelled // _MICROS,
    )
