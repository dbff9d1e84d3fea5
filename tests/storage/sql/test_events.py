"""Events with a transaction of their own."""

import asyncio

from tests.webhooks.making import endpoint
from trunkline.storage.sql.deliveries import DeliveryStore
from trunkline.storage.sql.events import Event, EventStore
from trunkline.storage.sql.webhooks import EndpointStore


def event(number: int, kind: str = "api_key.created", tenant: str = "acme") -> Event:
    return Event(f"evt_{number:04d}", tenant, kind, b"{}", number)


def test_an_event_is_put_for_who_listens(database):
    """And once, where asked."""

    async def main() -> None:
        await EndpointStore(database).add(endpoint(), 9)
        store, deliveries = EventStore(database), DeliveryStore(database)
        assert await store.put(event(1))
        assert await store.put(event(2, "budget.exceeded"))
        assert [True, False] == [await store.put(event(n), "w") for n in (3, 4)]
        found = await deliveries.list("whe_a", None, None, 9)
        assert ["evt_0003", "evt_0001"] == [delivery.event for delivery in found]

    asyncio.run(main())


def test_a_turn_is_told_where_the_last_was_another(database):
    """And the first, where it is news; names that begin alike are told apart."""

    async def main() -> None:
        store = EventStore(database)
        told = [
            await store.turn(name, event(n, kind, "*"), first=kind == "down")
            for n, (name, kind) in enumerate(
                (
                    ("a", "up"),
                    ("a", "down"),
                    ("a", "down"),
                    ("a b", "down"),
                    ("a", "up"),
                    ("a", "up"),
                    ("a", "down"),
                )
            )
        ]
        assert [False, True, False, True, True, False, True] == told

    asyncio.run(main())


def test_many_see_a_turn_and_one_tells(database):
    """At the same moment."""

    async def main() -> None:
        store = EventStore(database)
        turns = [store.turn("a", event(n, "down", "*"), first=True) for n in range(8)]
        assert 1 == sum(await asyncio.gather(*turns))

    asyncio.run(main())


def test_an_event_can_be_sent_to_one_alone(database):
    """Whatever it listens to."""

    async def main() -> None:
        await EndpointStore(database).add(endpoint(types=("budget.exceeded",)), 9)
        sent = await EventStore(database).send(event(1, "webhook.test"), "whe_a")
        found = await DeliveryStore(database).get("whe_a", sent)
        assert found is not None
        assert ("webhook.test", "pending") == (found.type, found.status)

    asyncio.run(main())
