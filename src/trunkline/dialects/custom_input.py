"""
The free text of a custom tool's call, into and out of the JSON of an upstream without such tools.

There the tool is a function of one string, `input`. The text comes out as it streams in; what is
not such an object after all comes out as it is.
"""

import re
from typing import Final

from msgspec import Raw, Struct, json

from trunkline.dialects.raws import NOT_JSON

_HEAD = re.compile(r'\s*\{\s*"input"\s*:\s*"')
_HIGH = r"\\u[dD][89abAB][0-9a-fA-F]{2}"
_LOW = r"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_LONE = re.compile(_HIGH)
# A piece of a JSON string: up to its closing quote, or to an escape that is not whole yet. Models
# write what JSON does not allow, too: bare newlines, escapes that are none.
_PIECE = re.compile(
    rf'(?:[^"\\]|\\[^u]|{_HIGH}{_LOW}|\\u(?![dD][89abAB])[0-9a-fA-F]{{4}})*', re.DOTALL
)
_HALF = re.compile(rf"\\(?:u[0-9a-fA-F]{{0,3}})?|{_HIGH}(?:\\(?:u[0-9a-fA-F]{{0,3}})?)?")
_ESCAPE = re.compile(rf"{_HIGH}{_LOW}|\\u[0-9a-fA-F]{{4}}|\\.", re.DOTALL)
_SHORT: Final = {
    '"': '"',
    "\\": "\\",
    "/": "/",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
}
_LOST = "\ufffd"


SCHEMA: Final = Raw(
    b'{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}'
)
"""Of the function that stands in for the tool."""


class _Input(Struct):
    input: str


_INPUT = json.Decoder(_Input)


def arguments_with(text: str) -> str:
    """What `input_of` reads."""
    return json.encode(_Input(text)).decode()


def input_of(arguments: str) -> str:
    """The text, at once."""
    unwrapping = Unwrapping()
    return unwrapping.feed(arguments) + unwrapping.finish()


class Unwrapping:
    """One per call. Any division of the JSON gives the same text."""

    __slots__ = ("_held", "_inside", "_over", "_plain")

    def __init__(self) -> None:
        self._held = ""
        self._inside = self._over = self._plain = False
        """Within the string; behind it; the call is no such object."""

    def feed(self, piece: str) -> str:
        """What of the text `piece` brings, possibly nothing."""
        if self._plain:
            return piece
        if self._over:
            return ""
        self._held += piece
        if self._inside:
            return self._string()
        head = _HEAD.match(self._held)
        if head is not None:
            self._inside, self._held = True, self._held[head.end() :]
            return self._string()
        if self._held.lstrip()[:1] in ("", "{"):
            return ""  # `input` may stand behind other keys, or nowhere
        self._plain, held, self._held = True, self._held, ""
        return held

    def finish(self) -> str:
        """What never became such a string."""
        held, self._held = self._held, ""
        if self._inside or self._plain:
            return ""
        try:
            return _INPUT.decode(held).input
        except (*NOT_JSON, UnicodeEncodeError):
            return held

    def _string(self) -> str:
        held, text = self._held, list[str]()
        while True:
            match = _PIECE.match(held)
            end = match.end() if match is not None else 0
            text.append(_unescaped(held[:end]))
            held = held[end:]
            if held[:1] == '"':
                self._over, held = True, ""
            if not held or _HALF.fullmatch(held):
                break
            lone = _LONE.match(held) is not None
            text.append(_LOST if lone else held[:2])
            held = held[6 if lone else 2 :]
        self._held = held
        return "".join(text)


def _unescaped(piece: str) -> str:
    return _ESCAPE.sub(_character, piece) if "\\" in piece else piece


def _character(escape: re.Match[str]) -> str:
    written = escape[0]
    if written[1] != "u":
        return _SHORT.get(written[1], written)
    units = bytes.fromhex("".join(written.split("\\u")))
    return units.decode("utf-16-be", "replace")
