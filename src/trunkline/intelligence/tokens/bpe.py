"""
Byte pair encoding: counting, in steps short enough for an event loop, and reading tokens back.

The same numbers as tiktoken (github.com/openai/tiktoken, seen 2026-11-21), which is its test.
tiktoken itself is not used: building its table holds the interpreter's lock for an eighth of a
second, whichever thread does it, and it brings an HTTP client along.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush

import regex  # type: ignore[import-untyped]  # it ships no types

_SLICE = 8192
"""Characters looked at in one step: about a millisecond."""
_REACH = 4096
"""How much farther to look for a place where a cut changes nothing."""
_PIECE = 512
"""Bytes merged in one go, about a millisecond. A longer piece without a space is no prose."""

_CUT = regex.compile(r"(?<=\S)(?= \p{L})|(?<=\n)(?=\p{L})")
"""Before a single space and a word, or at a line's first letter: no token spans these."""


class Bpe:
    """One vocabulary. Counting never fails, whatever the text."""

    __slots__ = ("_pattern", "_ranks", "_tokens")

    def __init__(self, pattern: str, ranks: Mapping[bytes, int]) -> None:
        """`pattern` splits text into pieces, `ranks` says which bytes are tokens, best first."""
        self._pattern = regex.compile(pattern)
        self._ranks = ranks
        self._tokens: list[bytes] = []
        """By rank; empty until somebody reads tokens."""

    def text(self, tokens: Sequence[int]) -> str | None:
        """What they say; None where one of them is no text (a control token, or unknown)."""
        if not self._tokens:
            self._tokens = sorted(self._ranks, key=self._ranks.__getitem__)
        known = self._tokens
        if not all(0 <= token < len(known) for token in tokens):
            return None
        return b"".join([known[token] for token in tokens]).decode("utf-8", "replace")

    def count(self, text: str) -> int:
        """Tokens; 4 KB of prose takes half a millisecond."""
        return sum(self.steps(text))

    def steps(self, text: str) -> Iterator[int]:
        """
        Counts that add up to `count`, each after a millisecond or two of work.

        Exact but for runs of over 12,000 characters without a space between words, and for
        pieces of over 512 bytes (a blob, a line of dashes): one token more for each cut.
        """
        ranks = self._ranks
        start, length = 0, len(text)
        while start < length:
            end = _cut(text, start)
            total = work = 0
            for piece, times in Counter(self._pattern.findall(text, start, end)).items():
                encoded = piece.encode("utf-8", "replace")
                if encoded in ranks:
                    total += times
                    continue
                for at in range(0, len(encoded), _PIECE):
                    total += times * _merged(encoded[at : at + _PIECE], ranks)
                    work += min(len(encoded), _PIECE)
                    if work > 2 * _PIECE:
                        yield total
                        total = work = 0
            yield total
            start = end


def _cut(text: str, start: int) -> int:
    end = start + _SLICE
    if end >= len(text):
        return len(text)
    match = _CUT.search(text, end, end + _REACH)
    return end if match is None else match.start()


def _merged(data: bytes, ranks: Mapping[bytes, int]) -> int:
    """How many tokens `data` becomes: the best-ranked pair of neighbours is merged first."""
    count = size = len(data)
    ends = list(range(1, size + 1))  # of the part that begins here; 0 once it was merged away
    before = list(range(-1, size - 1))  # where the part to the left begins
    rank = ranks.get
    heap = [
        (best, at, at + 2)
        for at in range(size - 1)
        if (best := rank(data[at : at + 2])) is not None
    ]
    heapify(heap)
    while heap:
        _, at, end = heappop(heap)
        middle = ends[at]
        if not 0 < middle < end or ends[middle] != end:
            continue  # one of the two parts has grown or gone since
        ends[at], ends[middle] = end, 0
        count -= 1
        left = before[at]
        if left >= 0 and (best := rank(data[left:end])) is not None:
            heappush(heap, (best, left, end))
        if end < size:
            before[end] = at
            if (best := rank(data[at : ends[end]])) is not None:
                heappush(heap, (best, at, ends[end]))
    return count
