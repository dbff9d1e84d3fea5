"""Clients that leave, at any moment, and clients that read slowly."""

import asyncio
import random  # noqa: TID251 - seeded: the same moments in every run
import socket
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.faults.books import Books
from tests.faults.client import Call, End, Line, Seen, leave
from tests.faults.gateway import World, opened
from tests.faults.planted import Faulty, Over
from tests.faults.simulators import ANTHROPIC, OPENAI, until
from trunkline.flow.rooms import Rooms
from trunkline.intelligence.tokens.estimate import UsageEstimator

# The promise is 100 ms; the rest is for a machine that does other things.
AT_ONCE = 0.25
BOTH = [(letter, dialect) for letter in "oag" for dialect in (OPENAI, ANTHROPIC)]


def leaving(town: World, calls: list[Call], **how: float | bool) -> Books:
    """All of them leave in the same way; how the books look once nothing runs any more."""

    async def go() -> list[Seen]:
        await town.gateway.reload()
        return list(
            await asyncio.gather(*(leave(town.port, town.key, call, **how) for call in calls))  # type: ignore[arg-type] # as in leave's own signature
        )

    return town.compare(town.do(go()))


def closed_in_time(books: Books) -> bool:
    """Whether each upstream saw the end of its connection soon after the client had gone."""
    return all(
        row.gone_at is not None
        and entry.seen.left_at is not None
        and row.gone_at - entry.seen.left_at <= AT_ONCE
        for entry in books.entries
        for row in entry.arrivals
    )


@pytest.mark.parametrize("reset", (False, True), ids=("fin", "rst"))
@pytest.mark.parametrize("stream", (True, False), ids=("streamed", "whole"))
@pytest.mark.parametrize("fault", ("u2", "u3:lead=1"))
def test_before_the_first_byte(town: World, fault: str, stream: bool, reset: bool) -> None:
    """Nothing was delivered, nothing is billed, and the upstream is let go at once."""
    calls = [
        town.call(f"{letter}1/sim-echo@fault={fault}", dialect=dialect, stream=stream)
        for letter, dialect in BOTH
    ]
    books = leaving(town, calls, after=0.1, reset=reset)

    assert [] == books.differences
    assert closed_in_time(books)
    for entry in books.entries:
        assert ("cancelled", 0, 0) == (entry.row.status, entry.row.output, entry.row.cost_nanousd)


@pytest.mark.parametrize("reset", (False, True), ids=("fin", "rst"))
def test_in_the_middle(town: World, reset: bool) -> None:
    """Billed for what was delivered, and the upstream is let go at once."""
    calls = [town.call(f"{letter}1/sim-echo@rate=100", dialect=dialect) for letter, dialect in BOTH]
    books = leaving(town, calls, content=2500, reset=reset)

    assert [] == books.differences
    assert closed_in_time(books)
    for entry in books.entries:
        assert (End.LEFT, "cancelled", "gone") == (
            entry.seen.end,
            entry.row.status,
            entry.arrivals[-1].outcome,
        )
        assert entry.row.output
        assert entry.row.cost_nanousd


def test_between_two_attempts(town: World) -> None:
    """While it waits for its retry: the failed attempt is there, the second is never made."""
    calls = [
        town.call("o1/sim-echo@fault=u10:kind=ms:retry_after=2", "o2/sim-echo", dialect=dialect)
        for dialect in (OPENAI, ANTHROPIC)
    ]
    books = leaving(town, calls, after=0.15)

    assert [] == books.differences
    for entry in books.entries:
        assert ("cancelled", ["failed"]) == (entry.row.status, [a.status for a in entry.attempts])


class Ponders(Over):
    """Counts tokens until it is told to come to an end."""

    def __init__(self, other: UsageEstimator) -> None:
        super().__init__(other)
        self.counting = False
        self.enough = asyncio.Event()

    async def estimate(self, *arguments: Any) -> Any:
        self.counting = True
        await self.enough.wait()
        return await self.other.estimate(*arguments)


def test_while_it_is_being_told_of_an_error(tmp_path: Path) -> None:
    """The answer broke off, its tokens are being counted, and now the client is gone as well."""
    pondering: list[Ponders] = []

    def plant(rooms: Rooms) -> Rooms:
        pondering.append(Ponders(rooms.counter))
        return replace(rooms, counter=pondering[-1])

    with opened(Faulty(tmp_path, plant)) as town:
        call = town.call("o1/sim-echo@rate=400,fault=u5:after=20:kind=eof")

        async def go() -> Seen:
            await town.gateway.reload()
            counter = pondering[-1]
            asking = asyncio.ensure_future(  # noqa: TID251 - held and awaited right here
                leave(town.port, town.key, call, after=0.6)
            )
            await until(lambda: counter.counting)
            seen = await asking
            await until(lambda: not town.edge.context.running)
            counter.enough.set()
            return seen

        books = town.compare([town.do(go())])

    assert [] == books.differences
    assert ("cancelled", True) == (books.entries[0].row.status, books.entries[0].row.output > 0)


SPEAKING = ("@rate=150", "@fault=u4:after=9")
SILENT = ("", "@ttft=60", "@fault=u2", "@fault=u3:lead=1")


def test_two_hundred_at_any_moment(town: World) -> None:
    """As many rows as clients, each closed; no task, no connection and no ration is left behind."""
    dice = random.Random(20261121)
    tasks = town.do(_tasks())
    leavers: list[tuple[Call, float, int, bool]] = []
    for _ in range(200):
        kind, stream = dice.choice(SPEAKING + SILENT), dice.random() < 0.7
        call = town.call(
            f"{dice.choice('oa')}{dice.choice('12')}/sim-echo{kind}",
            dialect=dice.choice((OPENAI, ANTHROPIC)),
            stream=stream,
        )
        # In the middle of what is said, or at some moment after the request has been sent.
        speaks = stream and kind in SPEAKING
        after = 10.0 if speaks else 0.01 + dice.random() * 0.2
        leavers.append((call, after, dice.randrange(1, 1500), dice.random() < 0.5))

    async def go() -> list[Seen]:
        await town.gateway.reload()
        gate = asyncio.Semaphore(40)

        async def one(call: Call, after: float, content: int, reset: bool) -> Seen:
            async with gate:
                return await leave(
                    town.port, town.key, call, after=after, content=content, reset=reset
                )

        return list(await asyncio.gather(*(one(*leaver) for leaver in leavers)))

    books = town.compare(town.do(go()))

    assert [] == books.differences
    left = [entry for entry in books.entries if entry.seen.end is End.LEFT]
    assert 60 < len(left)
    assert 30 < sum(bool(entry.row.output) for entry in left)
    assert 200 == sum(len(entry.requests) for entry in books.entries)
    _nothing_is_left(town, tasks)


def _nothing_is_left(town: World, tasks: int) -> None:
    async def poll() -> None:
        await until(
            lambda: (
                not (
                    len(asyncio.all_tasks()) > tasks or town.edge.context.connections or _busy(town)
                )
            )
        )

    town.do(poll())
    retries = town.gateway.rooms.router.retries
    assert (0, 0) == (retries.active, retries.retrying)
    assert not town.edge.context.running


def _busy(town: World) -> int:
    now = town.gateway.transport.statistics()
    return now.open - now.idle + now.connecting


async def _tasks() -> int:
    return len(asyncio.all_tasks())


EVENTS = 150_000
"""Some 35 MB on their way to a client that does not read."""


def test_a_reader_that_stops_stops_its_upstream(town: World) -> None:
    """What the kernel and two bounded buffers hold, and not a byte more, is read ahead."""
    call = town.call(f"o1/sim-chat@fault=u8:kind=tiny:count={EVENTS}")

    async def go() -> Seen:
        await town.gateway.reload()
        seen = Seen(call)
        line = await _narrow(town.port)
        line.send(town.key, call)
        await line.head(seen)
        sent = -1
        async with asyncio.timeout(10):
            while (now := _sent(town, call)) != sent or not now:
                sent = now
                for _ in range(30):
                    await asyncio.sleep(0.01)
        seen.body = b"%d" % sent
        seen.left_at = town.clock.unix()
        line.hang_up(reset=True)
        return seen

    seen = town.do(go())
    sent, seen.body = int(seen.body), b""
    books = town.compare([seen])

    assert [] == books.differences
    # Linux lets a loopback connection hold up to 10 MB (tcp_rmem and tcp_wmem, their maxima).
    assert 0 < sent < 24_000_000
    assert "cancelled" == books.entries[0].row.status


def test_a_reader_that_pauses_misses_nothing(town: World) -> None:
    """It reads on after a while, and gets every event to the last."""
    calls = [
        town.call(f"{letter}1/sim-chat@fault=u8:kind=tiny:count=12000", dialect=dialect)
        for letter, dialect in BOTH
    ]

    async def go() -> list[Seen]:
        await town.gateway.reload()
        found = []
        for call in calls:
            seen = Seen(call)
            line = await _narrow(town.port)
            line.send(town.key, call)
            await line.head(seen)
            for _ in range(10):
                await asyncio.sleep(0.01)
            pieces = []
            while data := await line.piece(seen):
                pieces.append(data)
            seen.body = b"".join(pieces)
            line.hang_up()
            seen.read()
            found.append(seen)
        return found

    seen = town.do(go())

    assert [] == town.compare(seen).differences
    assert [(End.WHOLE, 12000)] * 6 == [(one.end, len(one.text)) for one in seen]


async def _narrow(port: int) -> Line:
    """A connection whose own buffers hold next to nothing."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", port))
    return Line(*await asyncio.open_connection(sock=raw, limit=4096))


def _sent(town: World, call: Call) -> int:
    rows = [row for row in town.sims[0].log.rows() if row.model.endswith(f"tag={call.tag}")]
    return rows[0].bytes_sent if rows else 0
