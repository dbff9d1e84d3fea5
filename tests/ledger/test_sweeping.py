"""Tests of ledger/sweeping.py: one worker forgets what is old, and the others let it."""

import asyncio

from tests.ledger.making import FakeClock
from tests.ledger.memory import MemoryStore
from tests.storage.rows import DAY, NOON_MICROS, batch, request
from trunkline.kernel.tasks import Tasks
from trunkline.ledger.sweeping import Pace, Sweeper

PACE = Pace(interval=3600.0, rest=0.0, lease=300.0)
OLD = request(1, status="ok", received_at=NOON_MICROS - 31 * DAY)
YOUNG = request(2, status="ok", received_at=NOON_MICROS - 29 * DAY)


def sweeper(store: MemoryStore, name: str = "one", days: float = 30, **more: object) -> Sweeper:
    return Sweeper(store, FakeClock(), name, days, more.get("told", print), PACE)


async def books() -> MemoryStore:
    store = MemoryStore()
    await store.apply(batch((OLD, YOUNG)))
    return store


def test_what_is_older_than_it_may_be_is_forgotten() -> None:
    """After everything was added up, and what is younger stays."""

    async def main() -> None:
        store = await books()
        store.unrolled = 3
        await sweeper(store).sweep()
        assert (0, ["req_2"]) == (store.unrolled, list(store.requests))
        assert [NOON_MICROS] == store.prepared

    asyncio.run(main())


def test_for_ever_is_zero_days() -> None:
    """Nothing is forgotten; older books are added up all the same."""

    async def main() -> None:
        store = await books()
        store.unrolled = 1
        await sweeper(store, days=0).sweep()
        assert (0, 2) == (store.unrolled, len(store.requests))

    asyncio.run(main())


def test_one_sweeps_at_a_time() -> None:
    """Whoever comes second leaves it to the first; one that is gone for long is replaced."""

    async def main() -> None:
        store = await books()
        assert await store.lease("sweep", "one", NOON_MICROS, NOON_MICROS + 1)
        await sweeper(store, "two").sweep()
        assert 2 == len(store.requests)
        store.leases["sweep"] = ("one", NOON_MICROS)
        await sweeper(store, "two").sweep()
        assert (1, "two") == (len(store.requests), store.leases["sweep"][0])

    asyncio.run(main())


def test_a_lease_is_asked_for_when_half_of_it_is_over() -> None:
    """Not at each step: it is a transaction beside the one that it allows."""

    async def main() -> list[float]:
        store, clock = await books(), FakeClock()
        began, asked = clock.unix(), list[float]()
        lend = store.lease

        async def lease(name: str, holder: str, now: int, until: int) -> bool:
            asked.append(round(clock.unix() - began))
            return await lend(name, holder, now, until)

        store.lease = lease
        one = Sweeper(store, clock, "one", 30, print, PACE)
        for _ in range(9):
            await one.sweep()
            clock.now += 60
        store.leases["sweep"] = ("two", NOON_MICROS * 2)
        await one.sweep()
        await one.sweep()
        return asked

    assert [0, 180, 360, 540, 540] == asyncio.run(main())


def test_a_database_that_is_away_is_told_of() -> None:
    """And tried again."""
    told: list[str] = []

    async def main() -> None:
        store = await books()
        store.failing = True
        tasks = Tasks(lambda _, error: told.append(repr(error)))
        tasks.spawn("sweep", sweeper(store, told=told.append).run())
        while not told:  # noqa: ASYNC110 - the sweeper's to fill
            await asyncio.sleep(0)
        await tasks.aclose()

    asyncio.run(main())
    assert ["old requests stay for now: the database is down"] == told
