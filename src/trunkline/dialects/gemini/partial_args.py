"""
A call's arguments as Vertex AI streams them: one value after the other, each with its path.

"$.items[0].name" is a JSONPath of names and indices alone (cloud.google.com, streaming of function
call arguments, recorded 2026-04 and 2026-05).
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from msgspec import json

from trunkline.canon.errors import Garbled
from trunkline.dialects.gemini.wire import PartialArg, present
from trunkline.dialects.raws import NOT_JSON

_STEP = re.compile(r"""\.([^.\[\]]+)|\[(\d{1,6})\]|\['([^']*)'\]|\["([^"]*)"\]""")
# No call has so many: what says more is a mistake, and would fill the memory.
_MOST_STEPS = 64
_MOST_ENTRIES = 65_536

_Value = str | int | float | bool | None
_Step = str | int


class PartialArgs:
    """One call's; `text` is the JSON of what has come."""

    __slots__ = ("_continues", "_root")

    def __init__(self) -> None:
        self._root: dict[str, object] = {}
        self._continues = ""
        """The path of the string that goes on with the next piece."""

    def add(self, piece: PartialArg) -> None:
        """Raises Garbled."""
        steps = _steps(piece.json_path)
        inner: object = self._root
        for step, following in pairwise(steps):
            inner = _descend(inner, step, [] if isinstance(following, int) else {})
        value = _value(piece)
        if isinstance(value, str) and self._continues == piece.json_path:
            value = _existing(inner, steps[-1]) + value
        _put(inner, steps[-1], value)
        self._continues = piece.json_path if piece.will_continue else ""

    def text(self) -> str:
        return json.encode(self._root).decode()


def _steps(path: str) -> Sequence[_Step]:
    found: list[_Step] = []
    at = 1
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None or len(found) == _MOST_STEPS:
            raise _unreadable(path)
        name = next((group for group in match.groups() if group is not None), "")
        found.append(int(name) if match[2] is not None else name)
        at = match.end()
    if not found or path[0] != "$":
        raise _unreadable(path)
    return found


def _descend(inner: object, step: _Step, empty: object) -> object:
    """What stands there already, or `empty`, put there."""
    match inner, step:
        case dict(), str():
            return inner.setdefault(step, empty)
        case list(), int():
            _lengthen(inner, step)
            if inner[step] is None:
                inner[step] = empty
            return inner[step]
        case _:
            raise _unreadable(str(step))


def _put(inner: object, step: _Step, value: _Value) -> None:
    match inner, step:
        case dict(), str():
            inner[step] = value
        case list(), int():
            _lengthen(inner, step)
            inner[step] = value
        case _:
            raise _unreadable(str(step))


def _existing(inner: object, step: _Step) -> str:
    match inner, step:
        case dict(), str():
            have = inner.get(step)
        case list(), int() if step < len(inner):
            have = inner[step]
        case _:
            have = None
    return have if isinstance(have, str) else ""


def _lengthen(entries: list[object], index: int) -> None:
    if index >= _MOST_ENTRIES:
        raise _unreadable(str(index))
    entries.extend([None] * (index + 1 - len(entries)))


def _value(piece: PartialArg) -> _Value:
    if piece.string_value is not None:
        return piece.string_value
    if piece.bool_value is not None:
        return piece.bool_value
    raw = present(piece.number_value)
    if raw is None:
        return None
    try:
        return json.decode(raw, type=int | float)
    except NOT_JSON:
        raise _unreadable(piece.json_path) from None


def _unreadable(path: str) -> Garbled:
    return Garbled(
        "the provider streamed a call's arguments in a form nobody knows", detail=path[:200]
    )
