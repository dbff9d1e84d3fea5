"""Subscriptions: which plan a tenant has, and until when."""

from collections.abc import Callable, Sequence

import msgspec

from trunkline.storage.base import SubscriptionStore
from trunkline.storage.holders import SubscriptionRecord, TellSubscription, TenantRecord
from trunkline.storage.sql.columns import quoted
from trunkline.storage.sql.database import Database, Row, Session
from trunkline.storage.sql.facts import write_down
from trunkline.storage.sql.tenants import add_tenant
from trunkline.storage.sql.versions import changed, of_subscription, of_tenant

_COLUMNS = SubscriptionRecord.__struct_fields__
_SELECT = f"SELECT {quoted(_COLUMNS)} FROM subscriptions"  # noqa: S608 - our own field names
_INSERT = (
    f"INSERT INTO subscriptions ({quoted(_COLUMNS)})"  # noqa: S608 - our own field names
    f" VALUES ({', '.join('?' * len(_COLUMNS))}) ON CONFLICT DO NOTHING"
)
_CHANGE = """
UPDATE subscriptions SET plan = ?, period_start = ?, period_end = ?, cancelled_at = ?, lapsed = ?
WHERE id = ?
"""
_ALONE = "holders"


class SqlSubscriptionStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, subscription: SubscriptionRecord) -> bool:
        def work(session: Session) -> bool:
            made = TenantRecord(name=subscription.tenant, created_at=subscription.created_at)
            new = add_tenant(session, made)
            added = session.run(_INSERT, msgspec.structs.astuple(subscription))
            if added or new:
                changed(session, of_subscription(subscription.id), of_tenant(made.name))
            return bool(added)

        return await self._database.write(work, alone=_ALONE)

    async def get(self, subscription_id: str) -> SubscriptionRecord | None:
        return await self._database.read(lambda session: subscription_of(session, subscription_id))

    async def page(self, tenant: str | None, after: str, most: int) -> Sequence[SubscriptionRecord]:
        sql = f"{_SELECT} WHERE id > ?{'' if tenant is None else ' AND tenant = ?'}"
        values = (after, *(() if tenant is None else (tenant,)), most)
        return await self._database.read(
            lambda session: [_record(r) for r in session.all(f"{sql} ORDER BY id LIMIT ?", values)]
        )

    async def amend(
        self,
        subscription_id: str,
        change: Callable[[SubscriptionRecord], SubscriptionRecord],
        tell: TellSubscription,
    ) -> SubscriptionRecord | None:
        def work(session: Session) -> SubscriptionRecord | None:
            old = subscription_of(session, subscription_id)
            if old is None:
                return None
            new = change(old)
            if new != old:
                _keep(session, new)
                changed(session, of_subscription(new.id))
                write_down(session, tell(new))
            return new

        return await self._database.write(work, alone=_ALONE)

    async def lapse(self, now: int, tell: TellSubscription) -> int:
        def work(session: Session) -> int:
            over = session.all(f"{_SELECT} WHERE lapsed = 0 AND period_end <= ?", (now,))
            for row in over:
                ended = msgspec.structs.replace(_record(row), lapsed=1)
                _keep(session, ended)
                write_down(session, tell(ended))
                changed(session, of_subscription(ended.id))
            return len(over)

        # Looked up first, so that watching costs no write.
        sql = f"{_SELECT} WHERE lapsed = 0 AND period_end <= ? LIMIT 1"
        if await self._database.read(lambda session: session.one(sql, (now,))) is None:
            return 0
        return await self._database.write(work, alone=_ALONE)


def all_subscriptions(session: Session) -> list[SubscriptionRecord]:
    return [_record(row) for row in session.all(f"{_SELECT} ORDER BY created_at, id")]


def subscription_of(session: Session, subscription_id: str) -> SubscriptionRecord | None:
    row = session.one(f"{_SELECT} WHERE id = ?", (subscription_id,))
    return None if row is None else _record(row)


def _keep(session: Session, new: SubscriptionRecord) -> None:
    values = (new.plan, new.period_start, new.period_end, new.cancelled_at, new.lapsed, new.id)
    session.run(_CHANGE, values)


def _record(row: Row) -> SubscriptionRecord:
    return msgspec.convert(dict(zip(_COLUMNS, row, strict=True)), SubscriptionRecord)


def _guard(store: SqlSubscriptionStore) -> SubscriptionStore:
    """Never called: a type error of the implementation shows here, in its own file."""
    return store
