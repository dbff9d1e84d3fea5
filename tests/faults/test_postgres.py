"""PostgreSQL goes away under load and comes back: nobody notices, and all books agree."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.faults.client import PROMPT, End, Seen
from tests.faults.gateway import opened
from tests.faults.program import Program
from tests.faults.simulators import ANTHROPIC, OPENAI, until
from tests.storage.postgres.making import database_at
from tests.storage.postgres_server import PostgresServer, programs, running
from trunkline.storage.postgres.database import PostgresDatabase
from trunkline.storage.sql.database import Session

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(programs() is None, reason="no PostgreSQL is installed"),
]

LOOPS = 8
STREAMS = 4
# Requests of each loop before, during and after the server's absence, at least.
EACH = 5
# What is measured is who comes back, not how much a machine can do that runs other tests beside.
MODEL = "sim-echo@ttft=100"
RECOVERY = 5.0
"""Seconds, from when the server answers again until the books have everything."""


class Load:
    """Clients that ask one thing after the other until they are told to stop."""

    def __init__(self, town: Program) -> None:
        self.town = town
        self.seen: list[Seen] = []
        self.stopped = False

    async def more(self, count: int) -> None:
        """Return when so many more have been answered."""
        goal = len(self.seen) + count
        await until(lambda: len(self.seen) >= goal)

    async def ask(self, number: int) -> None:
        dialect = (OPENAI, ANTHROPIC)[number % 2]
        letter = "oa"[number % 2]
        while not self.stopped:
            call = self.town.call(f"{letter}1/{MODEL}", dialect, stream=number % 4 < 2)
            self.seen.append(await self.town.talk(call))


async def absent(
    town: Program, server: PostgresServer, url: str, go_away: Callable[[], None]
) -> tuple[list[Seen], float]:
    """What the clients saw, and how long the books took to be whole again."""
    load = Load(town)
    async with asyncio.TaskGroup() as clients:
        for number in range(LOOPS):
            clients.create_task(load.ask(number))
        await load.more(LOOPS * EACH)
        slow = [await town.begin(town.call("o2/sim-echo@rate=40")) for _ in range(STREAMS)]
        await asyncio.to_thread(go_away)
        await load.more(LOOPS * EACH)
        streamed = await asyncio.gather(*(one.rest() for one in slow))
        await load.more(LOOPS * EACH)
        await asyncio.to_thread(server.start)
        loop = asyncio.get_running_loop()
        back = loop.time()
        answered = [request_id(one) for one in (*load.seen, *streamed)]
        with await asyncio.to_thread(psycopg.connect, url, autocommit=True) as auditor:
            while await asyncio.to_thread(unwritten, auditor, answered):
                assert loop.time() - back < 2 * RECOVERY
                await asyncio.sleep(0.01)
        took = loop.time() - back
        await load.more(LOOPS)
        load.stopped = True
    return [*load.seen, *streamed], took


def request_id(seen: Seen) -> str:
    """Under the name that the dialect has for it."""
    return seen.headers.get("x-request-id") or seen.headers["request-id"]


def unwritten(auditor: psycopg.Connection[tuple[int]], answered: list[str]) -> int:
    """How many of these have no end in the books yet."""
    sql = "SELECT count(*) FROM requests WHERE status <> 'open' AND request_id = ANY(%s)"
    [[count]] = auditor.execute(sql, (answered,)).fetchall()
    return len(answered) - count


@pytest.mark.parametrize("way", ("stop", "kill"))
def test_postgresql_comes_back(tmp_path: Path, way: str) -> None:
    """Stopped, or its postmaster killed: every answer is whole, none is lost or doubled."""
    with running() as server:
        url = server.fresh()
        with opened(Program(tmp_path, database=url, workers=2)) as town:
            town.serve()
            town.gateway.await_workers(2)
            seen, took = town.do(absent(town, server, url, getattr(server, way)))
            assert 0 == town.gateway.stop(), town.gateway.log
            books = town.compare(seen)
    sys.stdout.write(f"{way}: {len(seen)} requests, books whole again after {took:.2f} s\n")

    assert [] == books.differences
    assert [(End.WHOLE, PROMPT)] * len(seen) == [(one.end, one.text) for one in seen]
    assert took < RECOVERY


def acknowledged(server: PostgresServer, url: str, *said_first: str) -> tuple[int, int]:
    """Rows that were told to be durable before the postmaster was killed, and what is left of them."""
    put = "INSERT INTO settings (name, value) VALUES (?, ?)"

    async def work(database: PostgresDatabase) -> int:
        for number in range(100):

            def add(session: Session, number: int = number) -> None:
                for sql in said_first:
                    session.run(sql)
                session.run(put, (f"row {number}", b""))

            await database.write(add)
        server.kill()
        return number + 1

    with database_at(url) as database:
        told = asyncio.run(work(database))
    server.start()
    with psycopg.connect(url) as auditor:
        rows = auditor.execute("SELECT name FROM settings WHERE name LIKE 'row %'").fetchall()
    return told, len(rows)


# The server would write what it was not asked to sync only after ten seconds.
LAZY = ("synchronous_commit=off", "wal_writer_delay=10s")


def test_what_was_acknowledged_survives_the_server() -> None:
    """Killed at once, although its own settings promise nothing: each transaction asks for it."""
    with running(*LAZY) as server:
        told, left = acknowledged(server, server.fresh())

    assert (100, 100) == (told, left)


def test_a_weaker_promise_would_be_seen() -> None:
    """So the test above can fail: a transaction that does not wait for its sync is lost."""
    with running(*LAZY) as server:
        told, left = acknowledged(server, server.fresh(), "SET LOCAL synchronous_commit = off")

    assert 100 == told
    assert left < 100
