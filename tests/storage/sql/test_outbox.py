"""Events put in the transaction of a fact: with it, or not at all."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.webhooks.making import endpoint
from trunkline.storage.sql.database import Database, Session
from trunkline.storage.sql.outbox import delivery_id, is_heard, put
from trunkline.storage.sql.webhooks import EndpointStore


def tell(session: Session, number: int = 1, **changes: Any) -> bool:
    fields = {
        "tenant": "acme",
        "type": "api_key.created",
        "data": b'{"id":"k1"}',
        "now_us": 5,
        "event_id": f"evt_{number}",
    }
    return put(session, **{**fields, **changes})


async def counts(database: Database) -> tuple[int, int]:
    """Events and deliveries."""

    def work(session: Session) -> tuple[int, int]:
        tables = ("webhook_events", "webhook_deliveries")
        found = [session.one(f"SELECT count(*) FROM {table}") for table in tables]
        return found[0][0], found[1][0]

    return await database.read(work)


def with_endpoints(database: Database, work: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        store = EndpointStore(database)
        await store.add(endpoint("a"), 9)
        await store.add(endpoint("b", types=("*",)), 9)
        await store.add(endpoint("c", types=("budget.exceeded",)), 9)
        await store.add(endpoint("d", enabled=False), 9)
        await store.add(endpoint("e", tenant="beta"), 9)
        await store.add(endpoint("f", tenant="*", types=("*",)), 9)
        await work()

    asyncio.run(main())


def test_everybody_who_listens_gets_a_delivery(database):
    """By type or to all, the tenant's and the platform's; not those that are disabled."""

    async def work() -> None:
        assert await database.write(tell)
        rows = await database.read(
            lambda s: s.all("SELECT id, event, endpoint, status, next_at FROM webhook_deliveries")
        )
        assert [
            (f"dlv_1_{name}", "evt_1", f"whe_{name}", "pending", 5) for name in ("a", "b", "f")
        ] == sorted(rows)

    with_endpoints(database, work)


def test_a_fact_that_fails_takes_its_event_along(database):
    """Rolled back, both."""

    async def work() -> None:
        def fact(session: Session) -> None:
            tell(session)
            raise KeyError("the fact was none")

        with pytest.raises(KeyError):
            await database.write(fact)
        assert (0, 0) == await counts(database)

    with_endpoints(database, work)


def test_once_is_once_for_each_tenant(database):
    """Whoever comes second is told so, and nothing is sent."""

    async def work() -> None:
        told = [
            await database.write(lambda s, n=n, t=t: tell(s, n, tenant=t, once="w"))
            for n, t in ((1, "acme"), (2, "acme"), (3, "beta"))
        ]
        assert [True, False, True] == told
        assert (2, 5) == await counts(database)

    with_endpoints(database, work)


def test_many_at_once_tell_once(database):
    """Sessions that run beside each other."""

    async def work() -> None:
        told = await asyncio.gather(
            *(database.write(lambda s, n=n: tell(s, n, once="w")) for n in range(12))
        )
        assert 1 == sum(told)
        assert (1, 3) == await counts(database)

    with_endpoints(database, work)


def test_what_nobody_hears_is_not_kept(database):
    """Unless it has to be remembered that it was told."""

    async def work() -> None:
        assert await database.write(lambda s: tell(s, 1, tenant="nobody", type="x"))
        heard = await database.read(lambda s: is_heard(s, "acme", "api_key.created"))
        unheard = await database.read(lambda s: is_heard(s, "beta", "budget.exceeded"))
        assert heard
        assert unheard  # by the platform

    asyncio.run(plain(database))
    with_endpoints(database, work)


async def plain(database: Database) -> None:
    assert await database.write(tell)
    assert (0, 0) == await counts(database)
    assert await database.write(lambda s: tell(s, once="w"))
    assert not await database.write(lambda s: tell(s, 2, once="w"))
    assert (1, 0) == await counts(database)
    await database.write(lambda s: s.run("DELETE FROM webhook_events"))


def test_a_delivery_is_named_by_its_event_and_endpoint():
    """Sorted by the event's time."""
    assert "dlv_01A_01B" == delivery_id("evt_01A", "whe_01B")
