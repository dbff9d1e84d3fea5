"""The whole client against real sockets: framing, re-use, the one retry, clocks, limits, proxies."""

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
from trunkline.transport.base import Origin, Timeouts, UpstreamRequest
from trunkline.transport.limits import Limits

BODY = b"hello world"
SIZED = b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n" + BODY
IN_CHUNKS = CHUNKED + b"6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n"
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\n\r\n" + BODY
LOOPS = ("uvloop", "asyncio")


def error_of(reply: bytes, *, then=Peer.gone):
    """What a caller meets when an upstream sends these bytes and then does this."""
    met = []

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(reply)
        done = then(peer)
        if done is not None:
            await done

    async def main():
        async with serve(script) as upstream, transport() as made:
            with pytest.raises((Disconnected, Garbled)) as caught:
                await call(made, upstream.post())
            await until(lambda: made.statistics().open == 0)
            met.append(caught.value)

    run(main)
    return met[0]


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


def test_connections_are_used_again():
    """One after the other needs one connection, side by side needs as many."""

    async def main():
        async with serve(always(OK)) as upstream, transport() as made:
            for _ in range(5):
                await call(made, upstream.post())
            assert 1 == upstream.accepted
            await asyncio.gather(*[call(made, upstream.post()) for _ in range(3)])
            assert 3 == upstream.accepted
            assert "<HttpTransport 3 open, 3 idle>" == repr(made)
            assert (8, 3, 0) == (
                made.statistics().requests,
                made.statistics().opened,
                made.statistics().retried,
            )

    run(main)


@pytest.mark.parametrize(
    "reply",
    (UNTIL_CLOSE, SIZED.replace(b"OK", b"OK\r\nconnection: close"), SIZED + b"x", SIZED + SIZED),
)
def test_some_connections_are_not(reply):
    """The upstream said close, or sent more than one answer."""

    async def main():
        async with serve(answers(reply)) as upstream, transport() as made:
            for _ in range(2):
                assert (200, BODY) == await call(made, upstream.post())
            assert 2 == upstream.accepted

    run(main)


def test_no_second_answer_reaches_the_next_request():
    """An upstream that pushes an unasked answer on an idle connection loses the connection."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil")
        await peer.gone()

    async def main():
        async with serve(script) as upstream, transport() as made:
            assert (200, b"ok") == await call(made, upstream.post())
            await until(lambda: upstream.seen_closed == 1)
            assert (200, b"ok") == await call(made, upstream.post())
            assert 2 == upstream.accepted

    run(main)


@pytest.mark.parametrize("status", (301, 302, 303, 307, 308))
def test_redirects_are_answers(status):
    """Nothing is sent to where they point, least of all our credential."""
    reply = b"HTTP/1.1 %d Moved\r\nlocation: %s/other\r\ncontent-length: 0\r\n\r\n"

    async def main():
        async with serve(always(OK)) as elsewhere:
            target = b"http://127.0.0.1:%d" % elsewhere.port
            async with serve(always(reply % (status, target))) as upstream, transport() as made:
                assert (status, b"") == await call(made, upstream.post())
                assert (1, 0) == (len(upstream.requests), elsewhere.accepted)

    run(main)


@pytest.mark.parametrize(
    "reply",
    (
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n\x1f\x8b",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 129 + b"\r\n",
        b"HTTP/1.1 200 OK\r\na: " + b"b" * 70_000 + b"\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        CHUNKED + b"xyz\r\n",
    ),
    ids=("gzip", "headers", "header bytes", "not http", "bad chunk"),
)
def test_garbled_answers(reply):
    """Refused, and the connection closed at once."""
    assert isinstance(error_of(reply), Garbled)


@pytest.mark.parametrize("reply", (b"", b"HTTP/1.1 200", SIZED[:-1], CHUNKED + b"5\r\nhe", CHUNKED))
@pytest.mark.parametrize("then", (lambda peer: None, Peer.reset), ids=("end of file", "reset"))
def test_answers_that_break_off(reply, then):
    """Before or within head or body, by end of file or reset: never taken for a whole one."""
    assert isinstance(error_of(reply, then=then), Disconnected)


def test_a_body_that_should_go_on_until_close_but_is_reset():
    """A reset is no proper close."""
    assert isinstance(error_of(UNTIL_CLOSE, then=Peer.reset), Disconnected)


class Stale:
    """The first connection serves one request and is then closed, in one of several ways."""

    def __init__(self, *, reset: bool = False, first: bytes = b"", close_all: bool = False) -> None:
        self.reset = reset
        self.first = first
        self.close_all = close_all
        self.connections = 0

    async def __call__(self, peer: Peer) -> None:
        self.connections += 1
        if self.connections > 1 and not self.close_all:
            await always(OK)(peer)
        if self.connections == 1:
            await peer.request()
            await peer.send(OK)
        await peer.request()  # taken, never answered
        if self.first:
            await peer.send(self.first)
        if self.reset:
            peer.reset()


@pytest.mark.parametrize("reset", (False, True), ids=("end of file", "reset"))
def test_a_stale_connection_is_retried_once_on_a_fresh_one(reset):
    """The upstream closed an idle connection as we used it: the caller does not notice."""

    async def main():
        async with serve(Stale(reset=reset)) as upstream, transport() as made:
            await call(made, upstream.post())
            assert (200, b"ok") == await call(made, upstream.post(b"second"))
            assert (2, 1) == (upstream.accepted, made.statistics().retried)
            assert 2 == sum(request.endswith(b"second") for request in upstream.requests)

    run(main)


def test_the_retry_tries_no_other_idle_connection():
    """If one was closed, so may be the next; a fresh one decides."""

    async def script(peer: Peer) -> None:
        first = peer.upstream.accepted <= 2
        await peer.request()
        await peer.send(OK)
        await peer.request()
        if not first:
            await peer.send(OK)

    async def main():
        async with serve(script) as upstream, transport() as made:
            await asyncio.gather(*[call(made, upstream.post()) for _ in range(2)])
            assert 2 == made.statistics().idle
            assert (200, b"ok") == await call(made, upstream.post())
            assert (3, 1) == (upstream.accepted, made.statistics().retried)

    run(main)


def test_the_retry_is_not_repeated():
    """When the fresh connection fails, too, that is the answer."""

    async def main():
        async with serve(Stale(close_all=True)) as upstream, transport() as made:
            await call(made, upstream.post())
            with pytest.raises(Disconnected):
                await call(made, upstream.post())
            assert (2, 1) == (upstream.accepted, made.statistics().retried)

    run(main)


@pytest.mark.parametrize("first", (b"H", b"HTTP/1.1 100 Continue\r\n\r\n"))
@pytest.mark.parametrize("reset", (False, True), ids=("end of file", "reset"))
def test_a_request_that_got_a_byte_is_never_repeated(first, reset):
    """The upstream has begun to answer: it may have done the work, and charged for it."""

    async def main():
        async with serve(Stale(reset=reset, first=first)) as upstream, transport() as made:
            await call(made, upstream.post())
            with pytest.raises(Disconnected):
                await call(made, upstream.post())
            assert (1, 2, 0) == (
                upstream.accepted,
                len(upstream.requests),
                made.statistics().retried,
            )

    run(main)


def test_a_fresh_connection_that_closes_is_not_retried():
    """It cannot have been stale."""

    async def script(peer: Peer) -> None:
        await peer.request()

    async def main():
        async with serve(script) as upstream, transport() as made:
            with pytest.raises(Disconnected):
                await call(made, upstream.post())
            assert 1 == upstream.accepted

    run(main)


def test_a_time_out_on_an_old_connection_is_not_retried():
    """It was not the upstream who closed it."""

    async def main():
        async def script(peer: Peer) -> None:
            await peer.request()
            await peer.send(OK)
            await stuck(peer)

        clock = FakeClock()
        async with serve(script) as upstream, transport(clock=clock) as made:
            await call(made, upstream.post())
            sending = asyncio.gather(call(made, upstream.post()))
            await until(lambda: len(upstream.requests) == 2)
            clock.now += 60
            with pytest.raises(TimedOut):
                await sending
            assert (1, 0) == (upstream.accepted, made.statistics().retried)

    run(main)


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


def test_idle_connections_grow_old():
    """After the keep-alive time they are closed, and an origin without any is forgotten."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.gone()

    async def main():
        clock = FakeClock()
        async with serve(script) as upstream, transport(clock=clock) as made:
            await call(made, upstream.post())
            clock.now += 29.9
            made._sweep()
            assert 1 == made.statistics().idle
            clock.now += 0.2
            await until(lambda: upstream.seen_closed == 1 and not made._pools)
            assert (0, 0) == (made.statistics().open, made.statistics().timed_out)
            assert None is made._sweeper

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


def test_origins_do_not_share_connections():
    """Not by port, not by scheme, not by the spelling of the host."""

    async def main():
        async with serve(always(OK)) as upstream, transport() as made:
            await call(made, upstream.post())
            other = Origin("http", "localhost", upstream.port)
            await call(made, UpstreamRequest(other, b"GET", b"/", (), b""))
            assert 2 == upstream.accepted

    run(main)
