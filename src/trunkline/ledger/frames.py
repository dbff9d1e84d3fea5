"""
The journal's framing: records that can be told from damage, whatever happened to the file.

A frame is magic (2 bytes), version (1), payload length (4), CRC-32 (4), payload; little-endian.
The checksum starts from the version, so it covers that byte, too.
"""

import struct
import zlib

from msgspec import Struct

# Neither byte occurs in UTF-8 (RFC 3629 section 1), so no text a client chooses can look like
# the beginning of a frame when reading resumes behind a damaged one.
_MAGIC = b"\xff\xf5"
_VERSION = 1
_HEADER = struct.Struct("<2sBII")
_HEADER_SIZE = _HEADER.size
MAX_PAYLOAD = 1 << 20

_pack = _HEADER.pack
_unpack = _HEADER.unpack_from
_crc32 = zlib.crc32


class Damage(Struct, frozen=True):
    """Bytes of a segment that are no whole record."""

    offset: int
    length: int


class Scan(Struct, frozen=True):
    payloads: list[memoryview]
    consumed: int
    """Bytes that need not be looked at again."""
    damage: tuple[Damage, ...]


def frame(payload: bytes) -> bytes:
    return _pack(_MAGIC, _VERSION, len(payload), _crc32(payload, _VERSION)) + payload


def scan(data: bytes, *, last: bool, limit: int) -> Scan:
    """
    The payloads at the beginning of `data`, at most `limit` of them.

    `last`: nothing follows `data`, so what is no whole record is damage; otherwise it may
    be half of one, and stays unconsumed. After damage, reading resumes at the next record.
    """
    view = memoryview(data)
    payloads: list[memoryview] = []
    damage: list[Damage] = []
    at = 0
    while at < len(data) and len(payloads) < limit:
        end = _end_of_frame(view, at)
        if end is not None:
            payloads.append(view[at + _HEADER_SIZE : end])
            at = end
            continue
        resume = _next_frame(data, view, at + 1)
        if resume is None:
            if not last:
                break
            resume = len(data)
        damage.append(Damage(at, resume - at))
        at = resume
    return Scan(payloads, at, tuple(damage))


def _end_of_frame(view: memoryview, at: int) -> int | None:
    """Where the frame at `at` ends; None if there is no whole, sound one."""
    body = at + _HEADER_SIZE
    if body > len(view):
        return None
    magic, version, length, checksum = _unpack(view, at)
    end = body + int(length)
    if magic != _MAGIC or version != _VERSION or length > MAX_PAYLOAD or end > len(view):
        return None
    return end if _crc32(view[body:end], version) == checksum else None


def _next_frame(data: bytes, view: memoryview, start: int) -> int | None:
    at = data.find(_MAGIC, start)
    while at >= 0:
        if _end_of_frame(view, at) is not None:
            return at
        at = data.find(_MAGIC, at + 1)
    return None
