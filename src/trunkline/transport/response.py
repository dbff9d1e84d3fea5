"""An answer being read: what has arrived, how far it has come, and who waits for more."""

import asyncio
from typing import Protocol

from trunkline.canon.errors import Disconnected, Garbled, UpstreamError
from trunkline.canon.exchange import Headers
from trunkline.transport.base import Sink, UpstreamResponse

# What a bytes object and its place in a list take beyond the bytes: without it an upstream that
# sends single bytes to a slow reader could make us keep forty times what we count.
_PIECE = 41


class Source(Protocol):
    """The connection an answer comes from, until it is whole."""

    def resume(self) -> None:
        """The reader has taken all there was."""

    def drop(self) -> None:
        """Nobody wants the rest: abort."""


class HttpResponse:
    """See UpstreamResponse. The connection calls `push`, `finish` and `fail`; the others are the reader's."""

    __slots__ = (
        "_enough",
        "_parts",
        "_raised",
        "_sink",
        "buffered",
        "complete",
        "error",
        "headers",
        "length",
        "paused",
        "source",
        "stale",
        "status",
        "waiter",
    )

    def __init__(self, source: Source, waiter: asyncio.Future[None]) -> None:
        self.status = 0
        """0 until the head has come."""
        self.headers: Headers = ()
        self.complete = False
        self.length = -1
        """The content-length, where the answer named one."""
        self.error: UpstreamError | None = None
        self.stale = False
        """Failed on a kept-alive connection that its peer had closed before hearing of this request."""
        self.source: Source | None = source
        self.waiter = waiter
        """Done when there is something new to see."""
        self.buffered = 0
        """Bytes kept for the reader, and what keeping them takes."""
        self.paused = False
        """The source has stopped until they are read."""
        self._parts: list[bytes] = []
        self._sink: Sink | None = None
        """Who is given what arrives, while somebody pumps."""
        self._raised: Exception | None = None
        self._enough = False
        """The sink wants no more for now."""

    async def read(self) -> bytes:
        while not self._parts:
            if self.complete:
                return b""
            if self.error is not None:
                raise self.error
            if not self.waiter.done():
                raise RuntimeError("an answer has one reader")
            self.waiter = self.waiter.get_loop().create_future()
            try:
                await self.waiter
            except asyncio.CancelledError:
                self.close()
                raise
        return self._take_on()

    async def pump(self, sink: Sink) -> bool:
        while True:
            if self._parts:
                if sink(self._take_on()):
                    return False
            elif self.complete:
                return True
            elif self.error is not None:
                raise self.error
            else:
                await self._pour(sink)
                if self._raised is not None:
                    raise self._raised
                if self._enough:
                    self._enough = False
                    return False

    async def _pour(self, sink: Sink) -> None:
        """Wait while the connection feeds the sink."""
        self.waiter = self.waiter.get_loop().create_future()
        self._sink = sink
        try:
            await self.waiter
        except asyncio.CancelledError:
            self._sink = None
            self.close()
            raise

    def _take_on(self) -> bytes:
        """What there is; the source may send more."""
        data = self._take()
        if self.paused and self.source is not None:
            self.paused = False
            self.source.resume()
        return data

    async def body(self, limit: int) -> bytes:
        if self.complete:
            data = self._take()
            return data if len(data) <= limit else self._overrun(limit)
        if self.length > limit:
            return self._overrun(limit)
        parts: list[bytes] = []
        size = 0
        while data := await self.read():
            parts.append(data)
            size += len(data)
            if size > limit:
                return self._overrun(limit)
        return b"".join(parts)

    def close(self) -> None:
        source = self.source
        if source is not None:
            self.fail(Disconnected("the answer was abandoned"))
            source.drop()

    def push(self, data: bytes) -> None:
        sink = self._sink
        if sink is not None:
            try:
                enough = sink(data)
            except Exception as error:  # noqa: BLE001 - raised again where the pump is awaited
                self._raised = error
                enough = True
            if enough:
                self._enough = self._raised is None
                self._sink = None
                self.wake()
            return
        self._parts.append(data)
        self.buffered += len(data) + _PIECE

    def wake(self) -> None:
        if self._sink is None and not self.waiter.done():
            self.waiter.set_result(None)

    def finish(self) -> None:
        """The whole body has arrived."""
        self.complete = True
        self.source = None
        self._sink = None
        self.wake()

    def fail(self, error: UpstreamError) -> None:
        """Nothing more will come; what has can still be read."""
        self.error = error
        self.source = None
        self._sink = None
        self.wake()

    def _take(self) -> bytes:
        parts = self._parts
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        parts.clear()
        self.buffered = 0
        return data

    def _overrun(self, limit: int) -> bytes:
        self.close()
        raise Garbled(
            "the provider's answer is larger than this gateway accepts",
            detail=f"body over {limit} bytes",
        )

    def __repr__(self) -> str:
        state = "complete" if self.complete else "failed" if self.error else "reading"
        return f"<HttpResponse {self.status} {state}>"


def _response(it: HttpResponse) -> UpstreamResponse:
    return it
