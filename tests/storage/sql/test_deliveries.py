"""Claims and what comes of them, exactly once over all that share the database."""

import asyncio

from tests.storage.sql.test_events import event
from tests.webhooks.making import endpoint
from trunkline.storage.sql.database import Database
from trunkline.storage.sql.deliveries import DEAD, DELIVERED, PENDING, DeliveryStore, Outcome
from trunkline.storage.sql.events import EventStore
from trunkline.storage.sql.webhooks import EndpointStore

LATER = 10**9


async def put(database: Database, count: int, *names: str) -> DeliveryStore:
    """So many events, each for every endpoint of these."""
    endpoints, events = EndpointStore(database), EventStore(database)
    for name in names:
        await endpoints.add(endpoint(name), 99)
    for number in range(1, count + 1):
        await events.put(event(number))
    return DeliveryStore(database)


def outcome(delivery: str, claim: str, **changes: object) -> Outcome:
    fields: dict[str, object] = {
        "id": delivery,
        "claim": claim,
        "status": DELIVERED,
        "next_at": 0,
        "answered": 200,
        "error": "",
        "took_ms": 1.5,
        "ended_at": 50,
    }
    return Outcome(**{**fields, **changes})


def test_what_is_due_is_found_by_endpoint(database):
    """In order, behind the one named, as many as asked; not what is yet to come."""

    async def main() -> None:
        store = await put(database, 3, "a", "b", "c")
        assert ["whe_a", "whe_b", "whe_c"] == list(await store.due(3, "", 9))
        assert ["whe_b"] == list(await store.due(3, "whe_a", 1))
        assert [] == list(await store.due(3, "whe_c", 9))
        assert [] == list(await store.due(0, "", 9))

    asyncio.run(main())


def test_a_claim_is_whole(database):
    """The longest due first, with all that an attempt needs."""

    async def main() -> None:
        store = await put(database, 3, "a")
        claimed = await store.claim({"whe_a": 2}, "c1", 10, LATER)
        one = claimed[0]
        assert ["evt_0001", "evt_0002"] == sorted(c.event for c in claimed)
        assert ("c1", 1, "acme", "api_key.created", b"{}") == (
            one.claim,
            one.attempt,
            one.tenant,
            one.type,
            one.data,
        )
        assert endpoint("a") == one.endpoint

    asyncio.run(main())


def test_no_two_claim_the_same(database):
    """However many ask at once."""

    async def main() -> None:
        store = await put(database, 20, "a")
        claims = await asyncio.gather(
            *(store.claim({"whe_a": 4}, f"c{n}", 100, LATER) for n in range(8))
        )
        ids = [claimed.id for batch in claims for claimed in batch]
        assert 20 == len(ids) == len(set(ids))

    asyncio.run(main())


def test_an_abandoned_claim_is_due_again_after_its_lease(database):
    """And who had it before has nothing to say any more."""

    async def main() -> None:
        store = await put(database, 1, "a")
        (first,) = await store.claim({"whe_a": 9}, "c1", 10, 60)
        assert [] == list(await store.claim({"whe_a": 9}, "c2", 59, 200))
        (second,) = await store.claim({"whe_a": 9}, "c2", 60, 200)
        assert (first.id, 2) == (second.id, second.attempt)

        assert 0 == await store.finish([outcome(first.id, "c1", status=DEAD)])
        assert 1 == await store.finish([outcome(second.id, "c2")])
        found = await store.get("whe_a", first.id)
        assert found is not None
        assert (DELIVERED, 2, 200, 1.5, 50) == (
            found.status,
            found.attempts,
            found.answered,
            found.took_ms,
            found.ended_at,
        )

    asyncio.run(main())


def test_one_that_failed_is_due_at_its_next_moment(database):
    """Not before."""

    async def main() -> None:
        store = await put(database, 1, "a")
        (one,) = await store.claim({"whe_a": 9}, "c1", 10, 60)
        again = outcome(
            one.id, "c1", status=PENDING, next_at=500, answered=None, error="no", ended_at=None
        )
        await store.finish([again])
        assert [] == list(await store.due(499, "", 9))
        assert ["whe_a"] == list(await store.due(500, "", 9))
        found = await store.get("whe_a", one.id)
        assert found is not None
        assert (PENDING, None, "no", 500) == (
            found.status,
            found.answered,
            found.error,
            found.next_at,
        )

    asyncio.run(main())


def test_an_endpoint_that_is_off_is_left_alone(database):
    """By an outcome, or since somebody turned it off."""

    async def main() -> None:
        store = await put(database, 3, "a")
        (one,) = await store.claim({"whe_a": 1}, "c1", 10, LATER)
        await store.finish(
            [outcome(one.id, "c1", status=DEAD, error="answered 410", disable="whe_a")]
        )
        off = await EndpointStore(database).get("acme", "whe_a")
        assert off is not None
        assert (False, "answered 410") == (off.enabled, off.disabled_because)
        assert [] == list(await store.due(100, "", 9))
        assert [] == list(await store.claim({"whe_a": 9}, "c2", 100, LATER))

    asyncio.run(main())


def test_a_delivery_can_be_made_again_unless_it_is_under_way(database):
    """With all its attempts."""

    async def main() -> None:
        store = await put(database, 1, "a")
        (one,) = await store.claim({"whe_a": 9}, "c1", 10, 60)
        assert not await store.again("whe_a", one.id, 20)
        await store.finish([outcome(one.id, "c1", status=DEAD)])
        assert not await store.again("whe_b", one.id, 20)
        assert await store.again("whe_a", one.id, 20)
        (again,) = await store.claim({"whe_a": 9}, "c2", 20, 60)
        assert (one.id, 1) == (again.id, again.attempt)

    asyncio.run(main())


def test_deliveries_are_listed_by_status_in_pages(database):
    """The newest first."""

    async def main() -> None:
        store = await put(database, 4, "a")
        (one,) = await store.claim({"whe_a": 1}, "c1", 10, LATER)
        await store.finish([outcome(one.id, "c1")])
        listed = await store.list("whe_a", None, None, 9)
        assert ["evt_0004", "evt_0003", "evt_0002", "evt_0001"] == [d.event for d in listed]
        assert [one.id] == [d.id for d in await store.list("whe_a", DELIVERED, None, 9)]
        page = await store.list("whe_a", PENDING, listed[1].id, 9)
        assert ["evt_0002"] == [d.event for d in page if d.id != one.id]
        assert [] == list(await store.list("whe_b", None, None, 9))
        assert await store.get("whe_b", one.id) is None

    asyncio.run(main())


def test_a_sweep_takes_what_is_over_and_old(database):
    """Not what is pending; what was put once is remembered longer, and orphans go."""

    async def main() -> None:
        store = await put(database, 3, "a")
        await EventStore(database).put(event(4), "w")
        claimed = await store.claim({"whe_a": 9}, "c1", 10, LATER)
        await store.finish([outcome(c.id, "c1") for c in claimed if c.event != "evt_0003"])

        swept = [await store.sweep(100, 0, 1) for _ in range(6)]
        assert (5, 0) == (sum(swept), swept[-1])  # three deliveries and two events
        assert max(swept) <= 2
        left = await store.list("whe_a", None, None, 9)
        assert ["evt_0003"] == [delivery.event for delivery in left]
        assert 1 == await store.sweep(100, 100, 9)
        await database.write(lambda s: s.run("DELETE FROM webhook_endpoints"))
        assert 2 == await store.sweep(100, 100, 9)
        assert 0 == await store.sweep(100, 100, 9)

    asyncio.run(main())


def test_a_delivery_without_its_event_stops_no_other(database):
    """Somebody tidied up by hand."""

    async def main() -> None:
        store = await put(database, 3, "a")
        await database.write(lambda s: s.run("DELETE FROM webhook_events WHERE id = 'evt_0001'"))
        claimed = await store.claim({"whe_a": 9}, "c1", 10, LATER)
        assert ["evt_0002", "evt_0003"] == sorted(one.event for one in claimed)

    asyncio.run(main())
