"""
Server-sent events: framing without meaning.

The rules are those of the HTML standard's "9.2 Server-sent events" (seen 2026-11-21), as far
as LLM providers use them: `event` and `data` fields, comments, CR, LF or CRLF, a BOM.
"""

from trunkline.canon.errors import Garbled
from trunkline.wire.halves import ESCAPE, without_halves

# A long answer's one event is some kB; a whole image in a tool result may be a few MiB.
MAX_EVENT_BYTES = 8 << 20

Frame = tuple[bytes, bytes]
"""An event's name (empty when it has none) and its data."""

_BOM = b"\xef\xbb\xbf"


class Splitter:
    """
    Cuts a byte stream behind its last blank line: whole events out, the rest kept.

    The bytes are never changed, so what passes through is what came in. Raises Garbled when
    one event exceeds the cap.
    """

    __slots__ = ("_limit", "_tail")

    def __init__(self, limit: int = MAX_EVENT_BYTES) -> None:
        self._tail = bytearray()
        self._limit = limit

    def feed(self, data: bytes) -> bytes:
        tail = self._tail
        if not tail:
            if data.endswith(b"\n\n"):
                return data
            cut = _last_boundary(data, 0)
            if cut:
                tail += data[cut:]
                return data[:cut]
            tail += data
        else:
            # A boundary may straddle the join; the longest, CRLF CRLF, by three bytes.
            start = max(0, len(tail) - 3)
            tail += data
            cut = _last_boundary(tail, start)
            if cut:
                whole = bytes(tail[:cut])
                del tail[:cut]
                return whole
        if len(tail) > self._limit:
            raise Garbled(
                "the provider sent an event larger than this gateway accepts",
                detail=f"sse event over {self._limit} bytes",
            )
        return b""

    def rest(self) -> bytes:
        """What was never closed by a blank line."""
        rest = bytes(self._tail)
        self._tail.clear()
        return rest


def _last_boundary(data: bytes | bytearray, start: int) -> int:
    """Index behind the last blank line at or after `start`, 0 when there is none."""
    cut = data.rfind(b"\n\n", start)
    best = cut + 2 if cut >= 0 else 0
    if data.find(b"\r", start) >= 0:
        for mark in (b"\n\r\n", b"\r\r"):
            cut = data.rfind(mark, start)
            if cut >= 0:
                best = max(best, cut + len(mark))
    return best


def frames(whole: bytes) -> list[Frame]:
    """
    The events in a block that ends at an event boundary (or at the end of the stream).

    Their data is JSON with all providers: halves of characters in it are replaced.
    """
    if ESCAPE in whole:
        whole = without_halves(whole)
    if b"\r" in whole:
        whole = whole.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    found: list[Frame] = []
    for block in whole.split(b"\n\n"):
        if block.startswith(b"data: ") and block.find(b"\n") < 0:
            found.append((b"", block[6:]))
            continue
        # Anthropic's and the Responses API's one form: a name, then one line of data.
        name_end = block.find(b"\ndata: ") if block.startswith(b"event: ") else -1
        if name_end > 0 and block.count(b"\n") == 1:
            found.append((block[7:name_end], block[name_end + 7 :]))
            continue
        frame = _parse(block)
        if frame is not None:
            found.append(frame)
    return found


def _parse(block: bytes) -> Frame | None:
    """One event of any form; None when it is empty or holds only comments."""
    name, data = b"", None
    for line in block.lstrip(b"\n").removeprefix(_BOM).split(b"\n"):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data = value if data is None else data + b"\n" + value
        elif field == b"event":
            name = value
    return None if data is None else (name, data)


class Reader:
    """Bytes in any chunking to frames."""

    __slots__ = ("_splitter",)

    def __init__(self, limit: int = MAX_EVENT_BYTES) -> None:
        self._splitter = Splitter(limit)

    def feed(self, data: bytes) -> list[Frame]:
        whole = self._splitter.feed(data)
        return frames(whole) if whole else []

    def finish(self) -> list[Frame]:
        """A last event without its blank line still counts: providers do leave it out."""
        rest = self._splitter.rest()
        return frames(rest) if rest.strip() else []
