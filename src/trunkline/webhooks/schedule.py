"""When a delivery that failed is tried again."""

from collections.abc import Callable

Dice = Callable[[], float]
"""From 0 to 1."""

# Standard Webhooks, "Deliverability and reliability" (seen 2026-11-21): over three days. Seconds
# after the first attempt, the second ...
PAUSES = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
ATTEMPTS = len(PAUSES) + 1
_JITTER = 0.2


def pause_after(attempt: int, dice: float) -> float | None:
    """
    Seconds until the next attempt, give or take a tenth, so that what failed together does not
    come back together; None: that was the last.

    `attempt`: from 1. `dice`: from 0 to 1.
    """
    if attempt > len(PAUSES):
        return None
    return PAUSES[attempt - 1] * (1 + _JITTER * (dice - 0.5))
