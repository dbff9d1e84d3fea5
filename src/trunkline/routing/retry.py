"""Once more on the same target, or not: by what failed, how often, and how much retrying goes on."""

from msgspec import Struct

from trunkline.canon.errors import Disconnected, GatewayError, Overloaded, Throttled


class RetryRules(Struct, frozen=True, kw_only=True):
    same_target: int = 1
    """How often the same target is asked again."""
    longest_wait: float = 3.0
    """Seconds of a Retry-After that are waited out rather than moving on."""
    jitter: float = 0.25
    """Seconds; the wait without a Retry-After is uniform in [0, jitter) ("full jitter")."""
    share: float = 0.2
    """Of the exchanges in flight, how many may be retrying (Envoy's retry budget: 20 %)."""
    floor: int = 3
    """That many may always (Envoy's minimum)."""


class RetryBudget:
    """Keeps a failing provider from being hit twice by everybody at once."""

    __slots__ = ("_rules", "active", "retrying")

    def __init__(self, rules: RetryRules) -> None:
        self._rules = rules
        self.active = 0
        self.retrying = 0
        """Exchanges that wait to ask the same target again, or are asking it."""

    def delay(self, error: GatewayError, tries: int, dice: float) -> float | None:
        """
        Seconds to wait before asking the same target again; None to move on.

        `tries` counts how often it was asked already; `dice` is uniform in [0, 1).
        """
        rules = self._rules
        if tries > rules.same_target or not error.retryable:
            return None
        if self.retrying >= max(rules.floor, int(self.active * rules.share)):
            return None
        if isinstance(error, Throttled):
            wait = error.retry_after
            return wait if wait is not None and wait <= rules.longest_wait else None
        if isinstance(error, Overloaded) and error.retry_after is not None:
            return error.retry_after if error.retry_after <= rules.longest_wait else None
        if isinstance(error, Disconnected | Overloaded):
            return dice * rules.jitter
        return None

    def __repr__(self) -> str:
        return f"<RetryBudget {self.retrying} retrying of {self.active} active>"
