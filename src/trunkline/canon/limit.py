"""What somebody may use: how much of what, in which time. Rules live in tenancy, counts in storage."""

from enum import Enum

from msgspec import Struct
from msgspec.structs import force_setattr

# An hour. Of a shorter window, less is lost by forgetting it than by asking the database, and nobody
# wants a letter every minute.
_LONG = 3600 * 1_000_000


class Unit(Enum):
    REQUESTS = "requests"
    TOKENS = "tokens"
    """Of all classes, input and output."""
    COST = "cost"
    """Nano-dollars."""
    CONCURRENT = "concurrent"
    """Requests under way; given back when they are over."""


class Limit(Struct, frozen=True, kw_only=True, gc=False, cache_hash=True):
    """
    Never more than `most` in a window, which opens with the first request counted in it and
    closes after its length. Two with the same `counter` share what is counted.
    """

    counter: str
    """What is counted, unique in the installation: "key/ab12/requests/60"."""
    unit: Unit
    most: int
    window: int = 0
    """Microseconds; 0: it never closes."""
    field: str
    """Its name in the API: "requests_per_minute"."""
    scope: str
    """Whose it is: "key", "user", "tenant", "model", "session"."""

    lasts: bool = False
    """Its window is long enough to be written down, and to tell people how it stands. Not to be given."""

    def __post_init__(self) -> None:
        # Worked out once: every request asks it of every limit.
        lasts = not 0 < self.window < _LONG and self.unit is not Unit.CONCURRENT
        force_setattr(self, "lasts", lasts)


class Allowance(Struct, frozen=True, gc=False):
    """How a limit stood once a request was counted in it, or refused by it."""

    limit: Limit
    remaining: int
    """In the limit's unit; what is reserved counts as used."""
    closes: int
    """Unix microseconds at which the window closes; 0: never, or none is open."""
    reserved: int = 0
    """Of what is used, what requests under way may give back."""
