"""
Characters that a stream cuts in two: one surrogate's escape ends a delta, the other begins the next.

A lone half has no UTF-8 and is no text, so it travels under a sign of its own from the bytes to the
events, where the part shows that it belongs to. The signs are characters that no standard gives a
meaning (the last of the private planes); they leave here as what they stand for.
"""

import re
from collections.abc import Sequence
from typing import Final

from trunkline.canon.event import Event, PartClosed, PartDelta
from trunkline.wire.halves import ESCAPE

_HIGH_SIGN: Final = 0x10F000
_LOW_SIGN: Final = 0x10F400
_NO_SIGN: Final = 0x10F800
_REPLACEMENT: Final = "\ufffd"
_HIGH: Final = rb"u[dD][89abAB][0-9a-fA-F]{2}"
_LOW: Final = rb"u[dD][c-fC-F][0-9a-fA-F]{2}"
_STRINGS: Final = re.compile(
    rb'("(?:content|reasoning_content|reasoning|refusal|arguments)" *: *")((?:[^"\\]|\\.)*)(?=")'
)
_FIRST: Final = re.compile(rb"\\" + _LOW)
_LAST: Final = re.compile(_HIGH)
_LENGTH: Final = len("ud83d")


def marked(block: bytes) -> bytes:
    """Events with signs for halves where another string may hold the rest; mostly `block` itself."""
    if ESCAPE + b"d" not in block and ESCAPE + b"D" not in block:
        return block
    return _STRINGS.sub(_marked, block)


def _marked(string: re.Match[bytes]) -> bytes:
    before, text = string.groups()
    if first := _FIRST.match(text):
        text = rb"\udbfd\u%b" % first[0][2:] + text[first.end() :]
    rest, last = text[:-_LENGTH], text[-_LENGTH:]
    # A backslash that is escaped itself begins no escape.
    if _LAST.fullmatch(last) and (len(rest) - len(rest.rstrip(b"\\"))) % 2:
        text = rest + rb"udbfc\u%x" % (int(last[1:], 16) + 0x400)
    return bytes(before + text)


class Halves:
    """One per stream that has any."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: dict[int, str] = {}
        """The first halves that wait for the second, as signs, by their part."""

    def joined(self, events: Sequence[Event]) -> list[Event]:
        """The events with whole characters; a half that stays alone is replaced."""
        whole: list[Event] = []
        for event in events:
            if isinstance(event, PartDelta):
                text = self._text(event.index, event.text)
                if text:
                    whole.append(PartDelta(event.index, text))
                continue
            if isinstance(event, PartClosed) and self._held.pop(event.index, ""):
                whole.append(PartDelta(event.index, _REPLACEMENT))
            whole.append(event)
        return whole

    def _text(self, index: int, text: str) -> str:
        if not text:
            return ""
        high, first = self._held.pop(index, ""), ord(text[0])
        low = _LOW_SIGN <= first < _NO_SIGN
        if high and low:
            above = 0x10000 + ((ord(high) - _HIGH_SIGN) << 10)
            text = chr(above + first - _LOW_SIGN) + text[1:]
        elif high or low:
            text = _REPLACEMENT + (text[1:] if low else text)
        if _HIGH_SIGN <= ord(text[-1]) < _LOW_SIGN:
            self._held[index] = text[-1]
            text = text[:-1]
        return text
