"""Tests of storage/sql/changes.py: who has read everybody and then what changed knows what all others do."""

import asyncio
from collections.abc import Sequence
from itertools import count

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trunkline.canon.errors import Forbidden
from trunkline.storage.holders import (
    Fact,
    KeyChanges,
    KeyRecord,
    KeySet,
    LimitSet,
    SubscriptionRecord,
    TenantRecord,
    UserRecord,
)
from trunkline.storage.sql.database import Database, Session
from trunkline.storage.sql.keys import SqlKeyStore
from trunkline.storage.sql.subscriptions import SqlSubscriptionStore
from trunkline.storage.sql.tenants import SqlTenantStore, make_tenant
from trunkline.storage.sql.versions import KEPT, changed, of_tenant
from trunkline.tenancy.amending import amended

Step = tuple[str, int, int]
_numbers = count()


def told(holder: KeyRecord | SubscriptionRecord) -> Fact:
    """Of no matter here; but no two have one id."""
    return Fact(id=f"evt_{next(_numbers)}", tenant=holder.tenant, type="x", data=b"{}", at=1)


def key(number: int, maker: int = 0, **more: object) -> KeyRecord:
    fields = {
        "id": f"k{number}",
        "tenant": f"t{number % 3}",
        "name": "n",
        "prefix": "p",
        "mac": bytes(32),
        "created_at": 100.0 - number % 7,
        "user": ("", "ann")[number % 2],
        "created_by": f"k{maker}" if maker else "",
    }
    return KeyRecord(**{**fields, **more})


def subscription(number: int) -> SubscriptionRecord:
    return SubscriptionRecord(
        id=f"s{number}",
        tenant=f"t{number % 4}",
        plan="free",
        period_start=0,
        period_end=number * 10,
        created_at=50 - number,
    )


class House:
    """Every way in which somebody comes, changes and goes; two numbers say who and how."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.keys = SqlKeyStore(database)
        self.tenants = SqlTenantStore(database)
        self.subscriptions = SqlSubscriptionStore(database)

    async def do(self, what: str, one: int, other: int) -> None:
        try:
            await getattr(self, what)(one, other)
        except Forbidden:
            pass  # its maker was revoked

    async def add(self, one: int, other: int) -> None:
        await self.keys.add(key(one, other if other < one else 0), told)

    async def succeed(self, one: int, other: int) -> None:
        await self.keys.succeed(
            key(other + 20, tenant=f"t{one % 3}", meter=f"k{one}"), f"k{one}", 5.0, told
        )

    async def amend(self, one: int, other: int) -> None:
        await self.keys.amend(
            f"k{one}", lambda old: msgspec.structs.replace(old, name=f"n{other}", user=f"u{other}")
        )

    async def revoke(self, one: int, other: int) -> None:
        await self.keys.revoke(f"k{one}", float(other), told)

    async def tenant(self, one: int, other: int) -> None:
        await self.tenants.add(TenantRecord(name=f"t{one}", created_at=other))

    async def limit(self, one: int, other: int) -> None:
        limits = LimitSet(requests_per_day=other)
        await self.tenants.amend(
            f"t{one}", lambda old: msgspec.structs.replace(old, limits=limits, disabled_at=other)
        )

    async def user(self, one: int, other: int) -> None:
        await self.tenants.add_user(UserRecord(tenant=f"t{one}", name=f"u{other}", created_at=1))

    async def limit_user(self, one: int, other: int) -> None:
        await self.tenants.amend_user(
            f"t{one}", "ann", lambda old: msgspec.structs.replace(old, disabled_at=other)
        )

    async def buy(self, one: int, _: int) -> None:
        await self.subscriptions.add(subscription(one))

    async def renew(self, one: int, other: int) -> None:
        await self.subscriptions.amend(
            f"s{one}", lambda old: msgspec.structs.replace(old, period_end=other), told
        )

    async def lapse(self, one: int, other: int) -> None:
        await self.subscriptions.lapse(one * other, told)

    async def room(self, one: int, other: int) -> None:
        await self.database.write(lambda session: make_tenant(session, f"t{one}", other))

    async def by_hand(self, one: int, _: int) -> None:
        """Somebody deletes with SQL, and says that something has changed."""

        def work(session: Session) -> None:
            session.run("DELETE FROM keys WHERE id = ?", (f"k{one}",))
            session.run("UPDATE versions SET value = value + 1 WHERE name = 'keys'")

        await self.database.write(work)

    async def whole(self) -> KeySet:
        return await self.keys.load()

    async def since(self, known: KeySet) -> KeySet | None:
        changes = await self.keys.changes(known.version)
        return None if changes is None else amended(known, changes)


STEPS = (
    "add", "succeed", "amend", "revoke", "tenant", "limit", "user", "limit_user", "buy", "renew", "lapse",
    "room",
)  # fmt: skip
numbers = st.integers(0, 12)
histories = st.lists(
    st.lists(st.tuples(st.sampled_from((*STEPS, "add", "add", "by_hand")), numbers, numbers), max_size=6),
    max_size=6,
)  # fmt: skip


def alike(known: KeySet) -> object:
    """Keys and subscriptions in their order; nobody says one for the others."""
    return (
        known.version,
        list(known.keys),
        {tenant.name: tenant for tenant in known.tenants},
        {(user.tenant, user.name): user for user in known.users},
        list(known.subscriptions),
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(history=histories)
def test_what_changed_and_what_was_known_is_the_whole(
    database: Database, history: Sequence[Sequence[Step]]
) -> None:
    """
    After any changes, some at a time; only what was done by hand makes it read everybody.

    One history goes on where the one before ended.
    """

    async def work() -> None:
        house = House(database)
        known = await house.whole()
        for steps in history:
            for step in steps:
                await house.do(*step)
            whole = await house.whole()
            follows = await house.since(known)
            if follows is None:
                assert "by_hand" in {what for what, _, _ in steps}
            else:
                assert alike(whole) == alike(follows)
            known = whole

    asyncio.run(work())


@pytest.mark.parametrize("what", STEPS)
def test_each_change_is_told_by_itself(database: Database, what: str) -> None:
    """Whoever knows everything before it and is told of it alone knows everything after it."""

    async def work() -> None:
        house = House(database)
        for step in (("add", 1, 0), ("add", 3, 1), ("buy", 2, 0), ("user", 1, 1)):
            await house.do(*step)
        before = await house.whole()
        await house.do(what, 1 if what not in {"renew", "lapse"} else 2, 10)
        after = await house.whole()
        follows = await house.since(before)
        assert follows is not None
        assert alike(after) == alike(follows)

    asyncio.run(work())


def test_a_change_that_is_not_told_would_be_seen(database: Database) -> None:
    """A store that tells of another than it changed is caught by the comparison above."""

    async def work() -> bool:
        house = House(database)
        await house.add(1, 0)
        before = await house.whole()

        def planted(session: Session) -> None:
            session.run("UPDATE keys SET revoked_at = 1.0")
            changed(session, of_tenant("t1"))

        await database.write(planted)
        follows = await house.since(before)
        assert follows is not None
        return alike(await house.whole()) == alike(follows)

    assert not asyncio.run(work())


def test_what_is_not_known_is_read_with_all_others(database: Database) -> None:
    """A version that nobody explains, one of long ago, one to come, of a kind to come; too many at once."""

    async def work() -> list[bool]:
        house = House(database)

        async def known(since: int) -> bool:
            return await house.keys.changes(since) is not None

        def strange(session: Session) -> None:
            changed(session, ("robot", "", "r"))  # type: ignore[arg-type] # of a newer gateway

        def many(session: Session) -> None:
            changed(session, *(of_tenant(f"many{number}") for number in range(201)))

        now = (await house.whole()).version
        found = [await known(now), await known(now + 1)]
        await database.write(changed)
        found += [await known(now), await known(now + 1)]
        for planted in (strange, many):
            await database.write(planted)
            now = (await house.whole()).version
            found += [await known(now - 1), await known(now)]
        for number in range(KEPT + 1):
            await database.write(lambda session, n=number: changed(session, of_tenant(f"x{n % 9}")))
        return [*found, await known(now), await known(now + 1)]

    assert [
        True, False, False, True, False, True, False, True, False, False
    ] == asyncio.run(work())  # fmt: skip


def test_who_is_gone_is_told_as_gone(database: Database) -> None:
    """By whoever deletes and says so."""

    async def work() -> KeyChanges | None:
        house = House(database)
        await house.add(1, 0)
        before = await house.whole()

        def delete(session: Session) -> None:
            session.run("DELETE FROM keys WHERE id = 'k1'")
            changed(session, ("key", "", "k1"))

        await database.write(delete)
        follows = await house.since(before)
        assert follows is not None
        assert alike(await house.whole()) == alike(follows)
        return await house.keys.changes(before.version)

    found = asyncio.run(work())
    assert found is not None
    assert {"k1": None} == found.keys
