"""Logged bodies come back as they were kept, and go when they are old."""

import asyncio
from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from trunkline.storage.bodies import Body, LoggedBodies
from trunkline.storage.sql.bodies import SqlBodyStore
from trunkline.storage.sql.database import Database

BODIES = LoggedBodies(
    request_id="req_1",
    tenant="acme",
    key_id="k",
    received_at=1000,
    path="/v1/chat/completions",
    request=Body('{"a":"é\0"}' * 99, 5000, cut=True),
    answer=Body("data: x\n\n", 9),
    status=200,
    streamed=True,
)


def within(database: Database, work: Callable[[SqlBodyStore], Awaitable[None]]) -> None:
    async def main() -> None:
        await work(SqlBodyStore(database))

    asyncio.run(main())


def test_bodies_come_back(database: Database) -> None:
    """Every field of them, of several that were added at once; none of a request that is not there."""
    other = replace(
        BODIES, request_id="req_2", answer=Body("", 0), status=0, streamed=False, complete=False
    )

    async def work(store: SqlBodyStore) -> None:
        await store.add([BODIES, other])
        assert [BODIES, other, None] == [await store.get(f"req_{number}") for number in (1, 2, 3)]

    within(database, work)


def test_what_is_there_stays_as_it_is(database: Database) -> None:
    """Whoever writes the same again, not knowing whether the first time it was taken, does no harm."""

    async def work(store: SqlBodyStore) -> None:
        await store.add([BODIES])
        await store.add([replace(BODIES, status=500), replace(BODIES, request_id="req_2")])
        assert BODIES == await store.get("req_1")
        assert await store.get("req_2") is not None

    within(database, work)


def test_they_are_packed(database: Database) -> None:
    """What says the same again and again takes little."""

    async def work(store: SqlBodyStore) -> None:
        await store.add([BODIES])
        row = await database.read(
            lambda session: session.one("SELECT length(request) FROM request_bodies")
        )
        assert row is not None
        assert 0 < int(str(row[0])) < 99

    within(database, work)


def test_the_old_ones_are_dropped_a_few_at_a_time(database: Database) -> None:
    """Those received before the moment, the oldest first."""

    async def work(store: SqlBodyStore) -> None:
        await store.add([replace(BODIES, request_id=f"req_{n}", received_at=n) for n in range(300)])
        assert [200, 50, 0] == [await store.drop(250) for _ in range(3)]
        assert [False, True] == [await store.get(f"req_{n}") is not None for n in (249, 250)]

    within(database, work)
