"""Tests of storage/sql/tenants.py: tenants and users come back as they went in."""

from msgspec.structs import replace

from tests.storage.sql.holders import TENANT, USER, Stores, run
from trunkline.storage.holders import LimitSet
from trunkline.storage.sql.database import Database


def test_a_tenant_comes_back_as_it_went_in(database: Database) -> None:
    """A name is taken once; an unknown one is None."""

    async def work(stores: Stores) -> tuple[object, ...]:
        return (
            await stores.tenants.add(TENANT),
            await stores.tenants.add(replace(TENANT, description="another")),
            await stores.tenants.get("acme"),
            await stores.tenants.get("nobody"),
        )

    assert (True, False, TENANT, None) == run(database, work)


def test_a_tenant_changes(database: Database) -> None:
    """Limits, description and whether it is disabled; nobody else does."""
    new = replace(TENANT, description="d", limits=LimitSet(requests_per_day=1), disabled_at=9)

    async def work(stores: Stores) -> tuple[object, ...]:
        await stores.tenants.add(TENANT)
        await stores.tenants.add(replace(TENANT, name="other"))
        changed = await stores.tenants.amend("acme", lambda _: new)
        nobody = await stores.tenants.amend("nobody", lambda old: old)
        return changed, nobody, list(await stores.tenants.page("", 9))

    assert (new, None, [new, replace(TENANT, name="other")]) == run(database, work)


def test_tenants_come_in_pages(database: Database) -> None:
    """By name, behind the last one of the page before."""

    async def work(stores: Stores) -> list[str]:
        for name in ("c", "a", "B"):
            await stores.tenants.add(replace(TENANT, name=name))
        first = await stores.tenants.page("", 2)
        return [t.name for page in (first, await stores.tenants.page("a", 2)) for t in page]

    assert ["B", "a", "c"] == run(database, work)


def test_a_user_is_a_tenants(database: Database) -> None:
    """Two of one name at two tenants are two; the tenant is made where it is missing."""
    elsewhere = replace(USER, tenant="other")

    async def work(stores: Stores) -> tuple[object, ...]:
        added = [await stores.tenants.add_user(user) for user in (USER, elsewhere, USER)]
        found = [await stores.tenants.get_user(t, "ann") for t in ("acme", "other", "third")]
        pages = [list(await stores.tenants.page_users("acme", a, 9)) for a in ("", "ann")]
        return added, found, pages, [t.name for t in await stores.tenants.page("", 9)]

    assert (
        [True, True, False],
        [USER, elsewhere, None],
        [[USER], []],
        ["acme", "other"],
    ) == run(database, work)


def test_a_user_changes(database: Database) -> None:
    """And the one of that name at another tenant does not."""
    new = replace(USER, description="d", limits=LimitSet(cost_total=1), disabled_at=9)
    elsewhere = replace(USER, tenant="other")

    async def work(stores: Stores) -> tuple[object, ...]:
        await stores.tenants.add_user(USER)
        await stores.tenants.add_user(elsewhere)
        return (
            await stores.tenants.amend_user("acme", "ann", lambda _: new),
            await stores.tenants.amend_user("acme", "bob", lambda old: old),
            await stores.tenants.get_user("acme", "ann"),
            await stores.tenants.get_user("other", "ann"),
        )

    assert (new, None, new, elsewhere) == run(database, work)
