"""Stored responses: each its tenant's, in chains, and held by one worker at a time."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.ledger.making import FakeClock
from trunkline.canon.errors import TooLarge
from trunkline.storage.postgres.storage import open_postgres
from trunkline.storage.records import ResponseRecord
from trunkline.storage.spec import Where
from trunkline.storage.sql.responses import SqlResponseStore
from trunkline.storage.sqlite.backend import open_sqlite

BYTES = 1 << 20

RECORD = ResponseRecord(
    tenant="acme",
    id="resp_1",
    key_id="key1",
    previous_id=None,
    status="completed",
    created_at=1000.5,
    input=b'[{"id":"msg_1"}]',
    body=b'{"id":"resp_1"}' * 100,
    events=b"data: x\n\n",
    job=b"job",
    attempts=2,
)


@pytest.fixture(params=("sqlite", "postgres"))
def responses(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlResponseStore]:
    """As the two backends keep them: in a file of their own, and beside everything else."""
    if request.param == "sqlite":
        storage = open_sqlite(tmp_path, FakeClock())
    else:
        storage = open_postgres(
            Where(tmp_path, request.getfixturevalue("postgres").fresh()), FakeClock()
        )
    yield storage.responses
    asyncio.run(storage.aclose())


def test_a_response_comes_back_as_it_went_in(responses):
    """Replaced by a second of its id; nobody else's."""

    async def work():
        await responses.put(RECORD)
        first = await responses.get("acme", "resp_1")
        await responses.put(replace(RECORD, status="failed"))
        second = await responses.get("acme", "resp_1")
        return first, second.status, await responses.get("other", "resp_1")

    assert (RECORD, "failed", None) == asyncio.run(work())


def test_a_chain_is_oldest_first_and_ends_where_one_is_missing(responses):
    """And at another tenant's response, which is as good as missing; and after as many as asked."""

    async def work():
        for number in (1, 2, 3):
            previous = f"resp_{number - 1}"
            await responses.put(replace(RECORD, id=f"resp_{number}", previous_id=previous))
        await responses.put(replace(RECORD, id="resp_0", tenant="other"))
        whole = await responses.chain("acme", "resp_3", 10, BYTES)
        return (
            [turn.id for turn in whole],
            whole[0].body == RECORD.body,
            [turn.id for turn in await responses.chain("acme", "resp_3", 2, BYTES)],
            await responses.chain("acme", "resp_9", 10, BYTES),
        )

    assert (["resp_1", "resp_2", "resp_3"], True, ["resp_2", "resp_3"], []) == asyncio.run(work())


def test_deleting_is_for_its_owner(responses):
    """Once."""

    async def work():
        await responses.put(RECORD)
        return [await responses.delete(t, "resp_1") for t in ("other", "acme", "acme")]

    assert [False, True, False] == asyncio.run(work())


def test_one_worker_makes_a_background_response(responses):
    """Another gets it only when the first has not said for long enough that it still does."""
    queued = replace(RECORD, status="queued", attempts=0)

    async def work():
        await responses.put(queued)
        first = await responses.claim(100.0, 115.0)
        held = await responses.claim(110.0, 125.0)
        status = await responses.hold(first, 130.0)
        still = await responses.claim(129.0, 144.0)
        second = await responses.claim(131.0, 146.0)
        return first, held, status, still, second

    first, held, status, still, second = asyncio.run(work())
    assert replace(queued, attempts=1) == first
    assert (None, "in_progress", None) == (held, status, still)
    assert 2 == second.attempts


def test_what_is_over_stays_over(responses):
    """The first end counts: of two workers, or of a worker and a client who cancels."""

    async def work():
        await responses.put(replace(RECORD, status="queued"))
        ends = [
            await responses.finish(replace(RECORD, status=status))
            for status in ("cancelled", "completed")
        ]
        left = await responses.get("acme", "resp_1")
        return ends, left.status, left.job, await responses.claim(9e9, 9e9)

    assert ([True, False], "cancelled", b"", None) == asyncio.run(work())


def test_what_there_was_of_a_cancelled_one_is_told_by_its_worker(responses):
    """Not of one that is over otherwise, nor by a worker whose time ran out; found by its items."""
    told = replace(RECORD, status="cancelled", body=b"{}", events=b"e", items=("msg_7",))

    async def work():
        await responses.put(replace(RECORD, status="in_progress"))
        open_one = await responses.tell(told)
        await responses.finish(replace(RECORD, status="cancelled", events=b""))
        another_s = await responses.tell(replace(told, attempts=1))
        own = await responses.tell(told)
        left = await responses.get("acme", "resp_1")
        held = [turn.id for turn in await responses.holding("acme", ("msg_7",))]
        return [open_one, another_s, own], left.status, left.body, left.events, held

    expected = ([False, False, True], "cancelled", b"{}", b"e", ["resp_1"])
    assert expected == asyncio.run(work())


def test_a_hold_on_what_is_gone(responses):
    """Tells so."""

    async def work():
        return await responses.hold(RECORD, 1.0)

    assert asyncio.run(work()) is None


def test_a_worker_whose_time_ran_out_learns_it(responses):
    """What another has begun since is not its own any more, to hold or to let go."""

    async def work():
        await responses.put(replace(RECORD, status="queued", attempts=0))
        first = await responses.claim(100.0, 115.0)
        second = await responses.claim(200.0, 215.0)
        await responses.let_go(first)
        return await responses.hold(first, 230.0), await responses.hold(second, 230.0)

    assert (None, "in_progress") == asyncio.run(work())


def test_letting_go_does_not_count(responses):
    """Another may have it at once, however often workers are restarted."""

    async def work():
        await responses.put(replace(RECORD, status="queued", attempts=0))
        for _ in range(5):
            claimed = await responses.claim(100.0, 115.0)
            await responses.let_go(claimed)
        return claimed.attempts

    assert 1 == asyncio.run(work())


def test_a_chain_is_as_large_as_it_may_be(responses):
    """Counted unpacked: a megabyte of the same letter takes next to nothing on disk."""
    one = len(RECORD.input) + len(RECORD.body)

    async def work():
        await responses.put(RECORD)
        await responses.put(replace(RECORD, id="resp_2", previous_id="resp_1"))
        with pytest.raises(TooLarge):
            await responses.chain("acme", "resp_2", 10, 2 * one - 1)
        return len(await responses.chain("acme", "resp_2", 10, 2 * one))

    assert 2 == asyncio.run(work())


def test_responses_are_found_by_their_items(responses):
    """Each once, its tenant's alone, until it is gone; a finished one by what it said."""

    async def work():
        await responses.put(replace(RECORD, items=("msg_1", "msg_2")))
        await responses.put(replace(RECORD, id="resp_2", status="queued"))
        await responses.finish(replace(RECORD, id="resp_2", items=("msg_3",)))
        both = await responses.holding("acme", ("msg_3", "msg_1", "msg_2", "msg_9"))
        others = await responses.holding("other", ("msg_1",))
        await responses.delete("acme", "resp_1")
        left = await responses.holding("acme", ("msg_1", "msg_3"))
        return [[turn.id for turn in found] for found in (both, others, left)]

    assert [["resp_2", "resp_1"], [], ["resp_2"]] == asyncio.run(work())


@pytest.mark.parametrize("item", ("x" * 10_000, "é" * 512, "a\0b"))
def test_items_may_have_any_id(responses, item):
    """It keeps no response from being stored; by one beyond reason it is not found."""

    async def work():
        await responses.put(replace(RECORD, items=(item,), body=b"{}"))
        stored = await responses.get("acme", "resp_1")
        return stored.body, len(await responses.holding("acme", (item,)))

    assert (b"{}", 0 if len(item) > 512 else 1) == asyncio.run(work())


def test_large_ones_come_back_as_they_went_in(responses):
    """Though they are packed elsewhere."""
    large = replace(RECORD, events=b"data: x\n\n" * 100_000)

    async def work():
        await responses.put(large)
        return await responses.get("acme", "resp_1")

    assert large == asyncio.run(work())


def test_what_is_old_enough_is_dropped(responses):
    """By its age; not while it is being made; some at a time."""

    async def work():
        for number in range(300):
            await responses.put(replace(RECORD, id=f"resp_{number}"))
        await responses.put(replace(RECORD, id="young", created_at=2000.0))
        await responses.put(replace(RECORD, id="queued", status="queued"))
        dropped = [await responses.expire(1500.0) for _ in range(3)]
        left = [await responses.get("acme", one) for one in ("resp_1", "young", "queued")]
        return dropped, [one and one.id for one in left]

    assert ([200, 100, 0], [None, "young", "queued"]) == asyncio.run(work())
