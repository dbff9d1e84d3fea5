"""One connection of the stand-alone simulator: requests in, each step of an answer at its time."""

import asyncio
import socket
from collections import deque
from collections.abc import Iterator
from itertools import chain
from struct import pack
from typing import cast

import httptools
from msgspec import Struct

from trunkline.kernel.clock import Clock
from trunkline.providers.sim.arrival import Arrival
from trunkline.providers.sim.engine import Engine
from trunkline.providers.sim.log import Record
from trunkline.providers.sim.steps import Cut, End, Hang, Head, Refuse, Send, Step, Wait

_REASONS = {
    200: b"OK", 301: b"Moved Permanently", 302: b"Found", 307: b"Temporary Redirect",
    308: b"Permanent Redirect", 400: b"Bad Request", 401: b"Unauthorized", 403: b"Forbidden",
    404: b"Not Found", 405: b"Method Not Allowed", 413: b"Payload Too Large",
    422: b"Unprocessable Entity", 429: b"Too Many Requests", 500: b"Internal Server Error",
    502: b"Bad Gateway", 503: b"Service Unavailable", 504: b"Gateway Timeout",
}  # fmt: skip
_FLUSH = 1 << 16
_GRACE = 0.02
"""Seconds between the last bytes and a reset: an RST may overtake what its receiver has not read."""


class _Raw(Struct, frozen=True):
    """Bytes outside the body's framing."""

    data: bytes


class Connection(asyncio.Protocol):
    """One connection: requests are answered one after the other, each step at its time."""

    def __init__(self, engine: Engine, clock: Clock, open_: "set[Connection]") -> None:
        self._engine = engine
        self._open = open_
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[tuple[Arrival, bool]] = deque()
        self._steps: Iterator[Step | _Raw] | None = None
        self._record: Record | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._paused = False
        self._silent = False
        self._keep = True
        self._chunked = False
        self._reset_request()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._open.add(self)
        mode = self._engine.door.pass_()
        if mode == "reset":
            self._reset()
        elif mode == "close":
            self._transport.close()
        self._silent = mode == "silent"

    def data_received(self, data: bytes) -> None:
        if self._silent:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            return  # the simulator speaks nothing else
        except httptools.HttpParserError:
            self._transport.write(
                b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            )
            self._transport.close()

    def eof_received(self) -> None:
        self._gone("fin")

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone("rst" if exc is not None else "fin")
        self._open.discard(self)
        del self._parser  # it holds this object's methods: a ring only the collector would free

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        if self._steps is not None and self._timer is None:
            self._advance()

    # httptools' callbacks

    def _reset_request(self) -> None:
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        if (b"expect", b"100-continue") in self._headers:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        arrival = Arrival(
            method=self._parser.get_method().decode("latin-1"),
            path=self._url.decode("latin-1"),
            headers=tuple(self._headers),
            body=b"".join(self._body),
        )
        self._reset_request()
        self._waiting.append((arrival, self._parser.should_keep_alive()))
        if self._steps is None:
            self._next()

    # The performance

    def _next(self) -> None:
        arrival, self._keep = self._waiting.popleft()
        performance = self._engine.respond(arrival)
        self._steps, self._record = performance.steps, performance.record
        self._due = self._loop.time()
        self._advance()

    def _advance(self) -> None:
        """Play until the next step's time has not come, the peer does not read, or it is over."""
        self._timer = None
        steps = self._steps
        out: list[bytes] = []
        size = 0
        while steps is not None and not self._paused:
            step = next(steps, None)
            if isinstance(step, Send):
                size += len(step.data)
                self._sent(step, out)
                if size >= _FLUSH:
                    self._flush(out)
                    size = 0
            elif isinstance(step, Head):
                steps = self._begin(step, out)
            elif isinstance(step, _Raw):
                out.append(step.data)
            elif isinstance(step, Wait):
                self._flush(out)
                self._due += step.seconds
                self._timer = self._loop.call_at(self._due, self._advance)
                return
            else:
                self._finish(step, out)
                return
        self._flush(out)

    def _sent(self, step: Send, out: list[bytes]) -> None:
        if step.data:
            out.append(
                b"%x\r\n%b\r\n" % (len(step.data), step.data) if self._chunked else step.data
            )
        if self._record is not None:
            self._record.sent(step, self._clock.unix())

    def _begin(self, head: Head, out: list[bytes]) -> Iterator[Step | _Raw] | None:
        if self._record is not None:
            self._record.row.status = head.status
        self._chunked = head.length is None
        data = _head(head, close=not self._keep)
        if not head.every or self._steps is None:
            out.append(data)
        else:
            self._steps = chain(_dripped(data, head.every), self._steps)
        return self._steps

    def _finish(self, step: End | Cut | Refuse | Hang | None, out: list[bytes]) -> None:
        if isinstance(step, Hang):
            self._flush(out)
            return
        if isinstance(step, Cut | Refuse):
            self._flush(out)
            self._settle("cut")
            self._silent = True  # whatever comes now is not answered
            if step.reset:
                self._loop.call_later(_GRACE, self._reset)
            else:
                self._transport.close()
            return
        if self._chunked:
            out.append(b"0\r\n\r\n")
        self._flush(out)
        self._settle("played")
        if not self._keep:
            self._transport.close()
        elif self._waiting:
            self._next()

    def _flush(self, out: list[bytes]) -> None:
        if out:
            self._transport.write(b"".join(out))
            out.clear()

    def _settle(self, outcome: str, gone: str | None = None) -> None:
        if self._record is not None:
            self._record.end(outcome, self._clock.unix(), gone)
        self._steps = self._record = None
        self._chunked = False

    def _gone(self, how: str) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._settle("gone", how)
        self._waiting.clear()

    def _reset(self) -> None:
        """RST: linger 0 makes close() abort the connection."""
        if self._transport.is_closing():
            return
        sock = self._transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, pack("ii", 1, 0))
        self._transport.abort()

    def abort(self) -> None:
        self._transport.abort()


def _head(head: Head, *, close: bool) -> bytes:
    status = head.status
    lines = [b"HTTP/1.1 %d %b" % (status, _REASONS.get(status, b"Unknown"))]
    lines += [b"%b: %b" % pair for pair in head.headers]
    if head.length is None:
        lines.append(b"transfer-encoding: chunked")
    else:
        lines.append(b"content-length: %d" % head.length)
    if close:
        lines.append(b"connection: close")
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _dripped(data: bytes, every: float) -> Iterator[Step | _Raw]:
    for at in range(len(data)):
        yield _Raw(data[at : at + 1])
        yield Wait(every)
