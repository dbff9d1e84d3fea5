"""When a delivery that failed is tried again."""

from collections.abc import Callable, Sequence

from msgspec import Struct

Dice = Callable[[], float]
"""From 0 to 1."""

# Standard Webhooks, "Deliverability and reliability" (seen 2026-11-21): over three days. Seconds
# after the first attempt, the second ...
PAUSES = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
_JITTER = 0.2


class Pace(Struct, frozen=True, kw_only=True):
    """Seconds. Tests that wait for nobody make them shorter."""

    timeout: float = 10.0
    """Of an attempt, all told; receivers answer first and work later."""
    lease: float = 60.0
    """A sender that has not said by then what came of an attempt is dead: six attempts long."""
    look: float = 0.5
    """Between two looks for what became due, or what another process put."""
    pauses: Sequence[float] = PAUSES


def pause_after(pauses: Sequence[float], attempt: int, dice: float) -> float | None:
    """
    Seconds until the next attempt, give or take a tenth, so that what failed together does not
    come back together; None: that was the last.

    `attempt`: from 1. `dice`: from 0 to 1.
    """
    if attempt > len(pauses):
        return None
    return pauses[attempt - 1] * (1 + _JITTER * (dice - 0.5))
