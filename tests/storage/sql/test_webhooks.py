"""Endpoints: what was kept comes back, to its tenant alone."""

import asyncio

from msgspec import structs

from tests.webhooks.making import endpoint
from trunkline.storage.sql.webhooks import EndpointStore, endpoints_of

ONE = endpoint(types=("api_key.created", "budget.exceeded"), former=b"old", former_until=9)


def test_an_endpoint_comes_back_as_it_was(database):
    """With what it listens to, by its own id or among its tenant's."""

    async def main() -> None:
        store = EndpointStore(database)
        assert await store.add(ONE, 9)
        assert ONE == await store.get("acme", "whe_a") == await store.get(None, "whe_a")
        assert [ONE] == list(await store.list("acme")) == list(await store.list(None))
        assert [ONE] == list(await database.read(lambda s: endpoints_of(s, ["whe_a", "whe_x"])))

    asyncio.run(main())


def test_another_tenant_finds_nothing(database):
    """Nor changes or deletes."""

    async def main() -> None:
        store = EndpointStore(database)
        await store.add(ONE, 9)
        assert await store.get("evil", "whe_a") is None
        assert [] == list(await store.list("evil"))
        assert not await store.delete("evil", "whe_a")
        assert not await store.replace(structs.replace(ONE, tenant="evil", url="x"))
        assert ONE == await store.get("acme", "whe_a")

    asyncio.run(main())


def test_a_tenant_has_at_most_so_many(database):
    """However many ask at once."""

    async def main() -> None:
        store = EndpointStore(database)
        added = await asyncio.gather(*(store.add(endpoint(str(n)), 3) for n in range(8)))
        assert 3 == sum(added) == len(await store.list("acme"))
        assert await store.add(endpoint("z", tenant="beta"), 3)

    asyncio.run(main())


def test_a_change_replaces_all_that_may_change(database):
    """What it listens to, too."""

    async def main() -> None:
        store = EndpointStore(database)
        await store.add(ONE, 9)
        changed = structs.replace(
            ONE,
            url="https://other.example/",
            types=("*",),
            secret=b"new",
            former=None,
            former_until=None,
            enabled=False,
            disabled_because="by request",
        )
        assert await store.replace(changed)
        assert changed == await store.get("acme", "whe_a")
        assert await store.delete(None, "whe_a")
        assert not await store.replace(changed)
        assert not await store.delete(None, "whe_a")

    asyncio.run(main())


def test_an_endpoint_s_repr_shows_neither_url_nor_secret():
    """It may stand in a traceback."""
    assert "<Endpoint whe_a of acme>" == repr(ONE)
