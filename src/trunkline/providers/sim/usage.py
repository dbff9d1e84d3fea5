"""Usage as honest providers report it, and as others do."""

from collections.abc import Callable, Mapping

_SKEWS: Mapping[str, Callable[[int], bytes]] = {
    "negative": lambda value: b"%d" % (-value - 1),
    "huge": lambda value: b"%d" % (10**15 + value),
    "null": lambda _: b"null",
    "text": lambda value: b'"%d"' % value,
    "float": lambda value: b"%d.0" % value,
    "zero": lambda _: b"0",
}

SKEWS: tuple[str, ...] = ("missing", "twice", "cumulative", *_SKEWS)
"""
How usage may be falsified. "missing": there is none. "twice": reported two times over.
"cumulative": a growing count on every event. The others put a wrong number for each right one.
"""


def number(value: int, skew: str) -> bytes:
    make = _SKEWS.get(skew)
    return make(value) if make is not None else b"%d" % value
