"""The way back of an answer under an Idempotency-Key: its last piece waits until it is kept."""

from collections.abc import Callable
from typing import Final

from trunkline.canon.exchange import Exchange, Headers, Status
from trunkline.flow.base import Reply
from trunkline.flow.copying import CopyingReply
from trunkline.storage.idempotency import KeptAnswer

# Of this moment, and not of the answer.
_PASSING: Final = (b"retry-after", b"server-timing", b"x-ratelimit-", b"anthropic-ratelimit-")

AtEnd = Callable[["RecordingReply"], object]
"""Told once, when the answer has come to its end, good or bad, and only its last piece waits."""


class RecordingReply(CopyingReply):
    """
    A Reply. Every piece leaves as it comes but the last, which waits for `release`.

    One that is broken off comes to no end.
    """

    __slots__ = ("_at_end", "_exchange", "_last")

    def __init__(self, reply: Reply, exchange: Exchange, most: int, at_end: AtEnd) -> None:
        """`most`: bytes of an answer that are kept; of a longer one, nothing is."""
        super().__init__(reply, most)
        self._exchange = exchange
        self._at_end = at_end
        self._last: bytes | None = None
        """The piece that waits; None once nothing does."""

    @property
    def answer(self) -> KeptAnswer | None:
        """What a second request under the key gets; None: it shall be run instead."""
        if not self.over or not self._final:
            return None
        body = None if self.size > self._most else b"".join(self._pieces)
        headers = tuple(header for header in self.headers if not header[0].startswith(_PASSING))
        return KeptAnswer(self.status, headers, body, self.streamed)

    @property
    def _final(self) -> bool:
        """Whether it is an answer, and was paid for. An error is neither, whosever fault it is."""
        if self.streamed:
            # None: a background response, whose books are another exchange's.
            return self._exchange.status in (Status.OK, None)
        return self.status < 400

    def release(self) -> None:
        """Let the last piece go."""
        last, self._last = self._last, None
        if last is None:
            return
        if self.streamed:
            self._reply.end(last)
        else:
            self._reply.whole(self.status, self.headers, last)

    def _take(self, data: bytes) -> None:
        super()._take(data)
        if self.size > self._most:
            self._pieces.clear()

    def _end(self, last: bytes) -> None:
        self._take(last)
        self._last = last
        self.over = True
        self._at_end(self)

    # -- Reply

    @property
    def started(self) -> bool:
        return bool(self.status)

    def whole(self, status: int, headers: Headers, body: bytes) -> None:
        self.status, self.headers = status, headers
        self._end(body)

    def end(self, last: bytes = b"") -> None:
        self._end(last)
