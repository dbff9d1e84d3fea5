"""How far a long command is, on standard error: one line that changes, or a line for each part."""

from collections.abc import Callable

from trunkline.kernel.clock import Clock

# Seconds between two changes of the line.
_EVERY = 0.2
_MANY = 1000
_CLEAR = "\r\x1b[K"


class Progress:
    def __init__(
        self, write: Callable[[str], object], clock: Clock, unit: str, *, terminal: bool
    ) -> None:
        """`unit`: of what is counted. `write`: takes text for people, newlines included."""
        self._write = write
        self._clock = clock
        self._unit = unit
        self._terminal = terminal
        self._what = ""
        self._first = self._done = self._total = 0
        self._since = self._told = clock.monotonic()

    def tell(self, what: str, done: int, total: int) -> None:
        now = self._clock.monotonic()
        if what != self._what:
            self.end()
            self._what, self._first, self._since = what, done, now
            self._told = now - _EVERY
        self._done, self._total = done, total
        if self._terminal and now - self._told >= _EVERY:
            self._told = now
            self._write(f"{_CLEAR}{self._line(now)}")

    def end(self) -> None:
        """Say the last of what was told."""
        if self._what and self._total:
            line = self._line(self._clock.monotonic())
            self._write(f"{_CLEAR}{line}\n" if self._terminal else f"{line}\n")
        elif self._what and self._terminal:
            self._write(_CLEAR)
        self._what = ""

    def _line(self, now: float) -> str:
        took = now - self._since
        fresh = self._done - self._first
        # Of a moment, or of a few, it would be no rate.
        tells = took >= _EVERY and self._total >= _MANY
        rate = f"  {fresh / took:,.0f} {self._unit}/s" if tells else ""
        return f"{self._what:22} {self._done:>14,} of {self._total:,}{rate}"

    def __repr__(self) -> str:
        return f"<Progress {self._what}>"
