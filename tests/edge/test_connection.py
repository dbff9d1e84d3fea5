"""Deadlines, refusals and the end of connections."""

import tracemalloc

from tests.edge.world import FakeEndpoint, Unread, World, echo, get, post, run, world
from trunkline.canon.errors import Unauthenticated
from trunkline.edge.connection import Connection
from trunkline.edge.limits import Limits

HALF = post("/hot", b"x" * 100_000)


def the_connection(w: World) -> Connection:
    [connection] = w.edge.context.connections
    assert isinstance(connection, Connection)
    return connection


def test_half_sent_headers() -> None:
    """30 s for a head, however busily it trickles; then 408 in the dialect of the path."""

    async def test() -> None:
        async with world({"/hot": FakeEndpoint(echo)}) as w:
            client = await w.connect()
            client.send(b"POST /hot HTTP/1.1\r\nHost: a\r\n")
            await w.until(lambda: the_connection(w).phase.value == "head")
            w.edge.sweep()
            for n in range(6):
                w.clock.now += 4.9
                client.send(b"X-%d: 1\r\n" % n)
                w.edge.sweep()
            assert 1 == w.edge.statistics().open_connections
            await w.pass_time(0.7)
            [answer] = await client.answers()

            assert (408, "request_timeout") == (answer.status, answer.json["code"])
            assert {"slow_head": 1} == w.edge.statistics().refused

    run(test)


def test_nothing_sent() -> None:
    """A connection without a byte is closed without a word, after the time for a head."""

    async def test() -> None:
        async with world({}) as w:
            client = await w.connect()
            await w.until(lambda: w.edge.statistics().open_connections == 1)
            await w.pass_time(29.9)
            assert 1 == w.edge.statistics().open_connections
            await w.pass_time(0.2)
            assert b"" == await client.closed()

    run(test)


def test_idle() -> None:
    """75 s between requests; each request starts the time anew."""

    async def test() -> None:
        async with world({"/hot": FakeEndpoint(echo)}) as w:
            client = await w.connect()
            for _ in range(3):
                client.send(post())
                await client.answer()
                await w.pass_time(74.0)
            assert 1 == w.edge.statistics().open_connections
            await w.pass_time(1.1)
            assert b"" == await client.closed()

    run(test)


def test_empty_lines_do_not_keep_a_connection() -> None:
    """What is no request is no activity."""

    async def test() -> None:
        async with world({}) as w:
            client = await w.connect()
            for _ in range(4):
                client.send(b"\r\n" * 10)
                await w.until(lambda: w.edge.statistics().open_connections == 1)
                w.edge.sweep()
                w.clock.now += 10.0
            w.edge.sweep()
            assert b"" == await client.closed()

    run(test)


def test_a_slow_body() -> None:
    """60 s without real progress: 408; a byte now and then is none."""

    async def test() -> None:
        async with world({"/hot": FakeEndpoint(echo)}) as w:
            client = await w.connect()
            client.send(HALF[:200])
            await w.until(lambda: the_connection(w).phase.value == "body")
            w.edge.sweep()
            for _ in range(5):
                w.clock.now += 10.0
                client.send(b"x")
                w.edge.sweep()
            assert {} == w.edge.statistics().refused
            w.clock.now += 10.0
            w.edge.sweep()
            [answer] = await client.answers()

            assert (408, "request_timeout") == (answer.status, answer.json["code"])
            assert {"slow_body": 1} == w.edge.statistics().refused

    run(test)


def test_a_body_that_gets_on() -> None:
    """16 KiB within the minute are progress: an upload may take as long as it needs."""

    async def test() -> None:
        async with world({"/hot": FakeEndpoint(echo)}) as w:
            client = await w.connect()
            for start in range(0, len(HALF), 17_000):
                client.send(HALF[start : start + 17_000])
                expected = min(start + 17_000, len(HALF)) - HALF.index(b"x" * 9)
                if expected < 100_000:
                    await w.until(lambda expected=expected: the_connection(w).body_read == expected)
                    await w.pass_time(55.0)
            assert 100_000 == len((await client.answer()).body)

    run(test)


def test_a_slow_body_of_a_refused_request() -> None:
    """It has its answer: what is left is to close."""

    async def test() -> None:
        deny = FakeEndpoint(echo, Unauthenticated("no"))
        async with world({"/hot": deny}) as w:
            client = await w.connect()
            client.send(HALF[:200])
            assert 401 == (await client.answer()).status
            await w.pass_time(61.0)
            assert b"" == await client.closed()

    run(test)


def test_a_slow_body_of_the_application() -> None:
    """The application is told that the client has gone, the client that it was too slow."""

    async def test() -> None:
        application = Unread()
        async with world({}, application=application) as w:
            client = await w.connect()
            client.send(HALF[:200].replace(b"/hot", b"/app"))
            await w.until(lambda: bool(application.seen))
            await w.pass_time(61.0)
            [answer] = await client.answers()

            assert 408 == answer.status
            await w.until(lambda: application.seen[-1] == "http.disconnect")

    run(test)


def test_an_answer_may_take_its_time() -> None:
    """While the flow works on it, no deadline of the edge applies."""

    async def test() -> None:
        application = Unread()
        async with world({}, application=application) as w:
            client = await w.connect()
            client.send(get("/app"))
            await w.until(lambda: bool(application.seen))
            await w.pass_time(100_000.0)
            assert 1 == w.edge.statistics().open_connections

    run(test)


def test_a_refusal_is_read_before_the_reset() -> None:
    """The rest of what the client sends is dropped for a while, so that it gets its answer."""

    async def test() -> None:
        async with world({"/hot": FakeEndpoint(echo)}, limits=Limits(body_bytes=1000)) as w:
            client = await w.connect()
            client.send(HALF)
            [answer] = await client.answers()
            client.send(b"x" * 1_000_000)
            assert 413 == answer.status
            connection = the_connection(w)
            assert "lingering" == connection.phase.value
            await w.pass_time(5.1)
            await w.until(lambda: w.edge.statistics().open_connections == 0)

    run(test)


def test_what_is_refused_is_not_kept() -> None:
    """64 MiB sent against a cap of 2 MiB leave no trace in memory."""

    async def test() -> None:
        async with world({"/hot": FakeEndpoint(echo)}, limits=Limits(body_bytes=2 << 20)) as w:
            await w.ask(post("/hot", b"warm"))
            tracemalloc.start()
            client = await w.connect()
            client.send(b"POST /hot HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            piece = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
            for _ in range(1024):
                client.send(piece)
                await client.writer.drain()
            [answer] = await client.answers()
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()

            assert 413 == answer.status
            assert peak < 8 << 20

    run(test)


def test_half_closed_while_idle() -> None:
    """A client that says goodbye between requests is let go."""

    async def test() -> None:
        async with world({"/hot": FakeEndpoint(echo)}) as w:
            client = await w.connect()
            client.send(post("/hot", b"x"))
            await client.answer()
            client.writer.write_eof()
            assert b"" == await client.closed()
            await w.until(lambda: w.edge.statistics().open_connections == 0)

    run(test)


def test_repr() -> None:
    """It tells who and in which phase."""

    async def test() -> None:
        async with world({}) as w:
            await w.connect()
            await w.until(lambda: w.edge.statistics().open_connections == 1)
            assert "<Connection 127.0.0.1 new, 0 requests>" == repr(the_connection(w))

    run(test)
