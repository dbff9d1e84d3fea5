"""
A stream of events as one JSON array, entry by entry.

So Google's streamGenerateContent answers unless `alt=sse` is asked for: "[", then one response per
event, "]" at the end, each on its way as it comes (recorded traffic, seen 2026-11-21).
"""

from trunkline.canon.exchange import Headers
from trunkline.flow.base import Reply
from trunkline.wire.sse import Reader

_JSON = (b"content-type", b"application/json; charset=UTF-8")


class ArrayReply:
    """Implements flow.base.Reply around another."""

    __slots__ = ("_begun", "_reader", "_reply")

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._reader = Reader()
        self._begun = False

    @property
    def started(self) -> bool:
        return self._reply.started

    @property
    def draining(self) -> bool:
        return self._reply.draining

    @property
    def crowded(self) -> bool:
        return self._reply.crowded

    def whole(self, status: int, headers: Headers, body: bytes) -> None:
        self._reply.whole(status, headers, body)

    def start(self, status: int, headers: Headers) -> None:
        kept = tuple(header for header in headers if header[0] != b"content-type")
        self._reply.start(status, (_JSON, *kept))

    def write(self, data: bytes) -> None:
        entries = self._entries(self._reader.feed(data))
        if entries:
            self._reply.write(entries)

    async def drain(self) -> None:
        await self._reply.drain()

    def end(self, last: bytes = b"") -> None:
        entries = self._entries([*self._reader.feed(last), *self._reader.finish()])
        self._reply.end(entries + (b"\n]" if self._begun else b"[]"))

    def abort(self) -> None:
        self._reply.abort()

    def _entries(self, found: list[tuple[bytes, bytes]]) -> bytes:
        written: list[bytes] = []
        for _, payload in found:
            written += (b"\n,\r\n" if self._begun else b"[", payload)
            self._begun = True
        return b"".join(written)


def _check(reply: Reply) -> Reply:
    """ArrayReply is a Reply."""
    return ArrayReply(reply)
