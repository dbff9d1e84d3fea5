"""How long a connection has been in one phase without progress: kept by looking, not by timers."""

from enum import Enum

from trunkline.edge.limits import Limits


class Phase(Enum):
    NEW = "new"
    """Connected, nothing sent yet."""
    HEAD = "head"
    """A request line or headers are half here."""
    BODY = "body"
    ANSWERING = "answering"
    """Our turn: the flow keeps its own clocks."""
    IDLE = "idle"
    """Between requests."""
    STALLED = "stalled"
    """The client does not read, and the write buffer is full."""
    LINGERING = "lingering"
    """Refused; what the client still sends is dropped."""
    CLOSING = "closing"
    """Closed by us, but not everything is sent."""


def allowance(phase: Phase, limits: Limits) -> float | None:
    """Seconds that a phase may last; None: for ever."""
    match phase:
        case Phase.NEW | Phase.HEAD:
            return limits.head_seconds
        case Phase.BODY:
            return limits.body_seconds
        case Phase.IDLE:
            return limits.idle_seconds
        case Phase.STALLED | Phase.CLOSING:
            return limits.write_seconds
        case Phase.LINGERING:
            return limits.linger_seconds
        case Phase.ANSWERING:
            return None


class Watch:
    """
    Remembers when a phase was first seen.

    Nothing on the hot path reads a clock for this: a request that comes and goes between two
    looks leaves only a higher `turn`. So a deadline may pass one sweep late.
    """

    __slots__ = ("_amount", "_phase", "_since", "_turn")

    def __init__(self) -> None:
        self._phase = Phase.NEW
        self._turn = -1
        self._amount = 0
        self._since = 0.0

    def expired(self, phase: Phase, turn: int, amount: int, now: float, limits: Limits) -> bool:
        """
        Has `phase` lasted too long?

        `turn` tells one request from the next; a body's `amount` of bytes starts the time anew
        whenever it has grown enough.
        """
        progress = phase is Phase.BODY and amount - self._amount >= limits.progress_bytes
        if phase is not self._phase or turn != self._turn or progress:
            self._phase, self._turn, self._amount, self._since = phase, turn, amount, now
            return False
        allowed = allowance(phase, limits)
        return allowed is not None and now - self._since >= allowed
