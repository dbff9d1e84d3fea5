"""What a call may do with its reply, and what becomes of it when it errs or the client leaves."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.edge.world import JSON, FakeEndpoint, World, echo, get, post, run, world
from tests.keeping import kept
from trunkline.canon.errors import LedgerUnavailable
from trunkline.edge.limits import Limits
from trunkline.flow.base import Reply


def test_a_stream() -> None:
    """Head and first chunk leave together; chunks as written; empty writes are nothing."""

    async def stream(body: bytes, reply: Reply) -> None:
        assert not reply.started
        reply.start(200, JSON)
        assert reply.started
        for piece in (b"", b"one ", b"", b"two ", b"x" * 1000):
            reply.write(piece)
            await reply.drain()
        reply.end()

    async def test() -> None:
        async with world({"/hot": FakeEndpoint(stream)}) as w:
            client = await w.connect()
            client.send(post() * 2)
            for _ in range(2):
                answer = await client.answer()
                assert b"one two " + b"x" * 1000 == answer.body
                assert b"chunked" == answer.headers[b"transfer-encoding"]
                assert b"content-length" not in answer.headers

    run(test)


def test_an_empty_stream() -> None:
    """Begun and ended without a byte is a complete answer."""

    async def stream(body: bytes, reply: Reply) -> None:
        reply.start(204, ())
        reply.end()

    async def test() -> None:
        async with world({"/hot": FakeEndpoint(stream)}) as w:
            answer = await w.ask(post())
            assert (204, b"", True) == (answer.status, answer.body, answer.whole)

    run(test)


def test_the_head_waits_for_the_first_chunk() -> None:
    """Nothing is sent by `start`: the client sees the head with the first content."""

    async def test() -> None:
        gate = asyncio.Event()

        async def stream(body: bytes, reply: Reply) -> None:
            reply.start(200, JSON)
            await gate.wait()
            reply.write(b"now")
            reply.end()

        async with world({"/hot": FakeEndpoint(stream)}) as w:
            client = await w.connect()
            client.send(post())
            await w.until(lambda: w.edge.statistics().active_requests == 1)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.reader.readexactly(1), 0.02)
            gate.set()
            assert b"now" == (await client.answer()).body

    run(test)


@pytest.mark.parametrize("size", (0, 1, 70_000, 5_000_000))
def test_whole_answers_of_any_size(size: int) -> None:
    """Framed by length, in one piece."""

    async def whole(body: bytes, reply: Reply) -> None:
        reply.whole(200, (), b"x" * size)

    async def test() -> None:
        async with world({"/hot": FakeEndpoint(whole)}) as w:
            answer = await w.ask(post())
            assert (size, True) == (len(answer.body), answer.whole)

    run(test)


def test_a_body_in_many_tiny_chunks() -> None:
    """It arrives as one, though it came in thousands of pieces."""

    async def test() -> None:
        hot = FakeEndpoint(echo)
        async with world({"/hot": hot}) as w:
            head = b"POST /hot HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            chunks = b"".join(b"2\r\n%02d\r\n" % (n % 100) for n in range(5000))
            await w.ask(head + chunks + b"0\r\n\r\n")
            assert [b"".join(b"%02d" % (n % 100) for n in range(5000))] == hot.bodies

    run(test)


async def raises(body: bytes, reply: Reply) -> None:
    raise ZeroDivisionError


async def raises_after_start(body: bytes, reply: Reply) -> None:
    reply.start(200, JSON)
    raise ZeroDivisionError


async def raises_ours(body: bytes, reply: Reply) -> None:
    raise LedgerUnavailable("no books")


async def forgets(body: bytes, reply: Reply) -> None:
    return


async def answers_twice(body: bytes, reply: Reply) -> None:
    reply.whole(200, JSON, b"once")
    reply.whole(200, JSON, b"twice")


async def breaks_a_line(body: bytes, reply: Reply) -> None:
    reply.whole(200, ((b"x-name", b"a\r\nSet-Cookie: evil=1"),), b"")


async def writes_before_start(body: bytes, reply: Reply) -> None:
    reply.write(b"x")


@pytest.mark.parametrize(
    "work, status, bugs",
    (
        (raises, 500, 1),
        (raises_after_start, 500, 1),
        (raises_ours, 503, 0),
        (forgets, 500, 1),
        (answers_twice, 200, 1),
        (breaks_a_line, 500, 1),
        (writes_before_start, 500, 1),
    ),
)
def test_bugs_before_the_first_byte(
    work: Callable[[bytes, Reply], Awaitable[None]], status: int, bugs: int
) -> None:
    """Answered in the dialect and reported; the connection and its next request are well."""

    async def test() -> None:
        async with world({"/bad": FakeEndpoint(work), "/hot": FakeEndpoint(echo)}) as w:
            client = await w.connect()
            client.send(post("/bad") + post("/hot", b"well"))
            first, second = await client.answer(), await client.answer()

            assert (status, b"well") == (first.status, second.body)
            assert status == 200 or first.json["dialect"] == "fake"
            assert b"set-cookie" not in first.headers
            assert (bugs, bugs) == (len(w.failures), w.edge.statistics().bugs)
            await w.until(lambda: w.edge.statistics().active_requests == 0)

    run(test)


@pytest.mark.parametrize("version", (b"HTTP/1.1", b"HTTP/1.0"))
def test_bugs_after_the_first_byte(version: bytes) -> None:
    """The answer is broken off in a way the client can see, never ended as if it were whole."""

    async def test() -> None:
        async def work(body: bytes, reply: Reply) -> None:
            reply.start(200, JSON)
            reply.write(b"half")
            await asyncio.sleep(0.01)
            raise ZeroDivisionError

        async with world({"/bad": FakeEndpoint(work)}) as w:
            client = await w.connect()
            client.send(post("/bad").replace(b"HTTP/1.1", version))
            answer = await client.answer()

            assert (200, False) == (answer.status, answer.whole)
            assert 1 == w.edge.statistics().bugs

    run(test)


def test_a_broken_refuse() -> None:
    """Even an endpoint that cannot tell of errors has them told."""

    class Broken(FakeEndpoint):
        def refuse(self, error, request_id):
            raise ZeroDivisionError

    async def test() -> None:
        async with world({"/bad": Broken(raises_ours)}) as w:
            answer = await w.ask(post("/bad"))
            assert (503, "ledger_unavailable") == (answer.status, answer.json["error"]["code"])

    run(test)


def test_abort() -> None:
    """What was written arrives; the end does not."""

    async def test() -> None:
        async def work(body: bytes, reply: Reply) -> None:
            reply.start(200, JSON)
            reply.write(b"half")
            reply.abort()
            reply.abort()

        async with world({"/hot": FakeEndpoint(work)}) as w:
            client = await w.connect()
            client.send(post())
            data = await client.closed()

            assert data.endswith(b"4\r\nhalf\r\n")
            assert [] == w.failures

    run(test)


async def hang(body: bytes, reply: Reply) -> None:
    await asyncio.Event().wait()


async def hang_streaming(body: bytes, reply: Reply) -> None:
    reply.start(200, JSON)
    reply.write(b"first")
    await asyncio.Event().wait()


@pytest.mark.parametrize("work", (hang, hang_streaming))
@pytest.mark.parametrize("how", ("reset", "close", "half-close"))
def test_a_disconnect_cancels_at_once(
    work: Callable[[bytes, Reply], Awaitable[None]], how: str
) -> None:
    """Whichever way the client leaves, its call knows within 100 ms."""

    async def leave(w: World) -> None:
        client = await w.connect()
        client.send(post())
        await w.until(lambda: w.edge.statistics().active_requests == 1)
        if work is hang_streaming:
            await client.reader.readuntil(b"first")
        if how == "reset":
            client.leave()
        elif how == "close":
            client.writer.close()
        else:
            client.writer.write_eof()

    async def took() -> float:
        hot = FakeEndpoint(work)
        async with world({"/hot": hot}) as w:
            await leave(w)
            loop = asyncio.get_running_loop()
            left = loop.time()
            await w.until(lambda: hot.ended == ["cancelled"])
            took = loop.time() - left
            await w.until(lambda: w.edge.statistics().open_connections == 0)
            assert (1, 0) == (w.edge.statistics().cancelled, w.edge.statistics().active_requests)
        return took

    async def test() -> None:
        assert await kept(0.1, took)

    run(test)


def test_a_client_that_leaves_with_its_request() -> None:
    """Sent and gone in one packet's time: never begun, or cancelled; nothing is left over."""

    async def test() -> None:
        hot = FakeEndpoint(hang)
        async with world({"/hot": hot}) as w:
            for _ in range(50):
                client = await w.connect()
                client.send(post())
                client.writer.close()
            await w.until(lambda: w.edge.statistics().open_connections == 0)
            await w.until(lambda: w.edge.statistics().active_requests == 0)

            assert len(hot.bodies) == len(hot.ended)
            assert [] == w.failures

    run(test)


def test_writing_to_a_client_that_left() -> None:
    """A call that will not be cancelled writes into the void without an error."""

    async def test() -> None:
        gate = asyncio.Event()

        async def stubborn(body: bytes, reply: Reply) -> None:
            try:
                await gate.wait()
            except asyncio.CancelledError:
                reply.start(200, JSON)
                reply.write(b"x")
                reply.end()
                reply.whole(200, JSON, b"x")
                reply.abort()
                assert not reply.draining

        hot = FakeEndpoint(stubborn)
        async with world({"/hot": hot}) as w:
            client = await w.connect()
            client.send(post())
            await w.until(lambda: bool(hot.bodies))
            client.leave()
            await w.until(lambda: hot.ended == ["done"])
            assert [] == w.failures

    run(test)


def test_after_the_answer_a_call_is_left_alone() -> None:
    """Settling after the last byte is not cancelled by a client that has what it came for."""

    async def test() -> None:
        gate = asyncio.Event()

        async def lingering(body: bytes, reply: Reply) -> None:
            reply.whole(200, JSON, b"x")
            await gate.wait()

        hot = FakeEndpoint(lingering)
        async with world({"/hot": hot}) as w:
            await w.ask(post())
            await w.until(lambda: w.edge.statistics().open_connections == 0)
            gate.set()
            await w.until(lambda: hot.ended == ["done"])

    run(test)


def test_a_slow_reader_holds_the_call_back() -> None:
    """`drain` waits while the client does not read: what is buffered is bounded."""

    async def test() -> None:
        written = 0

        async def pour(body: bytes, reply: Reply) -> None:
            nonlocal written
            reply.start(200, JSON)
            for _ in range(2000):
                reply.write(b"x" * 16_384)
                written += 16_384
                await reply.drain()
            reply.end()

        hot = FakeEndpoint(pour)
        async with world({"/hot": hot}) as w:
            client = await w.connect()
            client.writer.transport.pause_reading()
            client.send(post())
            await w.until(lambda: "stalled" in "".join(map(repr, w.edge.context.connections)))
            [connection] = w.edge.context.connections
            buffered = connection.transport.get_write_buffer_size()

            # The rest is in the kernel's socket buffers.
            assert written < 2000 * 16_384
            assert 256 << 10 <= buffered <= (256 << 10) + 2 * 16_500
            client.writer.transport.resume_reading()
            assert 2000 * 16_384 == len((await client.answer()).body)

    run(test)


def test_a_reader_that_stops_is_cut_off() -> None:
    """Without progress for its deadline the connection goes, and the call with it."""

    async def test() -> None:
        async def pour(body: bytes, reply: Reply) -> None:
            reply.start(200, JSON)
            while True:
                reply.write(b"x" * 65_536)
                await reply.drain()

        hot = FakeEndpoint(pour)
        async with world({"/hot": hot}, limits=Limits(write_seconds=60.0)) as w:
            client = await w.connect()
            client.writer.transport.pause_reading()
            client.send(post())
            await w.until(lambda: "stalled" in "".join(map(repr, w.edge.context.connections)))
            await w.pass_time(59.0)
            assert [] == hot.ended
            await w.pass_time(60.0)
            await w.until(lambda: hot.ended == ["cancelled"])
            assert {"slow_reader": 1} == w.edge.statistics().refused
            assert 200 == (await w.ask(get("/healthz"))).status

    run(test)
