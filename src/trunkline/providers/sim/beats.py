"""What a dialect's writer hands over: the bytes of a stream event by event, and what each holds."""

from collections.abc import Iterator
from enum import Enum
from typing import Protocol

from msgspec import Struct

from trunkline.canon.exchange import Headers
from trunkline.providers.sim.ask import Ask
from trunkline.providers.sim.turns import Answer


class Mark(Enum):
    """What an event is in the life of a stream."""

    LEAD = "lead"
    """Role, ping, message_start: nothing a client would miss."""
    CONTENT = "content"
    """Holds text, reasoning or a piece of a call."""
    FRAME = "frame"
    """Opens or closes a block between contents."""
    FINISH = "finish"
    """Says why the answer ended."""
    USAGE = "usage"
    """Usage behind the finish, where that is an event of its own."""
    END = "end"
    """The sentinel."""
    LAST = "last"
    """Says why the answer ended, in a dialect that has no sentinel behind it."""


class Beat(Struct, frozen=True):
    """One event of a stream, ready to be sent."""

    data: bytes
    mark: Mark
    kind: str = ""
    """ "text", "reasoning", "arguments" or "refusal"."""
    text: str = ""
    """The content it carries."""
    tokens: int = 0
    usage: bool = False
    """It tells the usage."""


class Stamp(Struct, frozen=True):
    """What makes an answer this very one."""

    seed: bytes
    """Ids are derived from it."""
    model: str
    created: int
    request_id: str


class Wrong(Struct, frozen=True):
    """An error before the first byte."""

    status: int
    message: str
    kind: str = ""
    """The dialect's error type; empty: the usual one of this status."""
    param: str | None = None
    code: str | None = None


class Pace(Struct, frozen=True):
    """How a stream is cut up."""

    chunk: int = 1
    """Tokens per content event."""
    field: str = "reasoning_content"
    skew: str = ""
    """How the usage is falsified: see usage.py."""


class Voice(Protocol):
    """A dialect's writer."""

    @property
    def dialect(self) -> str: ...
    def request_id(self, seed: bytes) -> str: ...
    def headers(self, stamp: Stamp, *, stream: bool) -> Headers:
        """All of a good answer's but content-length and transfer-encoding."""

    def answer_id(self, seed: bytes) -> str: ...
    def whole(self, answer: Answer, ask: Ask, stamp: Stamp, pace: Pace) -> bytes: ...
    def beats(self, answer: Answer, ask: Ask, stamp: Stamp, pace: Pace) -> Iterator[Beat]: ...
    def error(self, fault: Wrong, stamp: Stamp) -> bytes:
        """The body of an error answer."""

    def error_event(self, kind: str, message: str, stamp: Stamp, sent: int = 0) -> bytes:
        """What breaks off a stream, behind so many events."""
