"""One of several requests under a key runs; the others wait, are refused, or get its answer."""

import asyncio

import pytest
from msgspec.structs import replace

from tests.flow.test_recording import exchange
from trunkline.canon.errors import (
    IdempotencyInProgress,
    IdempotencyMismatch,
    IdempotencyNotKept,
    LedgerUnavailable,
)
from trunkline.canon.exchange import Status
from trunkline.flow.once import Once, OnceStatistics
from trunkline.kernel.tasks import Tasks
from trunkline.storage.idempotency import Ask
from trunkline.storage.sqlite.idempotency import open_idempotency
from trunkline.testing.fakes import FakeReply, ManualClock

ASK = Ask(b"scope", b"what", "req_1")
AGAIN = replace(ASK, request_id="req_2")
REPLAYED = (b"idempotent-replayed", b"true")


class Desk:
    """A Once over a file, and what went wrong in it."""

    def __init__(self, folder, **more):
        self.problems = []
        self.clock = ManualClock()
        self.store = open_idempotency(folder)
        self.tasks = Tasks(lambda name, error: self.problems.append((name, error)))
        self.once = Once(self.store, self.clock, self.tasks, 3600.0, self.problems.append, **more)

    async def ask(self, serve, ask=ASK, of=None):
        reply = FakeReply()
        if not await self.once.told(ask, reply):
            await self.once.run(ask, of or exchange(Status.OK, 1), reply, serve)
        return reply

    async def aclose(self):
        await self.tasks.finish("settle ")
        await self.tasks.aclose()
        await self.store.aclose()


def within(folder, work, **more):
    async def main():
        desk = Desk(folder, **more)
        try:
            await work(desk)
        finally:
            await desk.aclose()

    asyncio.run(main())


async def whole(reply):
    reply.whole(200, ((b"x-a", b"b"),), b"answer")


async def never(_reply):
    raise AssertionError("it was run again")


async def refused(reply):
    reply.whole(502, (), b"sorry")


def test_the_second_gets_what_the_first_got(tmp_path):
    """Marked as such."""

    async def work(desk):
        first = await desk.ask(whole)
        second = await desk.ask(never, AGAIN)

        assert (200, ((b"x-a", b"b"),), b"answer") == (first.status, first.headers, first.body)
        assert ((b"x-a", b"b"), REPLAYED) == second.headers
        assert (200, b"answer", "whole") == (second.status, second.body, second.closed)
        assert OnceStatistics(0, 1, 1, 0, 0, 3600.0) == desk.once.statistics()

    within(tmp_path, work)


def test_a_stream_is_given_again_as_it_was(tmp_path):
    """In pieces, and as slowly as it is read."""
    long = b"data: x\n\n" * 20_000

    async def stream(reply):
        reply.start(200, ())
        reply.write(long)
        reply.end(b"end")

    async def work(desk):
        await desk.ask(stream)
        second = await desk.ask(never, AGAIN)

        assert ((REPLAYED,), "end") == (second.headers, second.closed)
        assert long + b"end" == second.body
        assert 3 == len(second.written)

    within(tmp_path, work)


def test_what_is_under_way_is_waited_for(tmp_path):
    """The client is told when to ask again."""

    async def work(desk):
        going = asyncio.Event()

        async def slow(reply):
            await going.wait()
            await whole(reply)

        async with asyncio.TaskGroup() as group:
            first = group.create_task(desk.ask(slow))
            while not desk.once.statistics().running:  # noqa: ASYNC110 - a count has no Event
                await asyncio.sleep(0)
            with pytest.raises(IdempotencyInProgress) as caught:
                await desk.ask(never, AGAIN)
            going.set()
        assert (409, 1.0) == (caught.value.status, caught.value.retry_after)
        assert b"answer" == first.result().body
        assert 1 == desk.once.statistics().waiting

    within(tmp_path, work)


def test_another_question_is_refused(tmp_path):
    """Whether the first has been answered or not."""

    async def work(desk):
        await desk.ask(whole)
        with pytest.raises(IdempotencyMismatch) as caught:
            await desk.ask(never, replace(AGAIN, fingerprint=b"other"))
        assert (422, 1) == (caught.value.status, desk.once.statistics().mismatched)

    within(tmp_path, work)


@pytest.mark.parametrize("left", (False, True))
def test_a_failure_frees_the_key_before_it_is_told(tmp_path, left):
    """So that whoever asks at once is run."""

    async def leaves(_reply):
        raise asyncio.CancelledError

    async def work(desk):
        if left:
            with pytest.raises(asyncio.CancelledError):
                await desk.ask(leaves)
            await desk.tasks.finish("settle ")
        else:
            assert 502 == (await desk.ask(refused)).status
        assert b"answer" == (await desk.ask(whole, AGAIN)).body

    within(tmp_path, work)


def test_a_client_that_leaves_at_the_end_does_not_undo_it(tmp_path):
    """It was paid for; the next to ask gets it."""

    async def work(desk):
        async def last_moment(reply):
            await whole(reply)
            raise asyncio.CancelledError

        with pytest.raises(asyncio.CancelledError):
            await desk.ask(last_moment)
        await desk.tasks.finish("settle ")
        assert b"answer" == (await desk.ask(never, AGAIN)).body

    within(tmp_path, work)


def test_a_client_that_leaves_while_the_key_is_claimed_frees_it(tmp_path):
    """The change in the database is made all the same."""

    async def work(desk):
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(desk.ask(never))
            await asyncio.sleep(0)
            asking.cancel()
        await desk.tasks.finish("settle ")
        assert b"answer" == (await desk.ask(whole, AGAIN)).body

    within(tmp_path, work)


def test_one_too_large_is_not_run_again(tmp_path):
    """Nobody pays twice unasked."""

    async def work(desk):
        await desk.ask(whole)
        with pytest.raises(IdempotencyNotKept) as caught:
            await desk.ask(never, AGAIN)
        assert 410 == caught.value.status

    within(tmp_path, work, largest=3)


def test_a_store_that_fails_costs_no_answer(tmp_path):
    """But none is run whose key cannot be claimed."""

    async def work(desk):
        async def fails(*_anything):
            raise LedgerUnavailable("no")

        desk.store.finish = desk.store.release = fails
        assert b"answer" == (await desk.ask(whole)).body
        assert b"sorry" == (await desk.ask(refused, Ask(b"2", b"", "req_2"))).body
        assert 2 == len(desk.problems)
        desk.store.claim = fails
        with pytest.raises(LedgerUnavailable):
            await desk.ask(never, Ask(b"3", b"", "req_3"))

    within(tmp_path, work)


def test_what_is_under_way_is_held_and_what_is_old_is_dropped(tmp_path):
    """However long it takes; a store that fails meanwhile is asked again."""

    async def work(desk):
        await desk.ask(whole, Ask(b"old", b"", "req_0"))
        assert not await desk.once.told(ASK, FakeReply())
        held, real = [], desk.store.hold

        async def flaky(asks, until):
            held.append(until)
            if len(held) == 1:
                raise LedgerUnavailable("no")
            await real(asks, until)

        desk.store.hold = flaky
        desk.tasks.spawn("watch", desk.once.watch())
        await asyncio.sleep(0)
        desk.clock.advance(4000.0)
        while len(held) < 4:  # noqa: ASYNC110 - a list has no Event
            await asyncio.sleep(0)

        assert [held[0]] * len(held) == held
        assert ["idempotency keys are not held", "idempotency keys are held again after 0.0 s"] == [
            problem.partition(":")[0] for problem in desk.problems
        ]
        with pytest.raises(IdempotencyInProgress):
            await desk.once.told(AGAIN, FakeReply())
        count = "SELECT count(*) FROM idempotency"
        assert (1,) == await desk.store._database.read(lambda s: s.one(count))

    within(tmp_path, work, say_so=0.0)
