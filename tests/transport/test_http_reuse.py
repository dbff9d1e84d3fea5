"""Connections that are used again, against real sockets, and the one retry on a stale one."""

import asyncio

import pytest

from tests.transport.upstream import (
    OK,
    FakeClock,
    Peer,
    always,
    answers,
    call,
    run,
    serve,
    stuck,
    transport,
    until,
)
from trunkline.canon.errors import Disconnected, TimedOut
from trunkline.transport.base import Origin, UpstreamRequest

BODY = b"hello world"
SIZED = b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n" + BODY
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\n\r\n" + BODY


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


def test_origins_do_not_share_connections():
    """Not by port, not by scheme, not by the spelling of the host."""

    async def main():
        async with serve(always(OK)) as upstream, transport() as made:
            await call(made, upstream.post())
            other = Origin("http", "localhost", upstream.port)
            await call(made, UpstreamRequest(other, b"GET", b"/", (), b""))
            assert 2 == upstream.accepted

    run(main)
