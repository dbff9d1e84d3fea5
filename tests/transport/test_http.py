"""The whole client against real sockets: framing, clocks, limits, closing."""

import asyncio
from itertools import pairwise

import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transport.upstream import (
    CHUNKED,
    OK,
    TIMEOUTS,
    FakeClock,
    Peer,
    always,
    answers,
    call,
    run,
    serve,
    server_context,
    silent,
    stuck,
    transport,
    until,
)
from trunkline.canon.errors import Disconnected, Garbled, InternalError, TimedOut, Unreachable
from trunkline.transport.base import Timeouts, UpstreamRequest
from trunkline.transport.limits import Limits

BODY = b"hello world"
SIZED = b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n" + BODY
IN_CHUNKS = CHUNKED + b"6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n"
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\n\r\n" + BODY
LOOPS = ("uvloop", "asyncio")


@pytest.mark.parametrize("loop_factory", (None, asyncio.new_event_loop), ids=LOOPS)
def test_the_bytes_that_go_out(loop_factory):
    """Head and body as they stand on the wire, on either loop."""

    async def main():
        async with serve(always(OK)) as upstream, transport() as made:
            assert (200, b"ok") == await call(made, upstream.post(b'{"a":1}'))
            assert [
                b"POST /v1/x HTTP/1.1\r\nhost: 127.0.0.1:%d\r\naccept-encoding: identity\r\n"
                b"content-type: application/json\r\nauthorization: Bearer sk-secret\r\n"
                b'content-length: 7\r\n\r\n{"a":1}' % upstream.port
            ] == upstream.requests

    run(main, loop_factory) if loop_factory else run(main)


@pytest.mark.parametrize(
    "reply", (SIZED, IN_CHUNKS, UNTIL_CLOSE), ids=("sized", "chunked", "close")
)
@settings(max_examples=15)
@given(cuts=st.lists(st.integers(1, 90), max_size=6))
def test_any_cut_of_the_answer_gives_the_same(reply, cuts):
    """Whatever pieces the network makes, status and body are the same."""
    edges = sorted({0, len(reply), *(cut % len(reply) for cut in cuts)})
    pieces = [reply[a:b] for a, b in pairwise(edges)]

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(*pieces)

    async def main():
        async with serve(script) as upstream, transport() as made:
            assert (200, BODY) == await call(made, upstream.post())

    run(main)


def test_a_stream_comes_as_it_is_sent():
    """Each piece is there before the next is sent; none is held back."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED)
        for _ in range(5):
            await peer.send(b"5\r\nevent\r\n")
            assert b"next" == await peer.reader.readexactly(4)
        await peer.send(b"0\r\n\r\n")

    async def main():
        async with serve(script) as upstream, transport() as made:
            response = await made.send(upstream.post(), TIMEOUTS)
            connection = response.source
            for _ in range(5):
                assert b"event" == await response.read()
                connection._transport.write(b"next")  # the test's own signal, past HTTP
            assert (b"", True) == (await response.read(), response.complete)

    run(main)


@pytest.mark.parametrize("size", (100_000, 8 << 20))
def test_big_bodies_both_ways(size):
    """Far more than any buffer, there and back."""

    async def script(peer: Peer) -> None:
        body = (await peer.request()).partition(b"\r\n\r\n")[2]
        await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)

    async def main():
        async with serve(script) as upstream, transport() as made:
            body = b"0123456789abcdef" * (size // 16)
            assert (200, body) == await call(made, upstream.post(body))

    run(main)


@pytest.mark.parametrize("loop_factory", (None, asyncio.new_event_loop), ids=LOOPS)
def test_tls_connections_share_a_buffer_but_no_bytes(loop_factory):
    """Answers bigger than it, on many connections at once, each come whole, on either loop."""
    ca = trustme.CA()

    async def script(peer: Peer) -> None:
        for _ in range(2):
            body = (await peer.request()).partition(b"\r\n\r\n")[2]
            await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (len(body) << 16))
            for _ in range(16):
                await peer.send(body * 4096)

    async def main():
        tls = server_context(ca, "127.0.0.1")
        async with serve(script, tls=tls) as upstream, transport(ca=ca) as made:
            bodies = [b"%07d;" % number for number in range(8)]
            for _ in range(2):
                got = await asyncio.gather(*[call(made, upstream.post(body)) for body in bodies])
                assert [(200, body * 65536) for body in bodies] == got
            assert 8 == upstream.accepted

    run(main, loop_factory) if loop_factory else run(main)


def test_the_headers_clock_runs_out():
    """No head within its time: TimedOut, and the upstream sees the connection close."""

    async def main():
        clock = FakeClock()
        async with serve(stuck) as upstream, transport(clock=clock) as made:
            sending = asyncio.gather(made.send(upstream.post(), Timeouts(headers=60)))
            await until(lambda: len(upstream.requests) == 1)
            clock.now += 59.9
            for _ in range(3):
                made._sweep()
            assert not sending.done()
            clock.now += 0.2
            with pytest.raises(TimedOut):
                await sending
            await until(lambda: upstream.seen_closed == 1)
            assert (1, 0) == (made.statistics().timed_out, made.statistics().open)

    run(main)


def test_the_idle_clock_runs_out():
    """What had come is read, then TimedOut."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED + b"2\r\nhi\r\n")
        await peer.gone()

    async def main():
        clock = FakeClock()
        async with serve(script) as upstream, transport(clock=clock) as made:
            response = await made.send(upstream.post(), Timeouts(idle=5))
            assert b"hi" == await response.read()
            clock.now += 5
            with pytest.raises(TimedOut):
                await response.read()

    run(main)


def test_a_slow_reader_slows_the_upstream():
    """Some 256 KiB are kept; the rest of 64 MiB waits in the upstream until it is read."""
    size = 64 << 20
    sent = []

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size)
        for _ in range(size >> 16):
            await peer.send(b"x" * (1 << 16))
            sent.append(1 << 16)

    async def main():
        async with serve(script) as upstream, transport() as made:
            response = await made.send(upstream.post(), TIMEOUTS)
            await until(lambda: response.paused)
            at_rest = -1
            while at_rest != len(sent):
                at_rest = len(sent)
                for _ in range(100):
                    await asyncio.sleep(0)
            held = response.buffered
            got = 0
            while data := await response.read():
                got += len(data)

            assert held < 1 << 20
            assert sum(sent[:at_rest]) < 32 << 20
            assert (size, True) == (got, response.complete)

    run(main)


def test_an_unread_answer_is_aborted_by_close():
    """The upstream sees it at once; nothing is drained for politeness."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED + b"2\r\nhi\r\n")
        await peer.gone()

    async def main():
        async with serve(script) as upstream, transport() as made:
            response = await made.send(upstream.post(), TIMEOUTS)
            response.close()
            await until(lambda: upstream.seen_closed == 1)
            assert 0 == made.statistics().open

    run(main)


def test_an_origin_has_its_limit_of_connections():
    """One more fails at once; when one is free again it is used."""

    async def main():
        limits = Limits(connections_per_origin=2)
        async with serve(stuck) as upstream, transport(limits=limits) as made:
            waiting = [asyncio.gather(made.send(upstream.post(), TIMEOUTS)) for _ in range(2)]
            await until(lambda: len(upstream.requests) == 2)
            with pytest.raises(Unreachable):
                await made.send(upstream.post(), TIMEOUTS)
            for one in waiting:
                one.cancel()
            await until(lambda: upstream.seen_closed == 2)

        async with serve(always(OK)) as upstream, transport(limits=limits) as made:
            for _ in range(5):
                await call(made, upstream.post())
            assert 1 == upstream.accepted

    run(main)


def test_a_request_that_cannot_be_written_opens_nothing():
    """Our own bug is told before any connection is made."""

    async def main():
        async with serve(always(OK)) as upstream, transport() as made:
            bad = UpstreamRequest(upstream.origin, b"GET", b"/", ((b"x", b"a\r\nb"),), b"")
            with pytest.raises(InternalError):
                await made.send(bad, TIMEOUTS)
            assert (0, 0) == (upstream.accepted, made.statistics().open)

    run(main)


def test_closing_fails_what_is_under_way_and_what_comes_after():
    """No answer hangs, no connection stays."""

    async def main():
        async with serve(stuck) as upstream, transport() as made:
            sending = asyncio.gather(made.send(upstream.post(), TIMEOUTS))
            await until(lambda: len(upstream.requests) == 1)
            await made.aclose()
            with pytest.raises(Disconnected):
                await sending
            with pytest.raises(Unreachable):
                await made.send(upstream.post(), TIMEOUTS)
            await until(lambda: upstream.seen_closed == 1)
            assert (0, 1) == (made.statistics().open, upstream.accepted)

    run(main)


def test_closing_while_connecting():
    """The connection that comes too late is closed again, and nothing was sent on it."""

    async def main():
        async with serve(silent) as upstream, transport() as made:
            sending = asyncio.gather(made.send(upstream.post(), TIMEOUTS))
            await until(lambda: made.statistics().connecting == 1)
            await made.aclose()
            with pytest.raises(Unreachable):
                await sending
            assert 0 == made.statistics().open

    run(main)


def test_errors_tell_no_secrets():
    """Neither message nor detail has a header's value or a body in it."""

    async def main():
        reply = b"HTTP/1.1 200 OK\r\nx-echo: sk-secret\0\r\n\r\n"
        async with serve(answers(reply)) as upstream, transport() as made:
            with pytest.raises(Garbled) as caught:
                await call(made, upstream.post(b"sk-secret"))

            assert b"Bearer sk-secret" in upstream.requests[0]
            assert "sk-secret" not in repr(caught.value) + caught.value.detail + repr(made)

    run(main)
