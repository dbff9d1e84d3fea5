"""Keys, tenants and subscriptions for the tests of their stores."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from trunkline.storage.holders import (
    Fact,
    KeyRecord,
    LimitSet,
    SubscriptionRecord,
    TenantRecord,
    UserRecord,
)
from trunkline.storage.sql.database import Database
from trunkline.storage.sql.keys import SqlKeyStore
from trunkline.storage.sql.subscriptions import SqlSubscriptionStore
from trunkline.storage.sql.tenants import SqlTenantStore

ResultT = TypeVar("ResultT")

KEY = KeyRecord(
    id="abc",
    tenant="acme",
    name='it\'s "quoted"; DROP TABLE keys',
    prefix="tl_abc",
    mac=bytes(range(32)),
    scopes=("chat:write", "models:read"),
    models=("gpt-4o", "été"),
    created_at=1.25,
    expires_at=2.5,
    user="ann@example.com",
    plan="gold",
    limits=LimitSet(requests_per_day=5, models={"a/b": LimitSet(cost_total=1 << 50)}),
    providers=("openai",),
    modes=("eco",),
    pipes=("cache, route(mode=eco)",),
    tags=('a "tag"', "50%_"),
    face="plexor",
)
TENANT = TenantRecord(name="acme", limits=LimitSet(cost_per_day=10**9), created_at=7)
USER = UserRecord(tenant="acme", name="ann", description="of sales", created_at=8)
SUBSCRIPTION = SubscriptionRecord(
    id="sub_1", tenant="acme", plan="gold", period_start=10, period_end=20, created_at=10
)


class Stores:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.keys = SqlKeyStore(database)
        self.tenants = SqlTenantStore(database)
        self.subscriptions = SqlSubscriptionStore(database)


def run(database: Database, work: Callable[[Stores], Awaitable[ResultT]]) -> ResultT:
    async def main() -> ResultT:
        return await work(Stores(database))

    return asyncio.run(main())


class Tell:
    """Tells what happened, and remembers of what it was asked to."""

    def __init__(self, kind: str = "api_key.created") -> None:
        self.kind = kind
        self.told: list[str] = []

    def __call__(self, record: KeyRecord | SubscriptionRecord) -> Fact:
        self.told.append(record.id)
        number = len(self.told)
        return Fact(id=f"evt_{number}", tenant=record.tenant, type=self.kind, data=b"{}", at=number)
