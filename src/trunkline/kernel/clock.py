"""Time arrives as an argument: the one place that reads the machine's clocks."""

import time
from typing import Protocol


class Clock(Protocol):
    def monotonic(self) -> float:
        """Seconds, never stepping back; for durations and deadlines."""

    def unix(self) -> float:
        """Seconds since 1970-01-01 UTC; for what people read and what expires."""


class SystemClock:
    """The machine's own clocks."""

    monotonic = staticmethod(time.monotonic)  # noqa: TID251 - this is the one place the ban points to
    unix = staticmethod(time.time)  # noqa: TID251 - this is the one place the ban points to


_clock: Clock = SystemClock()
