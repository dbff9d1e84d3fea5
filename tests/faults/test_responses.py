"""/v1/responses, whose answers are kept: three books, and what of it can be come back to."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import msgspec
import pytest

from tests.faults.client import RESPONSES, Call, End, Line, Seen, leave, talk
from tests.faults.gateway import World, impatient
from tests.faults.simulators import until
from trunkline.storage.records import ResponseRecord
from trunkline.wire.sse import frames

LETTERS = "oa"


def kept(town: World, one: Seen) -> ResponseRecord | None:
    return town.do(town.gateway.storage.responses.get("default", one.response_id))


def call(town: World, target: str, **body: object) -> Call:
    return town.call(target, dialect=RESPONSES, **body)  # type: ignore[arg-type] # `stream` among them


@pytest.mark.parametrize("store", (True, False), ids=("stored", "not stored"))
@pytest.mark.parametrize("stream", (True, False), ids=("streamed", "whole"))
def test_a_good_answer(town: World, stream: bool, store: bool) -> None:
    """As the client got it, and only if it wanted that; whoever answered."""
    seen = town.ask(
        *(call(town, f"{letter}1/sim-echo", stream=stream, store=store) for letter in LETTERS)
    )
    assert [] == town.compare(seen).differences
    for one in seen:
        assert (End.WHOLE, "completed") == (one.end, one.finish)
        found = kept(town, one)
        assert store == (found is not None)
        if found is not None and stream:
            assert one.body == found.events


@pytest.mark.parametrize(
    "fault",
    (
        "u5:after=4:kind=rst",
        "u5:after=4:kind=eof",
        "u5:after=4:kind=clean",
        "u6:after=4:kind=json",
        "u13:after=4",
    ),
)
def test_a_stream_that_breaks(town: World, fault: str) -> None:
    """Told twice, as the API does, billed as delivered, and kept as what it was: a failure."""
    seen = town.ask(
        *(call(town, f"{letter}1/sim-echo@rate=40,fault={fault}") for letter in LETTERS)
    )
    books = town.compare(seen)

    assert [] == books.differences
    for entry in books.entries:
        found = kept(town, entry.seen)
        assert found is not None
        assert (End.ERROR, "partial", "failed") == (
            entry.seen.end,
            entry.row.status,
            found.status,
        )
        assert entry.seen.body == found.events
        assert entry.row.output


@pytest.mark.parametrize("stream", (True, False), ids=("streamed", "whole"))
@pytest.mark.parametrize("fault", ("u11", "u12", "u2"))
def test_no_answer_at_all(town: World, fault: str, stream: bool) -> None:
    """A status and an error; nothing is billed, nothing kept."""
    targets = [impatient(f"{letter}1/sim-echo@fault={fault}") for letter in LETTERS]
    seen = town.ask(*(town.call(t, dialect=RESPONSES, stream=stream) for t in targets))
    books = town.compare(seen)

    assert [] == books.differences
    assert {(End.ERROR, "failed", "")} == {
        (entry.seen.end, entry.row.status, entry.seen.response_id) for entry in books.entries
    }


@pytest.mark.parametrize("reset", (False, True), ids=("fin", "rst"))
def test_a_client_that_leaves_has_cancelled(town: World, reset: bool) -> None:
    """Billed for what was delivered, and not there to come back to."""

    async def go() -> list[Seen]:
        calls = [call(town, f"{letter}1/sim-echo@rate=100") for letter in LETTERS]
        await town.gateway.reload()
        leaving = (leave(town.port, town.key, c, content=6000, reset=reset) for c in calls)
        return list(await asyncio.gather(*leaving))

    books = town.compare(town.do(go()))
    assert [] == books.differences
    for entry in books.entries:
        assert (End.LEFT, "cancelled") == (entry.seen.end, entry.row.status)
        assert entry.row.output
        assert entry.seen.response_id
        assert kept(town, entry.seen) is None


def test_the_next_turn_is_asked_at_once(town: World) -> None:
    """The moment the last event is here, a hundred times: it is there to go on from."""

    async def turns(number: int) -> list[Seen]:
        said: list[Seen] = []
        for turn in range(10):
            body = {"previous_response_id": said[-1].response_id} if said else {}
            asked = replace(calls[number][turn], stream=turn % 2 == 0, body=body)
            said.append(await talk(town.port, town.key, asked))
        return said

    async def go() -> list[Seen]:
        await town.gateway.reload()
        conversations = await asyncio.gather(*(turns(number) for number in range(10)))
        return [one for conversation in conversations for one in conversation]

    calls = [[call(town, "o1/sim-chat@tokens=3") for _ in range(10)] for _ in range(10)]
    seen = town.do(go())

    assert [] == town.compare(seen).differences
    assert {End.WHOLE} == {one.end for one in seen}


# -- in the background ---------------------------------------------------------------------------


def background(town: World, calls: Sequence[Call], *, stream: bool = False) -> Sequence[Seen]:
    """Ask, and wait until none of them is being made any more."""

    async def go() -> Sequence[Seen]:
        seen = await town.asking(calls)
        await until(lambda: not town.gateway.background.statistics().running)
        return seen

    return town.do(go())


@pytest.mark.parametrize(
    ("options", "status", "bill"),
    (
        ("", "completed", "ok"),
        ("@fault=u11", "failed", "failed"),
        ("@rate=40,fault=u5:after=4:kind=rst", "failed", "partial"),
    ),
)
@pytest.mark.parametrize("stream", (True, False), ids=("read", "polled"))
def test_in_the_background(town: World, stream: bool, options: str, status: str, bill: str) -> None:
    """One row each, by the id the client was given, that says what became of it."""
    calls = [
        call(town, f"{letter}1/sim-echo{options}", stream=stream, background=True)
        for letter in LETTERS
    ]
    seen, ledger = background(town, calls), town.ledger()
    for one in seen:
        [row] = ledger.requests[one.call.name]
        assert (bill, one.headers["x-trunkline-request-id"]) == (row.status, row.request_id)
        assert ("failed" != bill) == bool(row.cost_nanousd)
        found = kept(town, one)
        assert found is not None
        assert status == found.status
        last = frames(found.events)[-1]
        assert f"response.{status}" == last[0].decode()
        if stream:
            assert one.body == found.events


def test_a_reader_that_leaves_leaves_it_running(town: World) -> None:
    """It comes back for the rest, and misses and doubles nothing."""

    async def go() -> tuple[Seen, bytes]:
        asked = call(town, "o1/sim-echo@rate=200", background=True)
        await town.gateway.reload()
        left = await leave(town.port, town.key, asked, content=6000)
        whole = left.body[: left.body.rfind(b"\n\n") + 2]
        number = msgspec.json.decode(frames(whole)[-1][1])["sequence_number"]
        return left, whole + await fetch(left.response_id, number)

    async def fetch(response_id: str, number: int) -> bytes:
        line = await Line.open(town.port)
        path = f"/v1/responses/{response_id}?stream=true&starting_after={number}"
        line.writer.write(
            f"GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {town.key}\r\n\r\n".encode()
        )
        seen = Seen(Call("", RESPONSES, stream=True))
        await line.head(seen)
        while data := await line.piece(seen):
            seen.body += data
        line.hang_up()
        return seen.body

    left, events = town.do(go())
    background(town, ())
    found = kept(town, left)
    assert found is not None
    assert ("completed", events) == (found.status, found.events)
    assert "ok" == town.ledger().requests[left.call.name][0].status


def test_cancelling_against_finishing(town: World) -> None:
    """At any moment: whichever came first stands, and the bill is closed once."""

    async def go() -> Sequence[Seen]:
        calls = [
            call(town, f"o1/sim-echo@ttft={ms}", stream=False, background=True)
            for ms in range(1, 41, 2)
        ]
        seen = await town.asking(calls)
        for one in seen:
            one.response_id = msgspec.json.decode(one.body)["id"]
            await town.gateway.background.cancel("default", one.response_id)
        await until(lambda: not town.gateway.background.statistics().running)
        return seen

    seen = town.do(go())
    ledger = town.ledger()
    ends = []
    for one in seen:
        found = kept(town, one)
        assert found is not None
        [row] = ledger.requests[one.call.name]
        ends.append((found.status, row.status))
    # Cancelled while its answer was being stored: it was whole, and is billed as such.
    right = {("cancelled", "cancelled"), ("completed", "ok"), ("cancelled", "ok")}
    assert set(ends) <= right
