"""Subscriptions: a tenant has a plan for a time; renewed, cancelled, and told of when they end."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import Struct, structs

from trunkline.canon.errors import Conflict, LedgerUnavailable, Malformed, NotFound
from trunkline.kernel.clock import Clock
from trunkline.kernel.ids import Entropy, ulid
from trunkline.storage.base import SubscriptionStore
from trunkline.storage.holders import SubscriptionRecord
from trunkline.tenancy.facts import Facts
from trunkline.tenancy.following import KeyringFollower
from trunkline.tenancy.names import check_tenant
from trunkline.tenancy.plans import BUILT_IN, Plans, check_plan

_MICROS = 1_000_000
# Who is refused is decided to the moment; this is how late webhooks may tell of it.
_LOOK = 15.0

SubscriptionStatus = Literal["active", "expired", "cancelled"]


class SubscriptionView(Struct, frozen=True, kw_only=True):
    id: str
    tenant: str
    plan: str
    status: SubscriptionStatus
    period_start: float
    """Unix seconds, as all below. Of one that was renewed before it was over, when that period begins."""
    period_end: float
    created_at: float
    cancelled_at: float | None
    object: str = "subscription"


class SubscriptionService:
    """
    Of a tenant's subscriptions, the one made last that is not over counts; once there is none left,
    the tenant's keys are refused. Every method raises LedgerUnavailable.
    """

    def __init__(
        self,
        store: SubscriptionStore,
        clock: Clock,
        entropy: Entropy,
        follower: KeyringFollower | None = None,
        plans: Callable[[], Plans] = lambda: BUILT_IN,
    ) -> None:
        self._store = store
        self._clock = clock
        self._entropy = entropy
        self._follower = follower
        self._plans = plans
        self._facts = Facts(clock, entropy)

    async def create(self, tenant: str, plan: str, period_end: float) -> SubscriptionView:
        """From now until `period_end` (Unix seconds). Raises Malformed."""
        check_tenant(tenant)
        check_plan(plan, self._plans())
        now = self._clock.unix()
        _check_end(period_end, now)
        micros = int(now * _MICROS)
        record = SubscriptionRecord(
            id="sub_" + ulid(now, self._entropy),
            tenant=tenant,
            plan=plan,
            period_start=micros,
            period_end=round(period_end * _MICROS),
            created_at=micros,
        )
        if not await self._store.add(record):
            raise Conflict("There is a subscription of that id already; try again.")
        await self._follow()
        return self._view(record)

    async def renew(self, subscription_id: str, period_end: float | None) -> SubscriptionView:
        """
        Until `period_end`; without one, for as long again as its last period was, from that one's
        end or, where it is over, from now. Raises NotFound, Malformed, and Conflict where it was
        cancelled.
        """
        now = self._clock.unix()
        if period_end is not None:
            _check_end(period_end, now)
        end = None if period_end is None else round(period_end * _MICROS)
        micros = int(now * _MICROS)

        def renewed(old: SubscriptionRecord) -> SubscriptionRecord:
            if old.cancelled_at is not None:
                raise Conflict("This subscription was cancelled; make another.", param="id")
            length = old.period_end - old.period_start
            start = max(old.period_end, micros)
            if end is None:
                return structs.replace(old, period_start=start, period_end=start + length, lapsed=0)
            # Said to end sooner than it would have: the period it is in is a shorter one.
            start = start if end > start else old.period_start
            return structs.replace(old, period_start=start, period_end=end, lapsed=0)

        record = await self._store.amend(subscription_id, renewed, self._facts.renewed)
        return await self._changed(record, subscription_id)

    async def cancel(self, subscription_id: str) -> SubscriptionView:
        """It ends now. Raises NotFound; cancelling twice is no error."""
        now = int(self._clock.unix() * _MICROS)

        def cancelled(old: SubscriptionRecord) -> SubscriptionRecord:
            if old.cancelled_at is not None:
                return old
            ends = min(old.period_end, now)
            return structs.replace(old, cancelled_at=now, period_end=ends, lapsed=1)

        record = await self._store.amend(subscription_id, cancelled, self._facts.expired)
        return await self._changed(record, subscription_id)

    async def get(self, subscription_id: str) -> SubscriptionView:
        """Raises NotFound."""
        record = await self._store.get(subscription_id)
        if record is None:
            raise _no_subscription(subscription_id)
        return self._view(record)

    async def page(self, tenant: str | None, after: str, most: int) -> Sequence[SubscriptionView]:
        """In the order they were made."""
        return [self._view(record) for record in await self._store.page(tenant, after, most)]

    async def lapse(self) -> int:
        """Tell of those that are over, once; returns how many."""
        return await self._store.lapse(int(self._clock.unix() * _MICROS), self._facts.expired)

    async def watch(self, interval: float = _LOOK) -> None:
        """For ever. What cannot be told of now is told of later."""
        while True:
            await asyncio.sleep(interval)
            try:
                await self.lapse()
            except LedgerUnavailable:
                continue

    async def _changed(
        self, record: SubscriptionRecord | None, subscription_id: str
    ) -> SubscriptionView:
        if record is None:
            raise _no_subscription(subscription_id)
        await self._follow()
        return self._view(record)

    async def _follow(self) -> None:
        if self._follower is not None:
            await self._follower.refresh()

    def _view(self, record: SubscriptionRecord) -> SubscriptionView:
        cancelled = record.cancelled_at
        return SubscriptionView(
            id=record.id,
            tenant=record.tenant,
            plan=record.plan,
            status=_status(record, self._clock.unix()),
            period_start=record.period_start / _MICROS,
            period_end=record.period_end / _MICROS,
            created_at=record.created_at / _MICROS,
            cancelled_at=None if cancelled is None else cancelled / _MICROS,
        )

    def __repr__(self) -> str:
        return f"<SubscriptionService over {self._store!r}>"


def _status(record: SubscriptionRecord, now: float) -> SubscriptionStatus:
    if record.cancelled_at is not None:
        return "cancelled"
    return "active" if now * _MICROS < record.period_end else "expired"


def _check_end(period_end: float, now: float) -> None:
    if not period_end > now:
        raise Malformed("`period_end` must be in the future.", param="period_end")


def _no_subscription(subscription_id: str) -> NotFound:
    return NotFound(f"There is no subscription `{subscription_id[:100]}`.", param="id")
