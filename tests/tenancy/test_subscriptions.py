"""Tests of tenancy/subscriptions.py: a plan for a time, and what happens when it is over."""

import asyncio
from pathlib import Path

import pytest

from tests.ledger.making import NOON
from tests.tenancy.offices import Office, within
from trunkline.canon.errors import Conflict, LedgerUnavailable, Malformed, NotFound
from trunkline.storage.holders import TellSubscription
from trunkline.tenancy.subscriptions import SubscriptionService, SubscriptionView
from trunkline.tenancy.wishes import NewKey

PLAN = "keyplex-free-trial"


async def tenant(office: Office) -> str:
    """A key of one that has events told."""
    await office.listen()
    return (await office.keys.create(NewKey(name="k", tenant="acme"))).key


def test_a_subscription_limits_its_tenant(tmp_path: Path) -> None:
    """By its plan, all keys together, from the moment it is made."""

    async def test(office: Office) -> None:
        key = await tenant(office)
        made = await office.subscriptions.create("acme", PLAN, NOON + 100.5)

        assert made == SubscriptionView(
            id=made.id,
            tenant="acme",
            plan=PLAN,
            status="active",
            period_start=NOON,
            period_end=NOON + 100.5,
            created_at=NOON,
            cancelled_at=None,
        )
        principal = office.ring.authenticate(key, NOON)
        assert {
            "tenant/acme/requests/60": 20,
            "tenant/acme/tokens/60": 40_000,
            "tenant/acme/tokens/86400": 100_000,
        } == {limit.counter: limit.most for limit in principal.limits}
        assert PLAN == principal.plan
        assert [made] == list(await office.subscriptions.page("acme", "", 9))
        assert made == await office.subscriptions.get(made.id)

    within(tmp_path, test)


def test_once_it_is_over_the_keys_are_refused(tmp_path: Path) -> None:
    """To the moment, without anybody doing anything; told once; renewed, they are let in."""

    async def test(office: Office) -> None:
        key = await tenant(office)
        made = await office.subscriptions.create("acme", PLAN, NOON + 100)

        office.clock.now = NOON + 99.999
        assert ("welcome", 0) == (office.says(key), await office.subscriptions.lapse())
        office.clock.now = NOON + 100
        assert "subscription_expired" == office.says(key)
        assert "expired" == (await office.subscriptions.get(made.id)).status
        assert [1, 0] == [await office.subscriptions.lapse() for _ in range(2)]

        office.clock.now = NOON + 150
        renewed = await office.subscriptions.renew(made.id, None)
        assert ("active", NOON + 150, NOON + 250, "welcome") == (
            renewed.status,
            renewed.period_start,
            renewed.period_end,
            office.says(key),
        )
        office.clock.now = NOON + 250
        assert 1 == await office.subscriptions.lapse()
        assert [
            "api_key.created",
            "subscription.expired",
            "subscription.renewed",
            "subscription.expired",
        ] == await office.told()

    within(tmp_path, test)


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    (
        (None, NOON + 100, NOON + 200),
        (NOON + 130, NOON + 100, NOON + 130),
        (NOON + 70, NOON, NOON + 70),
    ),
)
def test_a_renewal_leaves_no_gap(
    tmp_path: Path, asked: float | None, start: float, end: float
) -> None:
    """From the end of the period that is not over yet, or until when it is said."""

    async def test(office: Office) -> None:
        key = await tenant(office)
        made = await office.subscriptions.create("acme", PLAN, NOON + 100)
        office.clock.now = NOON + 50
        renewed = await office.subscriptions.renew(made.id, asked)

        assert (start, end) == (renewed.period_start, renewed.period_end)
        assert "welcome" == office.says(key)
        for moment, told in ((end - 1, "welcome"), (end, "subscription_expired")):
            office.clock.now = moment
            assert told == office.says(key)

    within(tmp_path, test)


def test_each_renewal_is_for_one_period(tmp_path: Path) -> None:
    """However early it comes."""

    async def test(office: Office) -> None:
        made = await office.subscriptions.create("acme", PLAN, NOON + 100)
        ends = [(await office.subscriptions.renew(made.id, None)).period_end for _ in range(3)]

        assert [NOON + 200, NOON + 300, NOON + 400] == ends

    within(tmp_path, test)


def test_a_cancelled_subscription_ends_at_once(tmp_path: Path) -> None:
    """Cancelling twice is no error, and is told once; it cannot be renewed, but another be made."""

    async def test(office: Office) -> None:
        key = await tenant(office)
        made = await office.subscriptions.create("acme", PLAN, NOON + 100)
        office.clock.now = NOON + 10
        ended = await office.subscriptions.cancel(made.id)

        assert ("cancelled", NOON + 10, NOON + 10) == (
            ended.status,
            ended.period_end,
            ended.cancelled_at,
        )
        assert ended == await office.subscriptions.cancel(made.id)
        assert "subscription_expired" == office.says(key)
        with pytest.raises(Conflict, match="cancelled"):
            await office.subscriptions.renew(made.id, None)
        await office.subscriptions.lapse()
        assert ["api_key.created", "subscription.expired"] == await office.told()

        await office.subscriptions.create("acme", "keyplex-monthly", NOON + 100)
        assert "welcome" == office.says(key)

    within(tmp_path, test)


@pytest.mark.parametrize(
    ("asked", "param"),
    (
        (("a b", PLAN, NOON + 1), "tenant"),
        (("acme", "gold", NOON + 1), "plan"),
        (("acme", PLAN, NOON), "period_end"),
        (("acme", PLAN, float("nan")), "period_end"),
    ),
)
def test_what_makes_no_sense_is_refused(
    tmp_path: Path, asked: tuple[str, str, float], param: str
) -> None:
    """By its field, and nothing is made."""

    async def test(office: Office) -> None:
        with pytest.raises(Malformed) as refused:
            await office.subscriptions.create(*asked)

        assert param == refused.value.param
        assert [] == list(await office.subscriptions.page(None, "", 9))

    within(tmp_path, test)


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    """Neither to look at nor to change; nor is a period made longer by ending in the past."""

    async def test(office: Office) -> None:
        for work in (
            lambda: office.subscriptions.get("sub_0"),
            lambda: office.subscriptions.renew("sub_0", None),
            lambda: office.subscriptions.cancel("sub_0"),
        ):
            with pytest.raises(NotFound, match="sub_0"):
                await work()
        with pytest.raises(Malformed):
            await office.subscriptions.renew("sub_0", NOON)

    within(tmp_path, test)


def test_a_database_that_fails_is_asked_again(tmp_path: Path) -> None:
    """Whoever watches for ends goes on watching."""

    class Failing:
        looks = 0

        async def lapse(self, _now: int, _tell: TellSubscription) -> int:
            self.looks += 1
            raise LedgerUnavailable("not now")

    async def test(office: Office) -> None:
        store = Failing()
        service = SubscriptionService(store, office.clock, bytes)
        task = asyncio.ensure_future(service.watch(0.001))  # noqa: TID251 - ended below
        async with asyncio.timeout(10):
            while store.looks < 3:  # noqa: ASYNC110 - nothing else tells
                await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.wait([task])

    within(tmp_path, test)
