"""Seeds into inputs that are almost right: values, lines and bytes changed, swapped, dropped, doubled."""

import re
from collections.abc import Callable, Sequence
from random import Random  # noqa: TID251 - a fuzzer throws dice; whoever runs it gives it seeded ones

Span = tuple[int, int]
LONGEST = 6144
"""Bytes: longer inputs find the same faults, and take their time. Deep nesting fits in."""

_TOKEN = re.compile(
    rb'"(?:[^"\\\n]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[\[\]{}]'
)
_OPEN, _CLOSE = b"[{", b"]}"
_VALUES = (
    b"null", b"true", b"false", b"0", b"-1", b"1", b"1.5", b"-0.0", b"1e999", b"1e-999",
    b"9223372036854775808", b"-9223372036854775809", b"1" + b"0" * 400, b"NaN", b"Infinity",
    b'""', b'"x"', b'" "', b'"\\ud800"', b'"\\u0000"', b'"\xff"', b'"\xf0\x9f\xa6\x98"',
    b'"{\\"a\\":1}"', b'"["', b'"data: [DONE]"', b'"' + b"y" * 300 + b'"', b"[]", b"[null]",
    b"[[]]", b"{}", b'{"type":null}', b'{"type":"text"}', b'{"error":{}}', b'{"":{}}',
    b"[" * 1200, b'{"":' * 1100,
)  # fmt: skip
_BYTES = (
    b"\r",
    b"\n",
    b"\r\n",
    b"\n\n",
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b":",
    b",",
    b'"',
    b"\\",
)
_LINES = (
    b"data: [DONE]", b"data:", b"data", b"event: error", b"event:", b": ping", b"id: 1",
    b"retry: 1", b'data: {"error":{"message":"m"}}', b"data: {}", b"data: null", b"",
)  # fmt: skip


class Seed:
    """An input, and where its values and lines stand."""

    __slots__ = ("_lines", "_values", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data[:LONGEST]
        self._values: Sequence[Span] | None = None
        self._lines: Sequence[Span] | None = None

    @property
    def values(self) -> Sequence[Span]:
        """Of all that looks like JSON: strings, numbers, words, and whole containers."""
        if self._values is None:
            self._values = _values(self.data)
        return self._values

    @property
    def lines(self) -> Sequence[Span]:
        """With what ends them."""
        if self._lines is None:
            found = re.finditer(rb"[^\n]*\n|[^\n]+$", self.data)
            self._lines = [match.span() for match in found]
        return self._lines


def _values(data: bytes) -> Sequence[Span]:
    found: list[Span] = []
    opened: list[int] = []
    for match in _TOKEN.finditer(data):
        start, end = match.span()
        if data[start] in _OPEN:
            opened.append(start)
        elif data[start] in _CLOSE:
            if opened:
                found.append((opened.pop(), end))
        else:
            found.append((start, end))
    return found


def mutated(seed: Seed, other: Seed, dice: Random) -> bytes:
    """One to four changes, with pieces of `other` among them."""
    data = dice.choice(_CHANGES)(seed, other, dice)
    for _ in range(dice.choice((0, 0, 0, 1, 1, 2, 3))):
        change = dice.choice(_CHANGES if len(data) < _CHEAP else _BLIND)
        data = change(Seed(data), other, dice)
    return data[:LONGEST]


_CHEAP = 2048
"""Bytes that may be looked through for their values again."""


def _put(seed: Seed, span: Span, piece: bytes) -> bytes:
    return seed.data[: span[0]] + piece + seed.data[span[1] :]


def _value(seed: Seed, other: Seed, dice: Random) -> bytes:
    """Some other value in a value's place."""
    if not seed.values:
        return _blind(seed, other, dice)
    return _put(seed, dice.choice(seed.values), dice.choice(_VALUES))


def _foreign_value(seed: Seed, other: Seed, dice: Random) -> bytes:
    """A value of another input in a value's place."""
    if not seed.values or not other.values:
        return _blind(seed, other, dice)
    start, end = dice.choice(other.values)
    return _put(seed, dice.choice(seed.values), other.data[start:end])


def _own_value(seed: Seed, other: Seed, dice: Random) -> bytes:
    """A value of this input in another's place: a name where a text stood."""
    return _foreign_value(seed, seed, dice)


def _without(seed: Seed, other: Seed, dice: Random) -> bytes:
    """No value, with or without the name before and the comma behind it."""
    if not seed.values:
        return _blind(seed, other, dice)
    start, end = dice.choice(seed.values)
    if seed.data[end : end + 1] == b",":
        end += 1
    before = re.search(rb'"[^"\\]*"\s*:\s*$', seed.data[max(0, start - 60) : start])
    return _put(seed, (start - len(before[0]) if before else start, end), b"")


def _line(seed: Seed, other: Seed, dice: Random) -> bytes:
    """A line dropped, doubled, moved, taken from elsewhere or made up."""
    lines = seed.lines
    if len(lines) < 2:
        return _value(seed, other, dice)
    span, to = dice.choice(lines), dice.choice(lines)[0]
    text = seed.data[span[0] : span[1]]
    way = dice.randrange(5)
    if way == 0:
        return _put(seed, span, b"")
    if way == 1:
        return _put(seed, (to, to), text)
    if way == 2 and other.lines:
        start, end = dice.choice(other.lines)
        return _put(seed, (to, to), other.data[start:end])
    if way == 3:
        return _put(seed, span, dice.choice(_LINES) + b"\n")
    without = seed.data[: span[0]] + seed.data[span[1] :]
    to = min(to, len(without))
    return without[:to] + text + without[to:]


def _spliced(seed: Seed, other: Seed, dice: Random) -> bytes:
    """The head of one and the tail of another."""
    return seed.data[: _place(seed.data, dice)] + other.data[_place(other.data, dice) :]


def _cut(seed: Seed, other: Seed, dice: Random) -> bytes:
    return seed.data[: _place(seed.data, dice)]


def _blind(seed: Seed, other: Seed, dice: Random) -> bytes:
    """Bytes turned, dropped, doubled, put in."""
    data, at = seed.data, _place(seed.data, dice)
    end = min(len(data), at + dice.choice((1, 1, 2, 4, 16, 64)))
    way = dice.randrange(4)
    if way == 0 and at < len(data):
        return data[:at] + bytes((data[at] ^ (1 << dice.randrange(8)),)) + data[at + 1 :]
    if way == 1:
        return data[:at] + data[end:]
    if way == 2:
        return data[:end] + data[at:]
    return data[:at] + dice.choice(_BYTES) + data[at:]


def _place(data: bytes, dice: Random) -> int:
    return int(dice.random() * (len(data) + 1))


Change = Callable[[Seed, Seed, Random], bytes]
_BLIND: Sequence[Change] = (_blind, _spliced, _cut)
_CHANGES: Sequence[Change] = (
    _value, _value, _value, _foreign_value, _foreign_value, _own_value, _without, _without,
    _line, _line, _line, _spliced, _cut, _blind,
)  # fmt: skip
