"""The way back of an answer of which a copy stays here."""

from trunkline.canon.exchange import Headers
from trunkline.flow.base import Reply


class CopyingReply:
    """A Reply around another. Every piece leaves as it comes."""

    __slots__ = ("_most", "_pieces", "_reply", "headers", "over", "size", "status", "streamed")

    def __init__(self, reply: Reply, most: int) -> None:
        """`most`: bytes that are kept; of a longer answer, its beginning."""
        self._reply = reply
        self._most = most
        self._pieces: list[bytes] = []
        self.size = 0
        """Bytes of the answer so far."""
        self.status = 0
        """0: none has begun."""
        self.headers: Headers = ()
        self.streamed = False
        self.over = False
        """It has come to its end."""

    @property
    def pieces(self) -> tuple[bytes, ...]:
        return tuple(self._pieces)

    def _take(self, data: bytes) -> None:
        room = self._most - self.size
        self.size += len(data)
        if room > 0 and data:
            self._pieces.append(data[:room])

    # -- Reply

    @property
    def started(self) -> bool:
        return self._reply.started

    @property
    def draining(self) -> bool:
        return self._reply.draining

    def whole(self, status: int, headers: Headers, body: bytes) -> None:
        self.status, self.headers = status, headers
        self._take(body)
        self._reply.whole(status, headers, body)
        self.over = True

    def start(self, status: int, headers: Headers) -> None:
        self.status, self.headers, self.streamed = status, headers, True
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
        self._take(last)
        self._reply.end(last)
        self.over = True

    def abort(self) -> None:
        self._reply.abort()


def _reply(reply: CopyingReply) -> Reply:
    """Interface guard."""
    return reply
