"""
The strings of a JSON text, where they stand, and what for: in one text, in many, or in half of one.

A server-sent stream is many texts with a few words between them, and a text that was cut is
half of one; neither is for a parser. So this one only follows quotes and brackets, never fails, and
says of every string which others it goes on from: a stream's deltas stand at the same place of
their texts.
"""

import re
from collections.abc import Callable, Hashable
from typing import Final

from msgspec import MsgspecError, Struct, json
from msgspec.structs import replace

# A string is of one line; where the text ends within one, it ends with it.
_TOKEN: Final = re.compile(
    r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+(?:"|\\?\Z)|[{}\[\],]|\n\r?\n(?=[a-z]{0,8}:)'
)
_COLON: Final = re.compile(r"\s*:\s*")
_BARE: Final = re.compile(r'[^\s"{}\[\],]+')
_NUMBER: Final = re.compile(r"\d{1,9}")
_WORDS: Final = frozenset(("true", "false", "null"))
# By these events of a stream tell apart what they go on with.
_COUNTS: Final = frozenset(("index", "outputindex", "contentindex", "summaryindex"))
_SEPARATORS: Final = str.maketrans("", "", "-_ .")
_TEXT: Final = json.Decoder(str)
_ESCAPE: Final = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_PUNCTUATION: Final = "{}[],: \r\n"
_SHORT: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


class Literal(Struct, frozen=True, gc=False):
    start: int
    end: int
    value: str
    quoted: bool = True
    """False: what stands between two strings."""
    secret: bool = False
    """Its field, or one around it, holds a credential; it may then be no string."""
    place: Hashable = None
    """Strings of one place go on from each other; None: it has none, as a field's name."""


def plain_name(name: str) -> str:
    """The same for "api_key", "Api-Key" and "apiKey"."""
    return name.translate(_SEPARATORS).lower()


class _Frame:
    """An object or array that is open."""

    __slots__ = ("array", "counts", "key", "parent", "path", "secret", "step")

    def __init__(self, parent: "_Frame | None", *, array: bool, secret: bool) -> None:
        self.parent = parent
        self.array = array
        self.secret = secret
        self.key: str | None = None
        self.step = 0
        self.counts: list[str] = []
        self.path: tuple[object, ...] = () if parent is None else (*parent.path, parent.here)

    @property
    def here(self) -> object:
        """Entries of an outermost array are texts of their own: Google streams so."""
        if self.key is not None:
            return self.key
        return self.step if self.array and len(self.path) > 1 else "*"

    def place(self, here: object) -> Hashable:
        """Once the object is read: what counts it may stand behind what is counted."""
        counts: list[str] = []
        frame: _Frame | None = self
        while frame is not None:
            counts += frame.counts
            frame = frame.parent
        return (*self.path, here, *counts)


class _Scanner:
    """Of one text, once."""

    def __init__(self, text: str, secret: Callable[[str], bool]) -> None:
        self._text = text
        self._secret = secret
        self._root = self._frame = _Frame(None, array=False, secret=False)
        self._taken = 0
        """What stands before has been told."""
        self._hidden = False
        """What comes next is a credential's."""
        self._names: dict[str, tuple[str, bool]] = {}
        """Those that were met: as `plain_name` has it, and whether it is a credential's."""
        self._found: list[tuple[Literal, _Frame | None, object]] = []

    def run(self) -> list[Literal]:
        text = self._text
        for match in _TOKEN.finditer(text):
            start = match.start()
            if start < self._taken:
                continue
            if text[start] == '"':
                self._between(start)
                self._string(start, match.end())
            else:
                self._follow(text[start])
        self._between(len(text))
        return [
            one if frame is None else replace(one, place=frame.place(here))
            for one, frame, here in self._found
        ]

    def _add(self, literal: Literal, frame: _Frame | None = None) -> None:
        self._found.append((literal, frame, None if frame is None else frame.here))

    def _between(self, end: int) -> None:
        if self._text[self._taken : end].strip(_PUNCTUATION):
            self._add(Literal(self._taken, end, self._text[self._taken : end], quoted=False))
        self._taken = end

    def _string(self, start: int, end: int) -> None:
        text, frame = self._text, self._frame
        closed = end - 1 if end - start > 1 and text[end - 1] == '"' else end
        value = unescaped(text[start + 1 : closed])
        self._taken = end
        colon = _COLON.match(text, end)
        if colon is None:
            self._add(Literal(start, end, value, secret=self._hidden or frame.secret), frame)
            return
        self._add(Literal(start, end, value))
        if value not in self._names:
            self._names[value] = plain_name(value), self._secret(value)
        frame.key, self._hidden = self._names[value]
        if self._hidden:
            bare = _BARE.match(text, colon.end())
            if bare is not None and bare[0] not in _WORDS:
                self._between(bare.start())
                self._add(Literal(bare.start(), bare.end(), bare[0], secret=True))
                self._taken = bare.end()
        elif frame.key in _COUNTS:
            number = _NUMBER.match(text, colon.end())
            if number is not None:
                frame.counts.append(f"{frame.key} {number[0]}")

    def _follow(self, sign: str) -> None:
        frame = self._frame
        if sign in "{[":
            secret = frame.secret or self._hidden
            self._frame = _Frame(frame, array=sign == "[", secret=secret)
        elif sign == ",":
            frame.key = None
            frame.step += 1
        elif sign == "\n":  # another event
            self._frame = self._root
            self._root.key = None
        elif frame.parent is not None:
            self._frame = frame.parent
        self._hidden = False


def literals(text: str, secret: Callable[[str], bool]) -> list[Literal]:
    """
    All of the text but brackets, commas and spaces, in order, cut where strings begin and end.

    `secret`: whether a field of that name holds a credential.
    """
    return _Scanner(text, secret).run()


def unescaped(raw: str) -> str:
    """What a JSON string says; what is wrong in it stays as it is."""
    if "\\" not in raw:
        return raw
    try:
        return _TEXT.decode(f'"{raw}"')
    except (MsgspecError, UnicodeError):
        return _ESCAPE.sub(_character, raw)


def _character(match: re.Match[str]) -> str:
    sign = match[1]
    if len(sign) == 1:
        return _SHORT.get(sign, sign)
    code = int(sign[1:], 16)
    return "\ufffd" if 0xD800 <= code < 0xE000 else chr(code)


def escaped(value: str) -> str:
    """A whole JSON string, quotes and all."""
    return json.encode(value.encode("utf-8", "replace").decode()).decode()
