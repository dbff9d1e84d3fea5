"""
AWS event streams: binary framing without meaning.

A message is a prelude (its length, its headers' length, a CRC of both), headers, a payload and a
CRC of all before it; numbers are big-endian (smithy.io, "Amazon Event Stream Specification", seen
2026-11-21).
"""

from collections.abc import Mapping
from struct import Struct as Layout
from struct import error as TooShort  # noqa: N812 - what it means here
from typing import Final, NamedTuple
from zlib import crc32

from trunkline.canon.errors import Garbled

# AWS's own clients stop at 16 MiB (headers 128 KiB); like `wire.sse`, we stop earlier.
MAX_MESSAGE_BYTES = 8 << 20
MAX_HEADER_BYTES = 128 << 10

Value = str | bytes | int | bool


class Message(NamedTuple):
    headers: Mapping[str, Value]
    """":message-type", ":event-type" ... A time is milliseconds since 1970, a UUID its 16 bytes."""
    payload: bytes


_PRELUDE: Final = Layout(">III")
_CRC: Final = Layout(">I")
_SHORT: Final = Layout(">H")
_OVERHEAD = _PRELUDE.size + _CRC.size
_INTEGERS: Final = {
    2: Layout(">b"),
    3: Layout(">h"),
    4: Layout(">i"),
    5: Layout(">q"),
    8: Layout(">q"),
}
_TRUE, _FALSE, _LONG, _BYTES, _STRING, _UUID = 0, 1, 5, 6, 7, 9
# The events of a stream differ in a handful of header blocks: reading each once is enough.
_MOST_KNOWN = 64


class Reader:
    """
    Bytes in any chunking to messages.

    Raises Garbled on corruption, and then for good; messages that came before it are given first.
    """

    __slots__ = ("_fault", "_known", "_limit", "_tail")

    def __init__(self, limit: int = MAX_MESSAGE_BYTES) -> None:
        self._tail = bytearray()
        self._limit = limit
        self._known: dict[bytes, Mapping[str, Value]] = {}
        self._fault: Garbled | None = None

    def feed(self, data: bytes) -> list[Message]:
        if self._fault is not None:
            raise self._fault
        found: list[Message] = []
        tail = self._tail
        tail += data
        at = 0
        try:
            while (size := self._size(at)) and len(tail) - at >= size:
                found.append(self._message(bytes(tail[at : at + size])))
                at += size
        except Garbled as error:
            self._fault = error
            if not found:
                raise
        del tail[:at]
        return found

    @property
    def cut(self) -> bool:
        """Bytes of a message that is not complete are waiting. Raises what was found corrupt."""
        if self._fault is not None:
            raise self._fault
        return bool(self._tail)

    def _size(self, at: int) -> int:
        """Of the message that begins there; 0 while its prelude is not complete."""
        tail = self._tail
        if len(tail) - at < _PRELUDE.size:
            return 0
        size, headers, crc = _PRELUDE.unpack_from(tail, at)
        if crc32(tail[at : at + 8]) != crc:
            raise _garbled("the checksum of a prelude is wrong")
        if size > self._limit:
            raise Garbled(
                "the provider sent an event larger than this gateway accepts",
                detail=f"event stream message of {size} bytes, at most {self._limit}",
            )
        if headers > MAX_HEADER_BYTES or size < headers + _OVERHEAD:
            raise _garbled(f"lengths {size} and {headers} are impossible")
        return int(size)

    def _message(self, data: bytes) -> Message:
        body = memoryview(data)[: -_CRC.size]
        if crc32(body) != _CRC.unpack_from(data, len(body))[0]:
            raise _garbled("the checksum of a message is wrong")
        end = _PRELUDE.size + _PRELUDE.unpack_from(data)[1]
        block = data[_PRELUDE.size : end]
        headers = self._known.get(block)
        if headers is None:
            headers = _headers(block)
            if len(self._known) < _MOST_KNOWN:
                self._known[block] = headers
        return Message(headers, bytes(body[end:]))


def _headers(block: bytes) -> Mapping[str, Value]:
    found: dict[str, Value] = {}
    at = 0
    try:
        while at < len(block):
            size = block[at]
            name = block[at + 1 : at + 1 + size].decode()
            at += 1 + size
            found[name], at = _value(block, at)
    except (IndexError, UnicodeDecodeError, TooShort) as error:
        raise _garbled(f"its headers cannot be read: {error}") from None
    if at > len(block):
        raise _garbled("a header is longer than all of them")
    return found


def _value(block: bytes, at: int) -> tuple[Value, int]:
    """The value whose type stands at `at`, and where the next header begins."""
    kind, at = block[at], at + 1
    if kind in (_TRUE, _FALSE):
        return kind == _TRUE, at
    layout = _INTEGERS.get(kind)
    if layout is not None:
        return int(layout.unpack_from(block, at)[0]), at + layout.size
    if kind == _UUID:
        return block[at : at + 16], at + 16
    if kind not in (_BYTES, _STRING):
        raise _garbled(f"there is no header type {kind}")
    end = at + _SHORT.size + _SHORT.unpack_from(block, at)[0]
    value = block[at + _SHORT.size : end]
    return value.decode() if kind == _STRING else value, end


def _garbled(why: str) -> Garbled:
    return Garbled("the provider's event stream is corrupt", detail=f"event stream: {why}")


def encode(headers: Mapping[str, Value], payload: bytes) -> bytes:
    """One message, for tests and the simulator. Integers go as 64 bits."""
    block = b"".join(_header(name, value) for name, value in headers.items())
    lengths = _PRELUDE.pack(_OVERHEAD + len(block) + len(payload), len(block), 0)[:8]
    message = lengths + _CRC.pack(crc32(lengths)) + block + payload
    return message + _CRC.pack(crc32(message))


def _header(name: str, value: Value) -> bytes:
    named = bytes([len(name.encode())]) + name.encode()
    match value:
        case bool():
            return named + bytes([_TRUE if value else _FALSE])
        case int():
            return named + bytes([_LONG]) + _INTEGERS[_LONG].pack(value)
        case bytes():
            return named + bytes([_BYTES]) + _SHORT.pack(len(value)) + value
        case str():
            data = value.encode()
            return named + bytes([_STRING]) + _SHORT.pack(len(data)) + data
