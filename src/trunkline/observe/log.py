"""Structured lines on standard error: only the fields that are named here by a caller, never a body or a header."""

import re
from collections.abc import Callable

import msgspec

from trunkline.kernel.clock import Clock

Write = Callable[[str], object]
Field = str | int | float | bool | None

# What a credential looks like, wherever an exception text might have picked one up.
_SECRET = re.compile(
    r"(?i)(\b(?:sk|tl|plx|kpx|gsk|xai|pk|rk|AIza|prxy)[-_][A-Za-z0-9_\-]{8,}|AIza[A-Za-z0-9_\-]{20,}"
    r"|bearer\s+[A-Za-z0-9._\-]{8,}|(?<=[?&]key=)[^&\s]+)"
)


def scrub(text: str) -> str:
    """`text` with everything that looks like a credential masked."""
    return _SECRET.sub("[secret]", text)


class Log:
    """One JSON object a line: {"at", "level", "event", ...}."""

    __slots__ = ("_clock", "_write")

    def __init__(self, write: Write, clock: Clock) -> None:
        self._write = write
        self._clock = clock

    def info(self, event: str, **fields: Field) -> None:
        self._line("info", event, fields)

    def warning(self, event: str, **fields: Field) -> None:
        self._line("warning", event, fields)

    def error(self, event: str, **fields: Field) -> None:
        self._line("error", event, fields)

    def _line(self, level: str, event: str, fields: dict[str, Field]) -> None:
        clean = {k: scrub(v) if isinstance(v, str) else v for k, v in fields.items()}
        line = {"at": round(self._clock.unix(), 3), "level": level, "event": event, **clean}
        self._write(msgspec.json.encode(line).decode() + "\n")
