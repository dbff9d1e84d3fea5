"""The transport without a network."""

import asyncio

import pytest

from trunkline.canon.errors import Disconnected, Garbled, TimedOut, Unreachable
from trunkline.transport.base import Origin, Timeouts, UpstreamRequest
from trunkline.transport.replay import CannedResponse, Recording, ReplayTransport

ORIGIN = Origin("https", "api.example.com", 443)
TIMEOUTS = Timeouts()


def get(path: bytes = b"/") -> UpstreamRequest:
    return UpstreamRequest(ORIGIN, b"GET", path, (), b"")


def test_answers_come_in_order_and_requests_are_remembered():
    """Script in, script out; a script that is used up says what it was asked."""

    async def main():
        transport = ReplayTransport(
            [Recording(steps=(b"one",)), Recording(status=500, steps=(b"t", b"wo"))]
        )
        first, second = [await transport.send(get(), TIMEOUTS) for _ in range(2)]

        assert (200, True, b"one") == (first.status, first.complete, await first.body(9))
        assert (500, False) == (second.status, second.complete)
        assert [b"t", b"wo", b""] == [await second.read() for _ in range(3)]
        assert second.complete
        with pytest.raises(Unreachable) as caught:
            await transport.send(get(b"/more"), TIMEOUTS)
        assert "GET api.example.com/more" == caught.value.detail
        assert [b"/", b"/", b"/more"] == [sent.request.path for sent in transport.sent]

    asyncio.run(main())


def test_recordings_answer_what_they_match():
    """The first that matches and is not used up."""

    async def main():
        transport = ReplayTransport(
            [
                Recording(matches=lambda request: request.path == b"/a", steps=(b"a",), times=None),
                Recording(steps=(b"rest",)),
            ]
        )
        got = []
        for path in (b"/b", b"/a", b"/a"):
            response = await transport.send(get(path), TIMEOUTS)
            got.append(await response.body(9))

        assert [b"rest", b"a", b"a"] == got

    asyncio.run(main())


def test_errors_come_at_their_place():
    """Before the head, or after some bytes; and stay."""

    async def main():
        transport = ReplayTransport(
            [
                Recording(before=(Unreachable("down"),)),
                Recording(steps=(b"a", Disconnected("cut"), b"never")),
            ]
        )
        with pytest.raises(Unreachable):
            await transport.send(get(), TIMEOUTS)
        response = await transport.send(get(), TIMEOUTS)

        assert b"a" == await response.read()
        for _ in range(2):
            with pytest.raises(Disconnected):
                await response.read()
        assert not response.complete

    asyncio.run(main())


def test_a_stall_ends_with_its_reader():
    """A recording may wait for anything; cancelling the reader closes the answer."""

    async def main():
        stall = asyncio.Event()
        transport = ReplayTransport(
            [Recording(steps=(stall.wait,)), Recording(before=(stall.wait,))]
        )
        response = await transport.send(get(), TIMEOUTS)
        for waiting in (response.read(), transport.send(get(), TIMEOUTS)):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0):
                    await waiting

        assert (True, 0) == (response.closed, transport.unclosed)

    asyncio.run(main())


def test_leaks_show():
    """An answer nobody closed is counted; closing the transport closes it."""

    async def main():
        transport = ReplayTransport([Recording(steps=(b"a", b"b"))])
        await transport.send(get(), TIMEOUTS)

        assert "<ReplayTransport 1 sent, 1 unclosed>" == repr(transport)
        await transport.aclose()
        assert 0 == transport.unclosed

    asyncio.run(main())


def test_a_generator_is_asked_only_when_read_and_cleaned_up_when_closed():
    """No piece is made before it is wanted; the cleanup has run when close returns."""

    async def main():
        told = []

        async def pieces():
            try:
                for number in range(100):
                    told.append(number)
                    yield b"" if number == 0 else b"%d" % number
            finally:
                told.append("end")

        response = CannedResponse(200, (), pieces())
        before = list(told)

        assert ([], b"1") == (before, await response.read())
        response.close()
        assert [0, 1, "end"] == told
        with pytest.raises(Disconnected):
            await response.read()

    asyncio.run(main())


def test_a_body_over_the_limit_is_refused():
    """As from the network."""

    async def main():
        async def pieces():
            while True:
                yield b"1234"

        for body in (b"12345", pieces()):
            with pytest.raises(Garbled):
                await CannedResponse(200, (), body).body(4)

    asyncio.run(main())


def test_a_generators_own_error_is_the_readers():
    """A simulated provider fails as a real one does."""

    async def main():
        async def pieces():
            yield b"a"
            raise TimedOut("late")

        response = CannedResponse(200, (), pieces())
        with pytest.raises(TimedOut):
            await response.body(9)
        response.close()
        assert "<CannedResponse 200 closed>" == repr(response)

    asyncio.run(main())
