"""Which of a model's prices holds at a given time."""

from collections.abc import Sequence
from datetime import UTC, datetime

from trunkline.catalog.model import Window

_DAY = 86_400


def window_at(windows: Sequence[Window], at_unix: float, service: str | None = None) -> int | None:
    """
    The index of the last window that holds; before the first known date, the earliest.

    A service tier without rates of its own at that time has the usual ones. None: no prices.
    """
    earliest: int | None = None
    today = ""
    for index in range(len(windows) - 1, -1, -1):
        window = windows[index]
        if window.service != service:
            continue
        earliest = index
        if window.since is not None:
            # ISO dates sort as text.
            today = today or datetime.fromtimestamp(at_unix, UTC).date().isoformat()
            if today < window.since:
                continue
        if window.daily is None or _within(window.daily, at_unix % _DAY):
            return index
    return earliest if service is None else window_at(windows, at_unix)


def effective(window: Window) -> str:
    """A short name for when and for whom it holds: "2026-03-13", "always", "always@00:30-16:30"."""
    name = window.since or "always"
    if window.daily is not None:
        name += "@" + "-".join(window.daily)
    return name if window.service is None else f"{name}+{window.service}"


def _within(daily: tuple[str, str], second: float) -> bool:
    start, end = (int(clock[:2]) * 3600 + int(clock[3:]) * 60 for clock in daily)
    return start <= second < end if start <= end else second >= start or second < end
