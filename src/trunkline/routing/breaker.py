"""The health of one deployment: closed, open, half-open. Pure: time arrives as an argument."""

from collections import deque
from enum import Enum

from msgspec import Struct


class Health(Enum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class BreakerRules(Struct, frozen=True, kw_only=True):
    consecutive: int = 3
    """Failures in a row that open it. Envoy's outlier detection ejects after 5 (2026-11-21); an
    LLM request is dearer to lose, and a wrong ejection costs only a trip to the next target."""
    window: int = 20
    """How many of the last outcomes the failure rate is taken of."""
    rate: float = 0.5
    minimum: int = 8
    """Outcomes in the window before the rate means anything."""
    first_pause: float = 1.0
    """Seconds open before the first probe; doubled on each failed probe."""
    longest_pause: float = 8.0
    """So that the primary is back within seconds of its recovery."""


class Breaker:
    """
    Opens on failures in a row or on a bad rate (a brown-out); then one probe at a time.

    A probe is an ordinary request that still has its fallbacks, so nobody pays for it.
    """

    __slots__ = ("_failures", "_opened_until", "_outcomes", "_pause", "_probing", "rules")

    def __init__(self, rules: BreakerRules) -> None:
        self.rules = rules
        self._failures = 0
        self._outcomes: deque[bool] = deque(maxlen=rules.window)
        self._opened_until: float | None = None
        self._pause = rules.first_pause
        self._probing = False

    def health(self, now: float) -> Health:
        if self._opened_until is None:
            return Health.CLOSED
        if now < self._opened_until or self._probing:
            return Health.OPEN
        return Health.HALF_OPEN

    def starting(self, now: float) -> None:
        """A request is about to go there; when half-open it is the probe."""
        if self._opened_until is not None and now >= self._opened_until:
            self._probing = True

    def succeeded(self) -> None:
        self._failures = 0
        if self._opened_until is not None:
            self._outcomes.clear()
            self._opened_until = None
            self._pause = self.rules.first_pause
        self._probing = False
        self._outcomes.append(True)

    def failed(self, now: float) -> None:
        rules = self.rules
        self._failures += 1
        self._outcomes.append(False)
        if self._opened_until is not None:
            if self._probing:
                self._pause = min(self._pause * 2, rules.longest_pause)
                self._opened_until = now + self._pause
                self._probing = False
            return
        bad = self._outcomes.count(False)
        many = len(self._outcomes) >= rules.minimum
        if self._failures >= rules.consecutive or (
            many and bad >= rules.rate * len(self._outcomes)
        ):
            self._opened_until = now + self._pause

    def forgot(self) -> None:
        """A started request ended without a verdict on the target (the client left)."""
        self._probing = False

    def __repr__(self) -> str:
        state = "closed" if self._opened_until is None else "open"
        return f"<Breaker {state}, {self._failures} failures in a row>"
