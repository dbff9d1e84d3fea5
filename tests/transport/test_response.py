"""An answer as its reader sees it."""

import asyncio

import pytest

from trunkline.canon.errors import Disconnected, Garbled, TimedOut
from trunkline.transport.response import HttpResponse


class FakeSource:
    def __init__(self) -> None:
        self.resumed = 0
        self.dropped = 0

    def resume(self) -> None:
        self.resumed += 1

    def drop(self) -> None:
        self.dropped += 1


def reading(test) -> None:
    """Run `test(response, source)` in a loop."""

    async def main() -> None:
        source = FakeSource()
        await test(HttpResponse(source, asyncio.get_running_loop().create_future()), source)

    asyncio.run(main())


def test_what_has_arrived_comes_in_one_piece():
    """However many reads filled it, one call empties it and lets the socket go on."""

    async def test(response, source):
        response.push(b"a")
        response.push(b"b")
        response.paused = True

        assert b"ab" == await response.read()
        assert (1, 0) == (source.resumed, response.buffered)
        response.push(b"c")
        await response.read()
        assert 1 == source.resumed

    reading(test)


def test_a_whole_answer_does_not_wait():
    """When all has arrived, neither read nor body suspends."""

    async def test(response, source):
        response.push(b"a")
        response.push(b"b")
        response.finish()
        with pytest.raises(StopIteration) as done:
            response.body(2).send(None)

        assert b"ab" == done.value.value
        assert (True, b"") == (response.complete, await response.read())

    reading(test)


def test_bytes_come_before_the_error():
    """What was delivered is read, then the error is raised, each time."""

    async def test(response, source):
        response.push(b"a")
        response.fail(TimedOut("late"))

        assert b"a" == await response.read()
        for _ in range(2):
            with pytest.raises(TimedOut):
                await response.read()
        assert not response.complete

    reading(test)


def test_a_body_over_the_limit_is_refused():
    """Whether it was announced, arrived, or is still coming; the connection goes."""

    async def announced(response, source):
        response.length = 4
        with pytest.raises(Garbled):
            await response.body(3)
        assert 1 == source.dropped

    async def arrived(response, source):
        response.push(b"1234")
        response.finish()
        with pytest.raises(Garbled):
            await response.body(3)

    async def coming(response, source):
        response.push(b"1234")
        with pytest.raises(Garbled):
            await response.body(3)
        assert 1 == source.dropped

    for test in (announced, arrived, coming):
        reading(test)


def test_closing_gives_back_or_aborts():
    """A whole answer's connection is left alone; an unfinished one's goes, once."""

    async def whole(response, source):
        response.finish()
        response.close()
        assert 0 == source.dropped

    async def unfinished(response, source):
        response.close()
        response.close()
        assert 1 == source.dropped
        with pytest.raises(Disconnected):
            await response.read()

    for test in (whole, unfinished):
        reading(test)


def test_a_cancelled_reader_closes():
    """Nobody will read the rest."""

    async def test(response, source):
        response.wake()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await response.read()

        assert 1 == source.dropped

    reading(test)


def test_two_readers_are_a_mistake():
    """The second is told, the first goes on."""

    async def test(response, source):
        with pytest.raises(RuntimeError):
            await response.read()  # the one who waits for the head has not heard yet

    reading(test)


def test_each_piece_weighs_more_than_its_bytes():
    """Single bytes cannot hide how much memory they take."""

    async def test(response, source):
        for _ in range(10):
            response.push(b"x")

        assert response.buffered > 400
        assert "<HttpResponse 0 reading>" == repr(response)

    reading(test)


def pumping(response, sink):
    """A pump that runs, waiting for bytes."""
    return asyncio.get_running_loop().create_task(response.pump(sink))


def test_a_pump_gives_each_read_where_it_arrives():
    """No task wakes for it: the sink has it before `push` returns."""

    async def test(response, source):
        got = []
        task = pumping(response, got.append)
        await asyncio.sleep(0)
        response.push(b"a")
        assert [b"a"] == got
        response.push(b"b")
        response.wake()
        assert [b"a", b"b"] == got
        assert not task.done()
        assert 0 == response.buffered
        response.finish()

        assert await task

    reading(test)


def test_a_sink_that_has_enough_is_left_alone():
    """What comes then is kept for the next call, though the answer ends in the same read."""

    async def test(response, source):
        got = []

        def sink(data):
            got.append(data)
            return True

        task = pumping(response, sink)
        await asyncio.sleep(0)
        response.push(b"a")
        response.push(b"b")
        response.finish()

        assert not await task
        assert [b"a"] == got
        assert not await response.pump(sink)
        assert [b"a", b"b"] == got
        assert await response.pump(sink)

    reading(test)


def test_what_had_arrived_is_pumped_first():
    """Whole answers are pumped without a wait."""

    async def test(response, source):
        response.push(b"a")
        response.paused = True
        response.finish()
        got = []

        assert await response.pump(got.append)
        assert [b"a"] == got

    reading(test)


def test_what_a_sink_raises_is_raised_by_the_pump():
    """Not into the connection, which has other things to do."""

    async def test(response, source):
        def sink(data):
            raise Garbled("nonsense")

        task = pumping(response, sink)
        await asyncio.sleep(0)
        response.push(b"a")

        with pytest.raises(Garbled, match="nonsense"):
            await task

    reading(test)


def test_an_error_ends_a_pump():
    """After the bytes that came before it."""

    async def test(response, source):
        got = []
        task = pumping(response, got.append)
        await asyncio.sleep(0)
        response.push(b"a")
        response.fail(TimedOut("idle"))

        with pytest.raises(TimedOut):
            await task
        assert [b"a"] == got

    reading(test)


def test_a_cancelled_pump_drops_the_connection():
    """And its sink hears no more."""

    async def test(response, source):
        got = []
        task = pumping(response, got.append)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        response.push(b"late")

        assert ([], 1) == (got, source.dropped)

    reading(test)
