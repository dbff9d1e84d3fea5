"""Tests of ledger/nodes.py: a node that is lost is given up, and one that is alive is not."""

import asyncio

import pytest

from tests.ledger.making import NOON, FakeClock
from tests.ledger.memory import MemoryStore
from tests.storage.rows import NOON_MICROS, batch, request
from trunkline.canon.errors import Conflict, NotFound
from trunkline.kernel.tasks import Tasks
from trunkline.ledger.nodes import ALIVE, Forgotten, be_present, forget_node, nodes
from trunkline.storage.records import Position

HERE, THERE, LOST = "here-01A", "there-01A", "lost-and-gone-01A"


async def shared() -> MemoryStore:
    """Three nodes, of which one was seen long ago."""
    store = MemoryStore()
    open_rows = [
        request(1, worker=HERE), request(2, worker=LOST), request(3, worker=LOST), request(4, worker=THERE),
    ]  # fmt: skip
    await store.apply(batch(tuple(open_rows)))
    await store.apply(batch((), worker=LOST, position=Position(2, 3)))
    await store.seen(HERE, NOON_MICROS)
    await store.seen("here-01B", NOON_MICROS - 500_000_000)
    await store.seen(THERE, NOON_MICROS - 60_000_000)
    await store.seen(LOST, NOON_MICROS - 130_000_000)
    await store.lease("sweep", LOST, NOON_MICROS, NOON_MICROS + 1000)
    return store


def test_nodes_are_told_with_their_workers() -> None:
    """By name; alive is one of which some worker was seen lately."""

    async def main() -> object:
        found = await nodes(await shared(), NOON)
        return [
            (one.node, one.alive, one.open_requests, [(w.worker, w.alive) for w in one.workers])
            for one in found
        ]

    assert [
        ("here", True, 1, [(HERE, True), ("here-01B", False)]),
        ("lost-and-gone", False, 2, [(LOST, False)]),
        ("there", True, 1, [(THERE, True)]),
    ] == asyncio.run(main())


def test_a_lost_node_is_forgotten() -> None:
    """Its requests have an end, its leases are free, and all else is as it was: it may come back."""

    async def main() -> object:
        store = await shared()
        done = await forget_node(store, "lost-and-gone", NOON)
        left = [one.node for one in await nodes(store, NOON)]
        statuses = [row.status for row in store.requests.values()]
        return done, left, statuses, store.leases, await store.position(LOST)

    assert (
        Forgotten("lost-and-gone", 1, 2),
        ["here", "there"],
        ["open", "orphaned", "orphaned", "open"],
        {},
        Position(2, 3),
    ) == asyncio.run(main())


def test_a_node_that_is_alive_is_not_forgotten() -> None:
    """Until it was not seen for a while; it is said how long that takes."""

    async def main() -> None:
        store = await shared()
        with pytest.raises(Conflict, match=r"seen 60 s ago.*120 s after") as caught:
            await forget_node(store, "there", NOON)
        assert "node" == caught.value.param
        assert "open" == store.requests["req_4"].status
        with pytest.raises(Conflict):
            await forget_node(store, "there", NOON + ALIVE - 61)
        assert 1 == (await forget_node(store, "there", NOON + ALIVE - 60)).orphaned

    asyncio.run(main())


@pytest.mark.parametrize("name", ("lost", "lost-and-gone-01A", "", "nobody"))
def test_a_name_that_is_none_is_refused(name: str) -> None:
    """With those there are: half of a name is nobody's, nor is a machine without one."""

    async def main() -> None:
        store = await shared()
        await store.seen("01A", 0)
        with pytest.raises(NotFound, match="there are: here, lost-and-gone, there"):
            await forget_node(store, name, NOON)

    asyncio.run(main())


def test_a_worker_says_that_it_is_there() -> None:
    """At once, and again after the database was away."""

    async def main() -> MemoryStore:
        store, clock = MemoryStore(), FakeClock()
        store.failing = True
        tasks = Tasks(lambda _, error: pytest.fail(repr(error)))
        tasks.spawn("seen", be_present(store, HERE, clock, interval=0.0))
        await asyncio.sleep(0.001)
        store.failing = False
        async with asyncio.timeout(10):
            while not store.last_seen:  # noqa: ASYNC110 - nothing else tells
                await asyncio.sleep(0)
        await tasks.aclose()
        return store

    assert {HERE: NOON_MICROS} == asyncio.run(main()).last_seen
