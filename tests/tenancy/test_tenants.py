"""Tests of tenancy/tenants.py: made, limited, disabled, let in again."""

from pathlib import Path

import pytest

from tests.ledger.making import NOON
from tests.tenancy.offices import Office, within
from trunkline.canon.errors import Conflict, Malformed, NotFound
from trunkline.storage.holders import LimitSet
from trunkline.tenancy.limits import LimitChanges, LimitView
from trunkline.tenancy.tenants import HolderChanges, NewHolder, TenantView, UserView
from trunkline.tenancy.wishes import NewKey

LIMITS = LimitSet(requests_per_day=5)


def test_a_tenant_is_made_once(tmp_path: Path) -> None:
    """And shown as it is; one of a bad name is not made."""

    async def test(office: Office) -> None:
        wish = NewHolder(name="acme", description="d", limits=LIMITS)
        made = await office.tenants.create(wish)

        assert made == TenantView(
            id="acme",
            name="acme",
            description="d",
            limits=LimitView(requests_per_day=5),
            created_at=NOON,
            disabled_at=None,
            disabled=False,
        )
        assert made == await office.tenants.get("acme")
        with pytest.raises(Conflict, match="`acme`"):
            await office.tenants.create(wish)
        with pytest.raises(Malformed):
            await office.tenants.create(NewHolder(name="a b"))
        assert [made] == list(await office.tenants.page("", 9))

    within(tmp_path, test)


def test_a_disabled_tenants_keys_are_refused(tmp_path: Path) -> None:
    """At once here; and let in again when it is enabled. No other tenant's are."""

    async def test(office: Office) -> None:
        key = (await office.keys.create(NewKey(name="k", tenant="acme"))).key
        other = (await office.keys.create(NewKey(name="k", tenant="other"))).key

        office.clock.now += 5
        shut = await office.tenants.amend("acme", HolderChanges(disabled=True))
        assert ("tenant_disabled", "welcome") == (office.says(key), office.says(other))
        office.clock.now += 5
        again = await office.tenants.amend("acme", HolderChanges(disabled=True))
        assert (NOON + 5, True) == (shut.disabled_at, shut.disabled)
        assert shut == again

        opened = await office.tenants.amend("acme", HolderChanges(disabled=False))
        assert ("welcome", None) == (office.says(key), opened.disabled_at)

    within(tmp_path, test)


def test_a_users_keys_are_refused_with_it(tmp_path: Path) -> None:
    """And the tenant's others are not."""

    async def test(office: Office) -> None:
        anns = (await office.keys.create(NewKey(name="k", tenant="acme", user="ann"))).key
        bobs = (await office.keys.create(NewKey(name="k", tenant="acme", user="bob"))).key

        await office.tenants.amend_user("acme", "ann", HolderChanges(disabled=True))

        assert ("user_disabled", "welcome") == (office.says(anns), office.says(bobs))

    within(tmp_path, test)


def test_limits_are_in_force_at_once(tmp_path: Path) -> None:
    """Of the tenant and of its user; what is not named stays."""

    async def test(office: Office) -> None:
        key = (await office.keys.create(NewKey(name="k", tenant="acme", user="ann"))).key
        await office.tenants.amend("acme", HolderChanges(limits=LimitChanges(LIMITS)))
        changes = HolderChanges(limits=LimitChanges(LIMITS), description="of sales")
        await office.tenants.amend_user("acme", "ann", changes)
        view = await office.tenants.amend_user("acme", "ann", HolderChanges())

        principal = office.ring.authenticate(key, NOON)
        assert {"user/acme/ann/requests/86400", "tenant/acme/requests/86400"} == {
            limit.counter for limit in principal.limits
        }
        assert ("of sales", LimitView(requests_per_day=5)) == (view.description, view.limits)

    within(tmp_path, test)


def test_a_user_is_made_once(tmp_path: Path) -> None:
    """Of a tenant that is there."""

    async def test(office: Office) -> None:
        wish = NewHolder(name="ann@example.com")
        with pytest.raises(NotFound, match="no tenant `acme`"):
            await office.tenants.create_user("acme", wish)
        await office.tenants.create(NewHolder(name="acme"))
        made = await office.tenants.create_user("acme", wish)

        assert made == UserView(
            id="ann@example.com",
            name="ann@example.com",
            tenant="acme",
            description="",
            limits=LimitView(),
            created_at=NOON,
            disabled_at=None,
            disabled=False,
        )
        assert made == await office.tenants.get_user("acme", "ann@example.com")
        assert [made] == list(await office.tenants.page_users("acme", "", 9))
        with pytest.raises(Conflict):
            await office.tenants.create_user("acme", wish)
        with pytest.raises(Malformed):
            await office.tenants.create_user("acme", NewHolder(name="a/b"))

    within(tmp_path, test)


def test_who_is_not_there_is_not_found(tmp_path: Path) -> None:
    """Neither to look at nor to change."""

    async def test(office: Office) -> None:
        await office.tenants.create(NewHolder(name="acme"))
        for work in (
            lambda: office.tenants.get("nobody"),
            lambda: office.tenants.amend("nobody", HolderChanges()),
            lambda: office.tenants.page_users("nobody", "", 9),
            lambda: office.tenants.get_user("acme", "nobody"),
            lambda: office.tenants.amend_user("acme", "nobody", HolderChanges()),
        ):
            with pytest.raises(NotFound, match="nobody"):
                await work()
        with pytest.raises(Malformed, match="description"):
            await office.tenants.amend("acme", HolderChanges(description="x" * 2001))

    within(tmp_path, test)
