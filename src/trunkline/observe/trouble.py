"""What goes wrong for a while: told when it begins, ever more seldom while it lasts, and when it is over."""

from collections.abc import Callable

from trunkline.kernel.clock import Clock

# Seconds since it began; then every hour. Most last as long as a restart, and some a weekend.
_AGAIN = (10.0, 60.0, 600.0)
_LONG = 3600.0


class Trouble:
    """One topic of one worker, of which each try tells how it went."""

    def __init__(self, tell: Callable[[str], object], clock: Clock) -> None:
        self._tell = tell
        self._clock = clock
        self._since: float | None = None
        self._next = 0.0

    def failed(self, sentence: str, since: float | None = None) -> None:
        """`since`: the monotonic second at which this first try began, if that took long itself."""
        now = self._clock.monotonic()
        if self._since is None:
            self._since = now if since is None else since
            self._tell(sentence)
        elif now < self._next:
            return
        else:
            self._tell(f"{sentence} (for {now - self._since:.0f} s now)")
        lasted = now - self._since
        self._next = self._since + next(
            (seconds for seconds in _AGAIN if seconds > lasted), lasted + _LONG
        )

    def over(self, sentence: str, more: str = "", lasted: float | None = None) -> None:
        """A try succeeded, which is told if the one before did not. `lasted`: seconds, if not until now."""
        if self._since is None:
            return
        seconds = self._clock.monotonic() - self._since if lasted is None else lasted
        self._since = None
        self._tell(f"{sentence} after {seconds:.1f} s{more}")

    @property
    def lasts(self) -> float | None:
        """Seconds since it began; None: all is well."""
        return None if self._since is None else self._clock.monotonic() - self._since

    def __repr__(self) -> str:
        return f"<Trouble since {self._since}>"
