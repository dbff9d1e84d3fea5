"""The way back of an answer under an Idempotency-Key: its last piece waits until it is kept."""

from collections.abc import Callable
from typing import Final

from trunkline.canon.exchange import Exchange, Headers, Status
from trunkline.flow.base import Reply
from trunkline.storage.idempotency import KeptAnswer

# Of this moment, and not of the answer.
_PASSING: Final = (b"retry-after", b"server-timing", b"x-ratelimit-", b"anthropic-ratelimit-")

AtEnd = Callable[["RecordingReply"], object]
"""Told once, when the answer has come to its end, good or bad, and only its last piece waits."""


class RecordingReply:
    """
    A Reply. Every piece leaves as it comes but the last, which waits for `release`.

    One that is broken off comes to no end.
    """

    __slots__ = (
        "_at_end",
        "_exchange",
        "_headers",
        "_last",
        "_most",
        "_pieces",
        "_reply",
        "_size",
        "_status",
        "_streamed",
        "over",
    )

    def __init__(self, reply: Reply, exchange: Exchange, most: int, at_end: AtEnd) -> None:
        """`most`: bytes of an answer that are kept."""
        self._reply = reply
        self._exchange = exchange
        self._most = most
        self._at_end = at_end
        self._status = 0
        self._headers: Headers = ()
        self._streamed = False
        self._pieces: list[bytes] = []
        self._size = 0
        self._last: bytes | None = None
        """The piece that waits; None once nothing does."""
        self.over = False
        """It has come to its end."""

    @property
    def answer(self) -> KeptAnswer | None:
        """What a second request under the key gets; None: it shall be run instead."""
        if not self.over or not self._final:
            return None
        body = None if self._size > self._most else b"".join(self._pieces)
        headers = tuple(header for header in self._headers if not header[0].startswith(_PASSING))
        return KeptAnswer(self._status, headers, body, self._streamed)

    @property
    def _final(self) -> bool:
        """Whether it is an answer, and was paid for. An error is neither, whosever fault it is."""
        if self._streamed:
            # None: a background response, whose books are another exchange's.
            return self._exchange.status in (Status.OK, None)
        return self._status < 400

    def release(self) -> None:
        """Let the last piece go."""
        last, self._last = self._last, None
        if last is None:
            return
        if self._streamed:
            self._reply.end(last)
        else:
            self._reply.whole(self._status, self._headers, last)

    def _take(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._most:
            self._pieces.clear()
        else:
            self._pieces.append(data)

    def _end(self, last: bytes) -> None:
        self._take(last)
        self._last = last
        self.over = True
        self._at_end(self)

    # -- Reply

    @property
    def started(self) -> bool:
        return bool(self._status)

    @property
    def draining(self) -> bool:
        return self._reply.draining

    def whole(self, status: int, headers: Headers, body: bytes) -> None:
        self._status, self._headers = status, headers
        self._end(body)

    def start(self, status: int, headers: Headers) -> None:
        self._status, self._headers, self._streamed = status, headers, True
        self._reply.start(status, headers)

    def write(self, data: bytes) -> None:
        self._take(data)
        self._reply.write(data)

    @property
    def crowded(self) -> bool:
        return self._reply.crowded

    async def drain(self) -> None:
        await self._reply.drain()

    def end(self, last: bytes = b"") -> None:
        self._end(last)

    def abort(self) -> None:
        self._reply.abort()


def _reply(reply: RecordingReply) -> Reply:
    """Interface guard."""
    return reply
