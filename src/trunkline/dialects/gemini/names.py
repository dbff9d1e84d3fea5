"""Function names as Google takes them, the same way every time so that prompt caches hold."""

import re
from hashlib import sha256

# A letter or underscore, then letters, digits and _ . : - (ai.google.dev/api/caching,
# FunctionDeclaration, seen 2026-11-21).
_FOREIGN = re.compile(r"[^a-zA-Z0-9_.:-]")
_FIRST = re.compile(r"[a-zA-Z_]")
_DIGITS = 8


class Names:
    """A name that is changed gets an end by which it is known again."""

    __slots__ = ("_longest", "used")

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self.used: dict[str, str] = {}
        """Names changed -> the client's own."""

    def __call__(self, name: str) -> str:
        plain = _FOREIGN.sub("_", name)
        if not _FIRST.match(plain):
            plain = "_" + plain
        if plain == name and len(name) <= self._longest:
            return name
        digest = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
        changed = f"{plain[: self._longest - _DIGITS - 1]}_{digest}"
        self.used[changed] = name
        return changed
