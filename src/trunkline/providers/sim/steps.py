"""A performance step by step: what is sent, when, and how it ends; played on a socket or without."""

from msgspec import Struct

from trunkline.canon.exchange import Headers
from trunkline.providers.sim.beats import Beat
from trunkline.providers.sim.turns import Answer


class Head(Struct, frozen=True):
    status: int
    headers: Headers
    length: int | None = None
    """Of the body; None: chunked."""
    every: float = 0.0
    """Seconds between each two bytes of the head."""


class Send(Struct, frozen=True):
    """Bytes of the body."""

    data: bytes
    beat: Beat | None = None
    """What arrives whole with the last of these bytes."""
    times: int = 1
    """The beat stands for so many alike."""
    answer: Answer | None = None
    """The whole answer arrives with these bytes."""


class Wait(Struct, frozen=True):
    """Zero seconds: what was sent so far is a packet, or a read, of its own."""

    seconds: float


class Hang(Struct, frozen=True):
    """Nothing more, ever; the connection stays open until the other side gives up."""


class Cut(Struct, frozen=True):
    """The connection ends here, before the answer does."""

    reset: bool
    """RST, or else FIN."""


class Refuse(Struct, frozen=True):
    """As if nobody listened: on a socket the nearest is an end before the first byte."""

    reset: bool


class End(Struct, frozen=True):
    """The body is complete, as HTTP sees it."""


Step = Head | Send | Wait | Hang | Cut | Refuse | End
