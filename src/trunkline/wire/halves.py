"""
Halves of characters in JSON: one surrogate's escape without that of the other.

Who counts text in UTF-16 (JavaScript, Java, .NET) and cuts it anywhere writes them. Their own
parsers take them, Python's, too; ours does not, and they have no UTF-8.
"""

import re
from typing import Final

ESCAPE: Final = b"\\u"
"""Where it is not, there are no halves: to look for it is cheaper than to call."""

_HIGH = rb"u[dD][89abAB][0-9a-fA-F]{2}"
_LOW = rb"u[dD][c-fC-F][0-9a-fA-F]{2}"
# One escape each: those of both halves together, a half alone, any other.
_ESCAPES = re.compile(
    rb"\\(?:" + _HIGH + rb"\\" + _LOW + rb"|(" + _HIGH + rb"|" + _LOW + rb")|.)", re.DOTALL
)
_REPLACEMENT = b"\\ufffd"


def without_halves(data: bytes) -> bytes:
    """`data` with U+FFFD for each half; mostly `data` itself."""
    if b"\\ud" not in data and b"\\uD" not in data:
        return data
    return _ESCAPES.sub(_one, data)


def _one(escape: re.Match[bytes]) -> bytes:
    return escape[0] if escape[1] is None else _REPLACEMENT
