"""A transport without a network: it answers from a script and remembers what it was sent."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable

from msgspec import Struct

from trunkline.canon.errors import Disconnected, Garbled, Unreachable, UpstreamError
from trunkline.canon.exchange import Headers
from trunkline.transport.base import (
    Sink,
    Timeouts,
    Transport,
    UpstreamRequest,
    UpstreamResponse,
    pump_by_reading,
)

Step = bytes | UpstreamError | Callable[[], Awaitable[object]]
"""One network read; or an error raised in its place; or something awaited first, such as `asyncio.Event().wait`."""


class CannedResponse:
    """
    An answer made within the process: of bytes that are there, or of an iterator of them.

    The iterator is asked for a piece when the reader wants one, so nothing piles up. Errors
    that it raises reach the reader. A generator's cleanup runs inside `close`: it must not await.
    As with a socket's answer, only the task that reads may close it.
    """

    __slots__ = ("_error", "_pieces", "_rest", "closed", "complete", "headers", "status")

    def __init__(self, status: int, headers: Headers, body: bytes | AsyncIterator[bytes]) -> None:
        self.status = status
        self.headers = headers
        self.complete = isinstance(body, bytes)
        self.closed = False
        self._error: UpstreamError | None = None
        self._rest = body if isinstance(body, bytes) else b""
        self._pieces = None if isinstance(body, bytes) else body

    async def read(self) -> bytes:
        if self._error is not None:
            raise self._error
        pieces = self._pieces
        if pieces is None:
            rest, self._rest = self._rest, b""
            return rest
        try:
            # An empty piece is no end: the next one counts.
            while not (data := await anext(pieces, None)):
                if data is None:
                    self._pieces = None
                    self.complete = True
                    return b""
        except asyncio.CancelledError:
            self.close()
            raise
        except UpstreamError as error:
            self._error = error
            raise
        return data

    async def pump(self, sink: Sink) -> bool:
        return await pump_by_reading(self, sink)

    async def body(self, limit: int) -> bytes:
        parts: list[bytes] = []
        size = 0
        while data := await self.read():
            parts.append(data)
            size += len(data)
            if size > limit:
                self.close()
                raise Garbled(
                    "the provider's answer is larger than this gateway accepts",
                    detail=f"body over {limit} bytes",
                )
        return b"".join(parts)

    def close(self) -> None:
        self.closed = True
        if not self.complete and self._error is None:
            self._error = Disconnected("the answer was abandoned")
        pieces, self._pieces = self._pieces, None
        aclose = getattr(pieces, "aclose", None)
        if aclose is None:
            return
        try:
            # One step raises GeneratorExit at the generator's yield; without an await in its
            # cleanup it is closed then.
            aclose().send(None)
        except (StopIteration, StopAsyncIteration):
            return
        raise RuntimeError("the cleanup of a canned answer awaits")

    def __repr__(self) -> str:
        return f"<CannedResponse {self.status} {'closed' if self.closed else 'open'}>"


class Recording(Struct, frozen=True, kw_only=True):
    """One answer of the script."""

    status: int = 200
    headers: Headers = ((b"content-type", b"application/json"),)
    steps: tuple[Step, ...] = ()
    """The body. One piece of bytes alone is an answer that is complete at once."""
    before: tuple[Step, ...] = ()
    """What happens before the head: an error or a wait; bytes have no meaning here."""
    matches: Callable[[UpstreamRequest], bool] | None = None
    """Which requests it answers; None: any."""
    times: int | None = 1
    """How many requests it answers; None: any number."""


class Sent(Struct, frozen=True):
    request: UpstreamRequest
    timeouts: Timeouts


class ReplayTransport:
    """
    Each request is answered by the first recording that matches and is not used up.

    Keeps no clocks: a recording that stalls does so until its reader is cancelled.
    """

    def __init__(self, recordings: Iterable[Recording]) -> None:
        self._recordings = list(recordings)
        self._used = [0] * len(self._recordings)
        self.sent: list[Sent] = []
        """Every request, answered or not."""
        self.responses: list[CannedResponse] = []
        """Every answer given, in the same order."""

    async def send(self, request: UpstreamRequest, timeouts: Timeouts) -> CannedResponse:
        """See Transport. Unreachable when no recording is left for the request."""
        self.sent.append(Sent(request, timeouts))
        recording = self._next(request)
        async for _ in _played(recording.before):
            pass
        steps = recording.steps
        body = steps[0] if len(steps) == 1 and isinstance(steps[0], bytes) else _played(steps)
        response = CannedResponse(recording.status, recording.headers, body)
        self.responses.append(response)
        return response

    async def aclose(self) -> None:
        for response in self.responses:
            response.close()

    @property
    def unclosed(self) -> int:
        """Answers that nobody closed: a leaked connection each, were this the network."""
        return sum(not response.closed for response in self.responses)

    def _next(self, request: UpstreamRequest) -> Recording:
        for number, recording in enumerate(self._recordings):
            used_up = recording.times is not None and self._used[number] >= recording.times
            if not used_up and (recording.matches is None or recording.matches(request)):
                self._used[number] += 1
                return recording
        asked = f"{request.method.decode()} {request.origin.host}{request.path.decode()}"
        raise Unreachable("no recording answers this request", detail=asked)

    def __repr__(self) -> str:
        return f"<ReplayTransport {len(self.sent)} sent, {self.unclosed} unclosed>"


async def _played(steps: tuple[Step, ...]) -> AsyncGenerator[bytes, None]:
    for step in steps:
        if isinstance(step, bytes):
            yield step
        elif isinstance(step, UpstreamError):
            raise step
        else:
            await step()


def _response(it: CannedResponse) -> UpstreamResponse:
    return it


def _transport(it: ReplayTransport) -> Transport:
    return it
