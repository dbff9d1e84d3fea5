"""What credentials, and what is too large to keep, look like in plain text."""

import binascii
import hashlib
import re
from collections.abc import Callable, Iterator
from typing import Final

Span = tuple[int, int, str]
"""From, to, and what goes there instead."""

REDACTED: Final = "[redacted]"
APART: Final = "\0"
"""Between texts that are looked through together: nothing below reaches over it."""

_WORD: Final = "[A-Za-z0-9_-]"
# Google, OpenAI and those who copied it, ours, and whose prefixes GitHub's secret scanning knows
# (docs.github.com "Supported secret scanning patterns", seen 2026-11-21).
_KEYS: Final = {
    "sk-": f"{_WORD}{{16,}}",
    "tl_": f"{_WORD}{{16,}}",
    "kpx_": "[A-Za-z0-9]{16,}",
    "plx_": f"{_WORD}{{16,}}",
    "prxy_live_": f"{_WORD}{{8,}}",
    "whsec_": "[A-Za-z0-9+/=_-]{16,}",
    "AIza": f"{_WORD}{{16,}}",
    "ya29.": "[A-Za-z0-9._-]{16,}",
    **{f"gh{kind}_": "[A-Za-z0-9]{16,}" for kind in "pousr"},
    "github_pat_": "[A-Za-z0-9_]{16,}",
    "glpat-": f"{_WORD}{{16,}}",
    "npm_": "[A-Za-z0-9]{20,}",
    "AKIA": "[A-Z0-9]{12,}",
    "ASIA": "[A-Z0-9]{12,}",
    "gsk_": "[A-Za-z0-9]{16,}",
    "csk-": "[A-Za-z0-9]{16,}",
    "xai-": "[A-Za-z0-9]{20,}",
    "hf_": "[A-Za-z0-9]{20,}",
    "pplx-": "[A-Za-z0-9]{20,}",
    "nvapi-": f"{_WORD}{{16,}}",
    **{f"xox{kind}-": "[A-Za-z0-9-]{16,}" for kind in "abprs"},
    **{f"{kind}_{mode}_": "[A-Za-z0-9]{12,}" for kind in ("sk", "rk") for mode in ("live", "test")},
    # What a JSON Web Token begins with, with as much as there is of it.
    "eyJ": rf"{_WORD}{{16,}}(?:\.{_WORD}*){{0,2}}",
    **{f"{word} ": r"\s*([A-Za-z0-9._~+/=-]{16,})" for word in ("Bearer", "bearer", "BEARER")},
}
_PEM: Final = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    r"[^\0]*?(?:-----END [A-Z0-9 ]{0,40}-----|(?=\0)|\Z)"
)
_SHAPES: Final = (
    *((marker, re.compile(re.escape(marker) + rest)) for marker, rest in _KEYS.items()),
    ("-----BEGIN ", _PEM),
    ("://", re.compile(r"://([^/\s:@\0]{0,256}:[^/\s@\0]{1,256})@")),
)
# Shorter ones are the end of many a word: "task-", "shelf_".
_DISTINCT: Final = 4
_ALPHANUMERIC: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_BEGUN: Final = re.compile(
    rf"(?:{'|'.join(map(re.escape, _KEYS))}|-----BEGIN )[A-Za-z0-9._~+/= -]*\Z"
)
# Of the end of a text, where a credential may have been cut in two. What is longer has its shape.
_TAIL: Final = 80

_SIGN: Final = re.compile("[:=]")
# Read from its end, where the sign is.
_NAME: Final = re.compile(r"\s?[\"']?([A-Za-z0-9_-]+)([?&]?)")
_VALUE: Final = re.compile(
    r"[\"'\s]{0,3}(?:(?:bearer|basic|token|digest)\s+)?([^\s\"',;&<>{}\[\]()\0]{3,})", re.IGNORECASE
)
_LONGEST_NAME: Final = 64

_EMAIL: Final = re.compile(
    r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}"
)
_DATA_URL: Final = re.compile(
    r"data:([\w.+/-]{0,100})(?:;[\w.=+-]{0,60}){0,4}?;base64,([A-Za-z0-9+/=_%-]*)"
)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
# Letters without a space: no word of any language, and longer than any id.
_BLOB: Final = 512
_STANDARD: Final = str.maketrans("-_", "+/")

IsSecret = Callable[[str], bool]
"""Whether a field of this name holds a credential."""


def spans(text: str, secret: IsSecret, *, emails: bool = False) -> Iterator[Span]:
    """In no order, and they may overlap."""
    for marker, pattern in _SHAPES:
        at = text.find(marker)
        while at >= 0:
            distinct = len(marker) >= _DISTINCT or not marker[0].isalpha()
            alone = distinct or not at or text[at - 1] not in _ALPHANUMERIC
            match = pattern.match(text, at) if alone else None
            if match is not None:
                yield *match.span(match.lastindex or 0), REDACTED
            at = text.find(marker, at + 1 if match is None else match.end())
    for match in _DATA_URL.finditer(text) if ";base64," in text else ():
        yield match.start(), match.end(), _told(f"data:{match[1]}", match[2])
    if emails and "@" in text:
        for match in _EMAIL.finditer(text):
            yield match.start(), match.end(), REDACTED
    yield from _assigned(text, secret)


def _assigned(text: str, secret: IsSecret) -> Iterator[Span]:
    """`password=...`, `api-key: ...`, `?key=...`: fields that are not JSON's."""
    for sign in _SIGN.finditer(text):
        at = sign.start()
        name = _NAME.match(text[max(0, at - _LONGEST_NAME) : at][::-1])
        if name is None or not (secret(name[1][::-1]) or (name[2] and name[1] == "yek")):
            continue
        value = _VALUE.match(text, at + 1)
        if value is not None:
            yield value.start(1), value.end(1), REDACTED


def begun(text: str) -> Iterator[Span]:
    """What may be the beginning of a credential, at the end of a text that was cut."""
    start = max(0, len(text) - _TAIL)
    match = _BEGUN.search(text, start)
    if match is not None:
        yield match.start(), len(text), REDACTED


def blob(text: str) -> str | None:
    """What is kept of a text that is nothing but base64, and long; None: it is not."""
    if len(text) < _BLOB or _BASE64.fullmatch(text) is None:
        return None
    return _told("base64", text)


def _told(kind: str, payload: str) -> str:
    """The digest is the file's own, where the payload can be read."""
    padded = payload.translate(_STANDARD) + "=" * (-len(payload) % 4)
    try:
        data = binascii.a2b_base64(padded)
    except binascii.Error:
        data = payload.encode()
    digest = hashlib.sha256(data).hexdigest()[:16]
    return f"[{kind}, {len(data)} bytes, sha256 {digest}]"


def merged(found: Iterator[Span] | list[Span]) -> list[Span]:
    """In order, and none over another: of two that do, the wider, with the first one's words."""
    result: list[Span] = []
    for start, end, instead in sorted(found, key=lambda span: (span[0], -span[1])):
        if result and start < result[-1][1]:
            before = result[-1]
            result[-1] = (before[0], max(before[1], end), before[2] or instead)
        else:
            result.append((start, end, instead))
    return result


def replaced(text: str, found: list[Span]) -> str:
    """`found` in order."""
    pieces: list[str] = []
    last = 0
    for start, end, instead in found:
        pieces += (text[last:start], instead)
        last = end
    return "".join((*pieces, text[last:]))
