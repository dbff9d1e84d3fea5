"""A caller that goes away takes its connection with it, at whatever moment, and nothing else."""

import asyncio

import pytest
import trustme

from tests.keeping import kept
from tests.transport.upstream import (
    CHUNKED,
    OK,
    TIMEOUTS,
    Peer,
    always,
    call,
    open_files,
    run,
    serve,
    server_context,
    stuck,
    transport,
    until,
)


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


async def trickle(peer: Peer) -> None:
    """Stream without end."""
    await peer.request()
    await peer.send(CHUNKED)
    while True:
        await peer.send(b"2\r\nhi\r\n")


@pytest.mark.parametrize("secure", (False, True), ids=("plain", "tls"))
def test_a_cancelled_send_closes_at_once(ca, secure):
    """While the upstream thinks: it sees the connection close within a few turns of the loop."""

    async def took():
        tls = server_context(ca, "127.0.0.1") if secure else None
        async with serve(stuck, tls=tls) as upstream, transport(ca=ca) as made:
            sending = asyncio.gather(made.send(upstream.post(), TIMEOUTS))
            await until(lambda: len(upstream.requests) == 1)
            started = asyncio.get_running_loop().time()
            sending.cancel()
            await until(lambda: upstream.seen_closed == 1)
            took = asyncio.get_running_loop().time() - started
            assert 0 == made.statistics().open
        return took

    async def main():
        assert await kept(0.25, took)

    run(main)


@pytest.mark.parametrize("secure", (False, True), ids=("plain", "tls"))
def test_closing_the_transport_has_closed_the_sockets(ca, secure):
    """When aclose returns they are shut, not about to be: the loop may end now."""

    async def main():
        tls = server_context(ca, "127.0.0.1") if secure else None
        async with serve(always(OK), tls=tls) as upstream, transport(ca=ca) as made:
            await asyncio.gather(*[call(made, upstream.post()) for _ in range(5)])
            before = open_files()
            await made.aclose()

            assert open_files() <= before - 5

    run(main)


def test_a_cancelled_read_closes_at_once():
    """In the middle of a body."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED + b"2\r\nhi\r\n")
        await peer.gone()

    async def main():
        async with serve(script) as upstream, transport() as made:
            response = await made.send(upstream.post(), TIMEOUTS)
            assert b"hi" == await response.read()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0):
                    await response.read()
            await until(lambda: upstream.seen_closed == 1)

            assert 0 == made.statistics().open

    run(main)


def test_a_cancel_that_comes_too_late_harms_nobody():
    """
    The answer is whole, its connection already serves another request, and only then does the
    first caller's task hear that it was cancelled.
    """

    async def main():
        async with serve(always(OK)) as upstream, transport() as made:
            await call(made, upstream.post())
            first = asyncio.gather(made.send(upstream.post(), TIMEOUTS))
            # The answer arrives in a turn of the loop in which the caller cannot run yet.
            await until(lambda: made.statistics().idle == 0)
            await until(lambda: made.statistics().idle == 1)
            first.cancel()

            assert (200, b"ok") == await call(made, upstream.post())
            assert 1 == upstream.accepted
            with pytest.raises(asyncio.CancelledError):
                await first

    run(main)


async def cancelled_after(turns: int, made, request) -> bool:
    """Start a whole exchange, cancel it that many turns of the loop later; whether it was under way."""

    async def exchange() -> None:
        response = await made.send(request, TIMEOUTS)
        try:
            for _ in range(20):
                await response.read()
        finally:
            response.close()

    under_way = asyncio.gather(exchange())
    for _ in range(turns):
        await asyncio.sleep(0)
    cancelled = under_way.cancel()
    await asyncio.gather(under_way, return_exceptions=True)
    return cancelled


@pytest.mark.parametrize("secure", (False, True), ids=("plain", "tls"))
def test_five_hundred_cancels_leave_nothing_open(ca, secure):
    """During connect, handshake, head and body: afterwards no connection, no file, right counts."""

    async def main():
        tls = server_context(ca, "127.0.0.1") if secure else None
        async with (
            serve(trickle, tls=tls) as streaming,
            serve(stuck, tls=tls) as silent,
            serve(always(OK), tls=tls) as prompt,
            transport(ca=ca) as made,
        ):
            upstreams = (streaming, silent, prompt)
            await call(made, prompt.post())
            before = open_files() - 2  # both ends of the idle connection
            cancelled = 0
            for start in range(0, 500, 10):
                cancelled += sum(
                    await asyncio.gather(
                        *[
                            # A stride without a common factor reaches every moment with every upstream.
                            cancelled_after(number * 7 % 60, made, upstreams[number % 3].post())
                            for number in range(start, start + 10)
                        ]
                    )
                )
            now = made.statistics()

            assert cancelled > 250
            assert (0, now.open) == (now.connecting, now.idle)
            assert now.idle <= 10
            await until(lambda: open_files() - 2 * now.idle <= before)

    run(main)
