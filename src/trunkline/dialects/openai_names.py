"""Names of tools as OpenAI and its look-alikes take them: 64 letters, digits, "_" and "-"."""

import re
from collections.abc import Callable
from hashlib import sha256

_FOREIGN = re.compile(r"[^a-zA-Z0-9_-]")
_DIGITS = 8

ToolName = Callable[[str], str]


class Names:
    """Names as an upstream takes them: too long a one gets an end by which it is known again."""

    __slots__ = ("_longest", "_strict", "used")

    def __init__(self, longest: int, *, strict: bool) -> None:
        self._longest = longest
        self._strict = strict
        """Other dialects allow characters that OpenAI does not."""
        self.used: dict[str, str] = {}
        """Names changed -> the client's own."""

    def __call__(self, name: str) -> str:
        plain = _FOREIGN.sub("_", name) if self._strict else name
        if plain == name and len(name) <= self._longest:
            return name
        digest = sha256(name.encode()).hexdigest()[:_DIGITS]
        changed = f"{plain[: self._longest - _DIGITS - 1]}_{digest}"
        self.used[changed] = name
        return changed
