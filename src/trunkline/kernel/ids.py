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
    """`req_` ids from a block of entropy: one system call per 100 ids, not per id."""

    __slots__ = ("_at", "_block", "_entropy")

    _BLOCK = 1000

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._block = b""
        self._at = 0

    def next(self, unix: float) -> str:
        return "req_" + ulid(unix, self._take)

    def _take(self, count: int) -> bytes:
        if self._at + count > len(self._block):
            self._block = self._entropy(self._BLOCK)
            self._at = 0
        taken = self._block[self._at : self._at + count]
        self._at += count
        return taken
