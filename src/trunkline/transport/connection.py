"""One connection to an upstream: its socket, its clock, and the answer under way on it."""

import asyncio
import socket
from math import inf
from typing import Protocol, cast

from trunkline.canon.errors import Disconnected, TimedOut, UpstreamError
from trunkline.kernel.clock import Clock
from trunkline.transport.base import Timeouts
from trunkline.transport.limits import Limits
from trunkline.transport.message import DONE, AnswerParser
from trunkline.transport.response import HttpResponse

# Below this, copying the body behind its head is cheaper than a vectored write.
_JOINED_WRITE = 64 << 10


class Home(Protocol):
    """The pool a connection belongs to."""

    def adopt(self, connection: "Connection") -> None:
        """It is open."""

    def keep(self, connection: "Connection") -> bool:
        """It can serve another request; False when enough lie idle already."""

    def forget(self, connection: "Connection") -> None:
        """It is gone, or going. May be told twice."""


class Connection(asyncio.BaseProtocol):
    """
    `start` a request, then wait on the answer's `waiter`. See the two kinds below.

    The answer wakes its reader at the end of the read in which its head became whole, with
    the body of that same read already in it: a small answer costs its caller one wait.
    """

    __slots__ = (
        "_clock",
        "_high_water",
        "_home",
        "_loop",
        "_parser",
        "_response",
        "_reused",
        "_timeouts",
        "_transport",
        "_unheard",
        "_unsent",
        "deadline",
    )

    def __init__(
        self, home: Home, clock: Clock, limits: Limits, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._home = home
        self._clock = clock
        self._loop = loop
        self._high_water = limits.buffered_bytes
        self._parser = AnswerParser(limits)
        self._transport: asyncio.Transport | None = None
        self._response: HttpResponse | None = None
        self._timeouts = Timeouts()
        self._reused = False
        self._unheard = False
        """No byte has come since the last request was written."""
        self._unsent = 0
        """Bytes of the request that the kernel has not taken yet, as last seen."""
        self.deadline = inf
        """Monotonic seconds; what running out means depends on what is under way."""

    def start(self, method: bytes, head: bytes, body: bytes, timeouts: Timeouts) -> HttpResponse:
        """Write a request; only while nothing else is under way."""
        response = HttpResponse(self, self._loop.create_future())
        self._response = response
        self._timeouts = timeouts
        self._unheard = True
        self._parser.begin(method)
        self.deadline = self._clock.monotonic() + timeouts.headers
        transport = self._transport
        if transport is None:  # closed since it was taken; as a peer's close would be
            response.stale = self._reused
            self._response = None
            response.fail(Disconnected("the connection to the provider was closed"))
        elif len(body) < _JOINED_WRITE:
            transport.write(head + body)
        else:
            transport.writelines((head, body))
        return response

    def expire(self) -> bool:
        """The deadline has passed. True when that broke an answer off."""
        response = self._response
        if response is None:  # idle for long enough
            self.abort()
            return False
        if not response.status and self._sending():
            self.deadline = self._clock.monotonic() + self._timeouts.headers
            return False
        self._break(response, self._timed_out(response))
        return True

    def abort(self) -> None:
        """Close at once; an answer under way fails."""
        response = self._response
        if response is not None:
            self._break(response, Disconnected("the connection to the provider was closed"))
            return
        self._home.forget(self)
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()

    # The answer's side (response.Source).

    def resume(self) -> None:
        if self._transport is not None:
            self.deadline = self._clock.monotonic() + self._timeouts.idle
            self._transport.resume_reading()

    def drop(self) -> None:
        self._response = None
        self.abort()

    # The socket's side (asyncio's protocols).

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        # With no buffer allowed, pause_writing tells exactly that the kernel did not take all.
        # High is 1 since asyncio's TLS transports pause at "size >= high".
        self._transport.set_write_buffer_limits(high=1, low=0)
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._home.adopt(self)

    def data_received(self, data: bytes | memoryview) -> None:
        response = self._response
        if response is None:  # bytes that nobody asked for: the next answer could not be trusted
            self.abort()
            return
        self._unheard = False
        parser = self._parser
        body = parser.feed(data)
        if not response.status and parser.status:
            response.status = parser.status
            response.headers = parser.headers
            response.length = parser.length
        elif not body and parser.stage != DONE and parser.fault is None:
            return  # half a head, or framing between two pieces of body: no progress to speak of
        if body:
            response.push(body)
        if parser.stage == DONE:
            self._finish(response)
        elif parser.fault is not None:
            self._break(response, parser.fault)
        else:
            self._proceed(response)

    def pause_writing(self) -> None:
        transport = self._transport
        self._unsent = transport.get_write_buffer_size() if transport is not None else 0

    def resume_writing(self) -> None:
        self._unsent = 0
        response = self._response
        if response is not None and not response.status:
            self.deadline = self._clock.monotonic() + self._timeouts.headers

    def eof_received(self) -> None:
        if self._response is None:
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._home.forget(self)
        response, self._response = self._response, None
        if response is not None:
            if exc is None and self._parser.ends_here():
                response.finish()
            else:
                response.stale = self._reused and self._unheard
                response.fail(_lost(response, exc))
        self._parser.detach()

    def _proceed(self, response: HttpResponse) -> None:
        """More of the body may come."""
        if response.buffered > self._high_water and self._transport is not None:
            # The clock stands still while it is we who do not read.
            response.paused = True
            self.deadline = inf
            self._transport.pause_reading()
        else:
            self.deadline = self._clock.monotonic() + self._timeouts.idle
        response.wake()

    def _finish(self, response: HttpResponse) -> None:
        """The answer is whole: free for the next request before the reader even wakes."""
        self._response = None
        parser = self._parser
        if parser.reusable and not self._unsent and self._home.keep(self):
            self._reused = True
            self.deadline = self._clock.monotonic() + parser.patience
        else:
            self.abort()
        response.finish()

    def _break(self, response: HttpResponse, error: UpstreamError) -> None:
        response.fail(error)
        self.drop()

    def _sending(self) -> bool:
        """Whether the upstream still takes the request, if slowly."""
        before = self._unsent
        if not before or self._transport is None:
            return False
        self._unsent = self._transport.get_write_buffer_size()
        return self._unsent < before

    def _timed_out(self, response: HttpResponse) -> TimedOut:
        if response.status:
            return TimedOut(
                "the provider stopped sending its answer",
                detail=f"idle clock, {self._timeouts.idle:g} s",
            )
        return TimedOut(
            "the provider did not answer in time",
            detail=f"headers clock, {self._timeouts.headers:g} s",
        )

    def __repr__(self) -> str:
        state = (
            "closed" if self._transport is None else "idle" if self._response is None else "busy"
        )
        return f"<Connection {state}>"


class PlainConnection(Connection, asyncio.Protocol):
    """Gets a bytes object per read, which uvloop cuts from its own buffer."""

    __slots__ = ()


class TlsConnection(Connection, asyncio.BufferedProtocol):
    """
    Reads into `scratch`, which all connections share: it is filled and used up in one go.

    Without it uvloop allocates 256 KiB for each read of a few hundred bytes and gives it back,
    three system calls that cost more than the decryption, and asks OpenSSL once more than needed.
    """

    __slots__ = ("_scratch",)

    def __init__(
        self,
        home: Home,
        clock: Clock,
        limits: Limits,
        loop: asyncio.AbstractEventLoop,
        scratch: memoryview,
    ) -> None:
        super().__init__(home, clock, limits, loop)
        self._scratch = scratch

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._scratch

    def buffer_updated(self, nbytes: int) -> None:
        self.data_received(self._scratch[:nbytes])


def _lost(response: HttpResponse, exc: Exception | None) -> Disconnected:
    how = type(exc).__name__ if exc is not None else "end of file"
    if response.status:
        return Disconnected(
            "the provider closed the connection before its answer was whole", detail=how
        )
    return Disconnected("the provider closed the connection before it answered", detail=how)
