"""One connection: its clock, its back-pressure, and when it may be used again."""

import asyncio
from math import inf

import pytest

from tests.transport.upstream import OK, FakeClock
from trunkline.canon.errors import Disconnected, Garbled, TimedOut
from trunkline.transport.base import Timeouts
from trunkline.transport.connection import PlainConnection
from trunkline.transport.limits import Limits

TIMEOUTS = Timeouts(connect=1, headers=10, idle=5)
START = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n"


class FakeSocket(asyncio.Transport):
    """A transport whose kernel takes as much as the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.writes = 0
        self.unsent = 0
        self.reading = True
        self.aborted = False

    def set_write_buffer_limits(self, high=None, low=None) -> None:
        self.limits = (high, low)

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def write(self, data) -> None:
        self.writes += 1
        self.written.append(data)

    def writelines(self, list_of_data) -> None:
        self.writes += 1
        self.written += list_of_data

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def abort(self) -> None:
        self.aborted = True


class FakeHome:
    def __init__(self) -> None:
        self.kept = 0
        self.adopted = 0
        self.forgotten = 0

    def adopt(self, connection) -> None:
        self.adopted += 1

    def keep(self, connection) -> bool:
        self.kept += 1
        return True

    def forget(self, connection) -> None:
        self.forgotten += 1


class Rig:
    """A connection between fakes, with a request under way on it."""

    def __init__(self, body: bytes = b"{}") -> None:
        self.clock = FakeClock()
        self.home = FakeHome()
        self.socket = FakeSocket()
        self.connection = PlainConnection(
            self.home, self.clock, Limits(), asyncio.get_running_loop()
        )
        self.connection.connection_made(self.socket)
        self.response = self.request(body)

    def request(self, body: bytes = b"{}"):
        return self.connection.start(b"POST", b"head\r\n\r\n", body, TIMEOUTS)

    def receive(self, data: bytes) -> None:
        self.connection.data_received(data)

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return self.connection.deadline - self.clock.now


def rigged(test) -> None:
    async def main() -> None:
        await test(Rig())

    asyncio.run(main())


def test_a_request_is_one_write():
    """Head and body together; a big body is not copied behind its head."""

    async def main():
        small, big = Rig(b"{}"), Rig(b"x" * 100_000)

        assert (1, [b"head\r\n\r\n{}"]) == (small.socket.writes, small.socket.written)
        assert (1, [b"head\r\n\r\n", b"x" * 100_000]) == (big.socket.writes, big.socket.written)

    asyncio.run(main())


def test_an_answer_in_one_read_needs_one_wait():
    """When the waiter is done the answer is complete and the connection free for the next."""

    async def test(rig):
        rig.receive(OK)

        assert rig.response.waiter.done()
        assert (200, True, 1) == (rig.response.status, rig.response.complete, rig.home.kept)
        assert 30.0 == rig.left

    rigged(test)


def test_the_headers_clock():
    """It runs from the request on, whatever dribbles in before the head is whole."""

    async def test(rig):
        rig.clock.now += 6
        rig.receive(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 ")
        assert 4.0 == rig.left

        assert rig.connection.expire()
        assert isinstance(rig.response.error, TimedOut)
        assert "headers clock, 10 s" == rig.response.error.detail
        assert rig.socket.aborted

    rigged(test)


def test_the_idle_clock():
    """Each read of body winds it up again; bytes that are no body do not."""

    async def test(rig):
        rig.receive(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        rig.clock.now += 3
        rig.receive(b"1\r\nx\r\n")
        after_body = rig.left
        rig.clock.now += 3
        rig.receive(b"5;extension")

        assert (5.0, 2.0) == (after_body, rig.left)
        assert rig.connection.expire()
        assert b"x" == await rig.response.read()
        with pytest.raises(TimedOut) as caught:
            await rig.response.read()
        assert "idle clock, 5 s" == caught.value.detail

    rigged(test)


def test_an_unread_body_stops_the_socket_and_the_clock():
    """Above 256 KiB the upstream waits for our reader, and is not blamed for it."""

    async def test(rig):
        rig.receive(START)
        rig.receive(b"x" * (255 << 10))
        before = rig.socket.reading
        rig.receive(b"x" * (1 << 10))

        assert (True, False, inf) == (before, rig.socket.reading, rig.connection.deadline)
        await rig.response.read()
        assert (True, 5.0) == (rig.socket.reading, rig.left)

    rigged(test)


def test_a_slow_upload_is_not_a_slow_answer():
    """The headers clock begins with the request's last byte; till then the upload must go on."""

    async def test(rig):
        rig.socket.unsent = 1000
        rig.connection.pause_writing()
        rig.clock.now += 10
        rig.socket.unsent = 500
        assert not rig.connection.expire()
        assert 10.0 == rig.left

        rig.clock.now += 4
        rig.connection.resume_writing()
        assert 10.0 == rig.left

    rigged(test)


def test_a_stuck_upload_times_out():
    """An upstream that takes nothing for the length of the headers clock is given up."""

    async def test(rig):
        rig.socket.unsent = 1000
        rig.connection.pause_writing()

        assert rig.connection.expire()
        assert isinstance(rig.response.error, TimedOut)

    rigged(test)


def test_an_early_answer_ends_the_connection():
    """The rest of the request is still in the pipe: what follows could not be told apart."""

    async def test(rig):
        rig.socket.unsent = 1000
        rig.connection.pause_writing()
        rig.receive(OK)

        assert (True, 0, True) == (rig.response.complete, rig.home.kept, rig.socket.aborted)

    rigged(test)


@pytest.mark.parametrize("surplus", (b"\r\n", OK, b"x"))
def test_bytes_on_an_idle_connection_end_it(surplus):
    """Nobody asked, so nobody can say what they are."""

    async def test(rig):
        rig.receive(OK)
        rig.receive(surplus)

        assert (True, 1) == (rig.socket.aborted, rig.home.forgotten)

    rigged(test)


def test_an_idle_connection_that_is_closed_goes():
    """At the end of file already, not only when the socket is gone."""

    async def test(rig):
        rig.receive(OK)
        rig.connection.eof_received()

        assert (True, 1) == (rig.socket.aborted, rig.home.forgotten)

    rigged(test)


def test_idle_for_too_long():
    """The deadline of an idle connection is no time-out of anybody's answer."""

    async def test(rig):
        rig.receive(OK)

        assert not rig.connection.expire()
        assert rig.socket.aborted

    rigged(test)


@pytest.mark.parametrize("used, byte, stale", ((0, b"", False), (1, b"", True), (1, b"H", False)))
@pytest.mark.parametrize("error", (None, ConnectionResetError()))
def test_what_counts_as_stale(used, byte, stale, error):
    """A connection used before, on which this request got not a single byte."""

    async def test(rig):
        if used:
            rig.receive(OK)
            rig.response = rig.request()
        if byte:
            rig.receive(byte)
        rig.connection.connection_lost(error)

        assert isinstance(rig.response.error, Disconnected)
        assert stale == rig.response.stale

    rigged(test)


@pytest.mark.parametrize(
    "error, complete", ((None, True), (ConnectionResetError(), False), (TimeoutError(), False))
)
def test_an_answer_until_close(error, complete):
    """Only a proper close is its end; a reset is none."""

    async def test(rig):
        rig.receive(b"HTTP/1.1 200 OK\r\n\r\nhello")
        rig.connection.connection_lost(error)

        assert b"hello" == await rig.response.read()
        assert complete == rig.response.complete

    rigged(test)


def test_a_fault_ends_the_connection():
    """After bytes that are not HTTP nothing can be read."""

    async def test(rig):
        rig.receive(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\nzz")

        assert (200, b"x") == (rig.response.status, await rig.response.read())
        assert isinstance(rig.response.error, Garbled)
        assert rig.socket.aborted

    rigged(test)


def test_aborting_fails_what_is_under_way():
    """And an abandoned answer does not hear of its connection any more."""

    async def test(rig):
        rig.connection.abort()
        rig.connection.connection_lost(None)

        assert isinstance(rig.response.error, Disconnected)
        assert not rig.response.stale
        assert "<Connection closed>" == repr(rig.connection)

    rigged(test)


def test_a_connection_lost_before_its_first_request():
    """The request fails at once; on a fresh connection that is no stale one."""

    async def test(rig):
        rig.receive(OK)
        fresh = PlainConnection(rig.home, rig.clock, Limits(), asyncio.get_running_loop())
        fresh.connection_made(FakeSocket())
        fresh.connection_lost(None)
        response = fresh.start(b"GET", b"", b"", TIMEOUTS)

        assert response.waiter.done()
        assert (False, True) == (response.stale, isinstance(response.error, Disconnected))

    rigged(test)
