"""Tests of storage/sql/subscriptions.py: kept, changed, and told of once when they are over."""

import asyncio

from msgspec.structs import replace

from tests.storage.sql.holders import SUBSCRIPTION, Stores, Tell, run
from trunkline.storage.sql.database import Database


def test_a_subscription_comes_back_as_it_went_in(database: Database) -> None:
    """Its tenant is made where it is missing; an id is taken once."""

    async def work(stores: Stores) -> tuple[object, ...]:
        return (
            await stores.subscriptions.add(SUBSCRIPTION),
            await stores.subscriptions.add(replace(SUBSCRIPTION, plan="other")),
            await stores.subscriptions.get("sub_1"),
            await stores.subscriptions.get("sub_2"),
            [tenant.name for tenant in await stores.tenants.page("", 9)],
        )

    assert (True, False, SUBSCRIPTION, None, ["acme"]) == run(database, work)


def test_a_change_is_told_of(database: Database) -> None:
    """What changes nothing is not; nor is what is not there."""
    tell = Tell("subscription.renewed")
    new = replace(SUBSCRIPTION, period_end=30, plan="silver", cancelled_at=5, lapsed=1)

    async def work(stores: Stores) -> tuple[object, ...]:
        await stores.subscriptions.add(SUBSCRIPTION)
        return (
            await stores.subscriptions.amend("sub_1", lambda _: new, tell),
            await stores.subscriptions.amend("sub_1", lambda old: old, tell),
            await stores.subscriptions.amend("sub_2", lambda old: old, tell),
            await stores.subscriptions.get("sub_1"),
        )

    assert (new, new, None, new) == run(database, work)
    assert ["sub_1"] == tell.told


def test_the_end_of_a_period_is_told_once(database: Database) -> None:
    """By whoever looks first, however many look together; not before it is over."""
    tell = Tell("subscription.expired")

    async def work(stores: Stores) -> tuple[int, int, int]:
        await stores.subscriptions.add(SUBSCRIPTION)
        await stores.subscriptions.add(replace(SUBSCRIPTION, id="sub_2", period_end=21))
        early = await stores.subscriptions.lapse(19, tell)
        together = await asyncio.gather(*(stores.subscriptions.lapse(20, tell) for _ in range(5)))
        return early, sum(together), await stores.subscriptions.lapse(30, tell)

    assert (0, 1, 1) == run(database, work)
    assert ["sub_1", "sub_2"] == tell.told


def test_subscriptions_come_in_pages(database: Database) -> None:
    """Of all tenants, or of one."""

    async def work(stores: Stores) -> list[list[str]]:
        for number, tenant in ((1, "a"), (2, "b"), (3, "a")):
            made = replace(SUBSCRIPTION, id=f"sub_{number}", tenant=tenant)
            await stores.subscriptions.add(made)
        pages = ((None, "", 2), (None, "sub_2", 2), ("a", "", 9))
        return [[s.id for s in await stores.subscriptions.page(*asked)] for asked in pages]

    assert [["sub_1", "sub_2"], ["sub_3"], ["sub_1", "sub_3"]] == run(database, work)
