"""What a key may do right now: by itself, its user, its tenant, its plan and what was paid for."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from msgspec import Struct

from trunkline.canon.errors import Forbidden, Unauthenticated
from trunkline.canon.exchange import Principal
from trunkline.canon.limit import Limit
from trunkline.storage.holders import (
    KeyRecord,
    KeySet,
    LimitSet,
    SubscriptionRecord,
    TenantRecord,
    UserRecord,
)
from trunkline.tenancy.limits import limits_for, model_limits_for, strictest
from trunkline.tenancy.plans import Plans
from trunkline.tenancy.views import counted_as

HOW_TO_GET_ONE = "create one with `trunkline keys create` or POST /admin/v1/keys"
_MICROS = 1_000_000
Holder = tuple[LimitSet, str, str]
"""Limits, their scope, and whose they are."""


class Hold(Struct, frozen=True):
    principal: Principal
    until: float
    """Unix seconds from which on it must be asked again."""


class Holdings:
    """A snapshot of everybody who may call. What it says hangs on nothing but its arguments."""

    __slots__ = ("_plans", "_subscriptions", "_tenants", "_users", "keys")

    def __init__(self, known: KeySet, plans: Plans) -> None:
        self.keys: Mapping[bytes, KeyRecord] = {key.id.encode(): key for key in known.keys}
        self._tenants: Mapping[str, TenantRecord] = {t.name: t for t in known.tenants}
        self._users: Mapping[tuple[str, str], UserRecord] = {
            (user.tenant, user.name): user for user in known.users
        }
        self._subscriptions: dict[str, list[SubscriptionRecord]] = {}
        for subscription in known.subscriptions:
            self._subscriptions.setdefault(subscription.tenant, []).append(subscription)
        self._plans = plans

    def hold(self, key: KeyRecord, now: float) -> Hold:
        """
        `now`: Unix seconds. Raises Unauthenticated where the key is good no more, Forbidden where
        something else is in the way.
        """
        line = self._line(key)
        for one in line:
            _check_key(one, now)
        tenant = self._tenants.get(key.tenant)
        user = self._users.get((key.tenant, key.user)) if key.user else None
        _check_enabled(tenant, user)
        subscription = self._in_force(key.tenant, now)
        holders = list(self._holders(line, tenant, user, subscription))
        models: dict[str, tuple[Limit, ...]] = {}
        for holder in holders:
            for model, limits in model_limits_for(*holder).items():
                models[model] = (*models.get(model, ()), *limits)
        principal = Principal(
            key_id=key.id,
            tenant=key.tenant,
            scopes=_scopes(line),
            models=_common(one.models for one in line),
            user=key.user,
            plan=key.plan or (subscription.plan if subscription else ""),
            limits=strictest(chain.from_iterable(limits_for(*holder) for holder in holders)),
            model_limits={model: strictest(limits) for model, limits in models.items()},
            providers=_common(one.providers for one in line),
            modes=_common(one.modes for one in line),
            pipes=_common(one.pipes for one in line),
            tags=key.tags,
        )
        return Hold(principal, _until(line, subscription))

    def _holders(
        self,
        line: Sequence[KeyRecord],
        tenant: TenantRecord | None,
        user: UserRecord | None,
        subscription: SubscriptionRecord | None,
    ) -> Iterator[Holder]:
        """Everybody whose limits count, the key first."""
        for one in line:
            meter = counted_as(one)
            yield one.limits, "key", meter
            if one.plan:
                yield self._plan(one.plan), "key", meter
        if user is not None:
            yield user.limits, "user", f"{user.tenant}/{user.name}"
        if tenant is not None:
            yield tenant.limits, "tenant", tenant.name
        if subscription is not None:
            yield self._plan(subscription.plan), "tenant", subscription.tenant

    def _line(self, key: KeyRecord) -> Sequence[KeyRecord]:
        """The key, the key that made it, and so on: it may do what all of them may, and counts for all."""
        line = [key]
        while (maker := self.keys.get(line[-1].created_by.encode())) and maker not in line:
            line.append(maker)
        return line

    def _plan(self, name: str) -> LimitSet:
        plan = self._plans.get(name)
        if plan is None:
            # Somebody took it out of the configuration: no plan is not no limits.
            raise Forbidden(
                f"The plan `{name[:100]}` that this key is under is not configured here any more;"
                " ask whoever runs this gateway.",
                code="unknown_plan",
            )
        return plan.limits

    def _in_force(self, tenant: str, now: float) -> SubscriptionRecord | None:
        """The one made last of those that are not over; None where there never was any."""
        subscriptions: Sequence[SubscriptionRecord] = self._subscriptions.get(tenant, ())
        micros = now * _MICROS
        for subscription in reversed(subscriptions):
            if micros < subscription.period_end:
                return subscription
        if subscriptions:
            raise Forbidden(
                f"The subscription of `{tenant}` has expired; renew it to go on.",
                code="subscription_expired",
            )
        return None


def _check_key(key: KeyRecord, now: float) -> None:
    if key.revoked_at is not None:
        # At once, whatever the clock said where it was revoked.
        raise Unauthenticated(f"This API key was revoked; {HOW_TO_GET_ONE}.")
    if key.expires_at is not None and now >= key.expires_at:
        raise Unauthenticated(f"This API key has expired; {HOW_TO_GET_ONE}.")


def _check_enabled(tenant: TenantRecord | None, user: UserRecord | None) -> None:
    for holder, whose in ((tenant, "tenant"), (user, "user")):
        if holder is not None and holder.disabled_at is not None:
            raise Forbidden(
                f"The {whose} `{holder.name}` of this key is disabled; ask whoever runs this"
                " gateway.",
                code=f"{whose}_disabled",
            )


def _scopes(line: Sequence[KeyRecord]) -> frozenset[str]:
    held = _common(one.scopes or None for one in line)
    if held is None:
        return frozenset()
    if not held:  # which would be all of them
        raise Forbidden("The key that made this one may do nothing of what this one was made for.")
    return held


def _common(lists: Iterable[Sequence[str] | None]) -> frozenset[str] | None:
    """What is in all of them; None is any."""
    common: frozenset[str] | None = None
    for names in lists:
        if names is not None:
            common = frozenset(names) if common is None else common.intersection(names)
    return common


def _until(line: Sequence[KeyRecord], subscription: SubscriptionRecord | None) -> float:
    ends = [one.expires_at for one in line if one.expires_at is not None]
    if subscription is not None:
        ends.append(subscription.period_end / _MICROS)
    return min(ends, default=math.inf)
