"""
Bodies as they may be kept: without credentials, and without what only a machine can look at.

Masked are strings with the shape of a credential (observe/shapes.py) and whatever stands in a field
whose name says so. A credential that a stream tells in pieces is found in the pieces put together,
and so is one in JSON within JSON, as the arguments of a tool call are. What was JSON still is.
"""

from bisect import bisect_right
from collections.abc import Hashable, Iterable, Sequence
from itertools import accumulate
from typing import Final

from trunkline.observe import shapes
from trunkline.observe.literals import Literal, escaped, literals, plain_name
from trunkline.observe.shapes import REDACTED, Span

_NAMES: Final = frozenset(
    (
        "authorization",
        "apikey",
        "cookie",
        "passphrase",
        "passwd",
        "password",
        "secret",
        "setcookie",
        "token",
    )
)
# The end of a longer name, too: "OPENAI_API_KEY", "db_password".
_ENDS: Final = (
    "accesskey",
    "accesstoken",
    "apikey",
    "authorization",
    "authtoken",
    "clientsecret",
    "password",
    "privatekey",
    "refreshtoken",
    "secretkey",
    "sessiontoken",
)
# JSON in JSON in JSON: arguments of a call, told in a message, told in a tool's result.
_DEEPEST: Final = 4


class Redactor:
    """One per configuration; knows nothing of the last text when it is given the next."""

    def __init__(self, fields: Iterable[str] = (), *, emails: bool = False) -> None:
        """`fields`: more names of fields, in any spelling. `emails`: mask addresses, too."""
        self._names = _NAMES.union(map(plain_name, fields))
        self._emails = emails

    def __call__(self, text: str, *, cut: bool = False) -> str:
        """`cut`: its end is missing, so that what stands there may be half a credential."""
        [found] = self._all([text], 0, cut=cut)
        return shapes.replaced(text, found)

    def secret(self, name: str) -> bool:
        """Whether a field of this name holds a credential."""
        plain = plain_name(name)
        return plain in self._names or plain.endswith(_ENDS)

    def _all(self, texts: Sequence[str], depth: int, *, cut: bool) -> list[list[Span]]:
        """Of each text what goes. Those without a string in them are looked through together."""
        deep = [depth < _DEEPEST and '"' in text for text in texts]
        flat = ["" if within else text for within, text in zip(deep, texts, strict=True)]
        joined = shapes.APART.join(flat)
        hits = shapes.merged(shapes.spans(joined, self.secret, emails=self._emails))
        found = _shared(hits, flat, len(shapes.APART))
        for number, text in enumerate(texts):
            if deep[number]:
                found[number] = self._within(text, depth + 1, cut=cut)
            elif (told := shapes.blob(text)) is not None:
                found[number] = [(0, len(text), told)]
            elif cut:
                found[number] = shapes.merged([*found[number], *shapes.begun(text)])
        return found

    def _within(self, text: str, depth: int, *, cut: bool) -> list[Span]:
        """Of a text with strings in it."""
        parts = literals(text, self.secret)
        told = [part for part in parts if not part.secret]
        found = self._all([part.value for part in told], depth, cut=cut)
        streams: dict[Hashable, list[int]] = {}
        for number, part in enumerate(told):
            if part.place is not None:
                streams.setdefault(part.place, []).append(number)
        pieces = [numbers for numbers in streams.values() if len(numbers) > 1]
        wholes = ["".join(told[number].value for number in numbers) for numbers in pieces]
        for numbers, hits in zip(pieces, self._all(wholes, depth, cut=cut), strict=True):
            shares = _shared(hits, [told[number].value for number in numbers], 0)
            for number, share in zip(numbers, shares, strict=True):
                found[number] = shapes.merged([*share, *found[number]])
        result = [(part.start, part.end, f'"{REDACTED}"') for part in parts if part.secret]
        for part, hits in zip(told, found, strict=True):
            result += _placed(part, hits)
        return sorted(result)


def _placed(part: Literal, found: list[Span]) -> Iterable[Span]:
    """In the text around it."""
    if not found:
        return ()
    if not part.quoted:
        return ((part.start + start, part.start + end, told) for start, end, told in found)
    return ((part.start, part.end, escaped(shapes.replaced(part.value, found))),)


def _shared(found: list[Span], texts: Sequence[str], gap: int) -> list[list[Span]]:
    """
    What goes of texts that were looked at end to end, as what goes of each.

    `gap`: characters between two. What reaches over several is told in the first.
    """
    shares: list[list[Span]] = [[] for _ in texts]
    starts = [0, *accumulate(len(text) + gap for text in texts)]
    for start, end, told in found:
        number = bisect_right(starts, start) - 1
        while number < len(texts) and starts[number] < end:
            first = start - starts[number]
            last = min(end - starts[number], len(texts[number]))
            if last > max(0, first):
                shares[number].append((max(0, first), last, told if first >= 0 else ""))
            number += 1
    return shares
