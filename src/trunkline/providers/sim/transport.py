"""The simulator in-process, behind the transport's seam: no sockets, the same errors."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import NoReturn

from trunkline.canon.errors import Disconnected, Garbled, TimedOut, Unreachable, UpstreamError
from trunkline.canon.exchange import Headers
from trunkline.kernel.clock import Clock
from trunkline.providers.sim.arrival import Arrival
from trunkline.providers.sim.engine import Engine
from trunkline.providers.sim.log import Record
from trunkline.providers.sim.steps import Cut, Hang, Head, Refuse, Send, Step, Wait
from trunkline.transport.base import (
    Sink,
    Timeouts,
    Transport,
    UpstreamRequest,
    UpstreamResponse,
    pump_by_reading,
)

Sleep = Callable[[float], Awaitable[None]]

_READ = 1 << 16
"""Most bytes of one read, as of a socket."""
_HEAD, _HEADERS = 64 << 10, 128
"""Bytes and number of headers above which the network transport refuses them, too."""


class SimTransport:
    """
    A Transport whose every origin is the simulator.

    Steps take place when they are due by `clock`; `sleep` waits for that, so a test may give
    both a clock that jumps.
    """

    def __init__(self, engine: Engine, clock: Clock, sleep: Sleep = asyncio.sleep) -> None:
        self.engine = engine
        self._clock = clock
        self._sleep = sleep

    async def send(self, request: UpstreamRequest, timeouts: Timeouts) -> UpstreamResponse:
        """Raises Unreachable, Disconnected, TimedOut, Garbled."""
        arrival = Arrival(
            method=request.method.decode("latin-1"),
            path=request.path.decode("latin-1"),
            headers=request.headers,
            body=request.body,
        )
        performance = self.engine.respond(arrival)
        player = _Player(performance.steps, performance.record, self._clock, self._sleep)
        try:
            head = await player.head(timeouts.headers)
        except asyncio.CancelledError:
            player.leave()
            raise
        try:
            headers = _parsed(head.headers)
        except Garbled:
            player.leave()
            raise
        response = SimResponse(head.status, headers, player, timeouts.idle)
        await player.prefetch()
        return response

    async def aclose(self) -> None:
        """Nothing is held open."""

    def __repr__(self) -> str:
        return f"<SimTransport {self.engine!r}>"


def _parsed(headers: Headers) -> Headers:
    """What the network transport makes of them: a line break in a value begins another header."""
    found: list[tuple[bytes, bytes]] = []
    for name, value in headers:
        first, *injected = value.split(b"\r\n")
        found.append((name, first))
        for line in injected:
            other, colon, rest = line.partition(b":")
            if not colon:
                _refuse("a header line without a colon")
            found.append((other.strip().lower(), rest.strip()))
    names = {name for name, _ in found}
    if any(b"\x00" in value for _, value in found):
        _refuse("a NUL in a header")
    if b"transfer-encoding" in names:
        _refuse("transfer-encoding beside the body's own framing")
    if b"content-encoding" in names:
        _refuse("a content-encoding though identity was asked for")
    if len(found) > _HEADERS or sum(len(name) + len(value) for name, value in found) > _HEAD:
        _refuse("too many headers")
    return tuple(found)


def _refuse(why: str) -> NoReturn:
    raise Garbled(
        "the provider did not answer in the HTTP this gateway speaks", detail=f"sim: {why}"
    )


class _Player:
    """Plays steps against the clock for one reader."""

    def __init__(
        self, steps: Iterator[Step], record: Record | None, clock: Clock, sleep: Sleep
    ) -> None:
        self._steps = steps
        self._record = record
        self._clock = clock
        self._sleep = sleep
        self._due = clock.monotonic()
        self._length: int | None = None
        self._held: Step | None = None
        self.ended = False
        """No step will be taken any more."""
        self.whole = False
        """It ended with the body complete."""
        self.ready: list[bytes] = []
        """Bytes that are due and not yet read."""
        self._size = 0

    async def head(self, limit: float) -> Head:
        deadline = self._clock.monotonic() + limit
        while True:
            step = self._take()
            if isinstance(step, Head):
                if step.every:
                    await self._wait(step.every * _size(step), deadline)
                self._length = step.length
                if self._record is not None:
                    self._record.row.status = step.status
                return step
            if isinstance(step, Wait):
                await self._wait(step.seconds, deadline)
            elif isinstance(step, Hang):
                await self._wait(float("inf"), deadline)
            elif isinstance(step, Refuse):
                self._settle("cut")
                raise Unreachable("the provider cannot be reached", detail="sim: refused")
            else:
                self._settle("cut")
                raise Disconnected("the provider closed the connection", detail="sim: no headers")

    async def _wait(self, seconds: float, deadline: float) -> None:
        """Until `seconds` behind the step before, or TimedOut at the deadline."""
        self._due += seconds
        now = self._clock.monotonic()
        if self._due > deadline:
            await self._sleep(max(0.0, deadline - now))
            self.leave()
            raise TimedOut("the provider did not answer in time", detail="sim: no bytes")
        if self._due > now:
            await self._sleep(self._due - now)

    async def prefetch(self) -> None:
        """Take what is due already, so that an answer without waits is complete at once."""
        await self.fill(None)

    async def fill(self, idle: float | None) -> None:
        """Take what is due; when that is nothing and `idle` is given, wait for it as long."""
        while self._size < _READ and not self.ended:
            step = self._take()
            if isinstance(step, Send):
                self._sent(step)
            elif isinstance(step, Wait | Hang):
                if not await self._passes(step, idle):
                    return
            elif isinstance(step, Cut):
                if self.ready or idle is None:
                    self._held = step
                    return
                self._settle("cut")
                self.ended = True
                raise Disconnected("the provider broke off", detail="sim: cut")
            else:
                self._settle("played")
                self.ended = self.whole = True

    async def _passes(self, step: Wait | Hang, idle: float | None) -> bool:
        """True once the pause is over; False where it is not, or where a read ends."""
        seconds = step.seconds if isinstance(step, Wait) else float("inf")
        now = self._clock.monotonic()
        if self._due + seconds <= now and (seconds or not self.ready):
            self._due += seconds
            return True
        if self.ready or idle is None:
            self._held = step if seconds else None
            return False
        await self._wait(seconds, now + idle)
        return True

    def _take(self) -> Step | None:
        step, self._held = self._held, None
        return step if step is not None else next(self._steps, None)

    def _sent(self, step: Send) -> None:
        if step.data:
            self.ready.append(step.data)
            self._size += len(step.data)
        if self._record is not None:
            self._record.sent(step, self._clock.unix())

    def drain(self) -> bytes:
        data = b"".join(self.ready)
        self.ready.clear()
        self._size = 0
        return data

    def leave(self) -> None:
        """The reader goes away."""
        self.ended = True
        self._settle("gone", "closed")

    def _settle(self, outcome: str, gone: str | None = None) -> None:
        if self._record is not None:
            self._record.end(outcome, self._clock.unix(), gone)


def _size(head: Head) -> int:
    return 40 + sum(len(name) + len(value) + 4 for name, value in head.headers)


class SimResponse:
    """An UpstreamResponse that is performed while it is read."""

    def __init__(self, status: int, headers: Headers, player: _Player, idle: float) -> None:
        self.status = status
        self.headers = headers
        self._player = player
        self._idle = idle
        self._error: UpstreamError | None = None

    @property
    def complete(self) -> bool:
        return self._player.whole

    async def read(self) -> bytes:
        player = self._player
        if self._error is not None:
            raise self._error
        if not player.ready and not player.ended:
            try:
                await player.fill(self._idle)
            except UpstreamError as error:
                self._error = error
                raise
            except asyncio.CancelledError:
                self.close()
                raise
        return player.drain()

    async def pump(self, sink: Sink) -> bool:
        return await pump_by_reading(self, sink)

    async def body(self, limit: int) -> bytes:
        parts: list[bytes] = []
        size = 0
        while data := await self.read():
            size += len(data)
            if size > limit:
                self.close()
                raise Garbled(
                    "the provider's answer is larger than this gateway accepts",
                    detail=f"sim: over {limit} bytes",
                )
            parts.append(data)
        return b"".join(parts)

    def close(self) -> None:
        if not self._player.ended:
            self._error = Disconnected("the answer was abandoned")
            self._player.leave()

    def __repr__(self) -> str:
        return f"<SimResponse {self.status}{' complete' if self.complete else ''}>"


def _conforms(transport: SimTransport, response: SimResponse) -> tuple[Transport, UpstreamResponse]:
    """Type errors against the seam show here."""
    return transport, response
