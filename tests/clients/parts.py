"""What every client is made to do, in words of ours, and how it tells what came of it."""

from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

from pydantic import BaseModel

HELLO = "Say hello."
PIXEL = b"\x89PNG\r\n\x1a\n" + bytes(40)


class Weather(BaseModel):
    """The weather in a city."""

    city: str
    degrees: int
    sunny: bool


def look(city: str) -> str:
    """Look how the weather is."""
    return f"fine in {bool(city)}"


FINE = "fine in True"


class Said(NamedTuple):
    """An answer as a client's user gets it."""

    text: str
    input: int
    """Tokens, with those from a cache."""
    output: int
    """Tokens, with reasoning."""


class Failure(NamedTuple):
    """An error as a client's user catches it."""

    name: str
    """Of its class."""
    status: int
    retry_after: float | None
    """Seconds."""


def told(header: str | None) -> float | None:
    """`retry-after`, as this gateway writes it."""
    return None if header is None else float(header)


class Client(Protocol):
    """One client, pointed at a gateway with a key; each method is a conversation of its own."""

    @property
    def blind_to(self) -> Collection[str]:
        """Upstreams of whose reasoning it is shown nothing."""

    def say(self, model: str) -> Said:
        """HELLO, in one piece."""

    def stream(self, model: str) -> tuple[Sequence[str], Said]:
        """HELLO, streamed: the pieces of text, and what they add up to."""

    def think(self, model: str) -> tuple[str, str]:
        """What was thought and what was said, streamed, then once more with both in the history."""

    def call(self, model: str) -> str:
        """HELLO with the tool `look`: the client calls it and returns what it says, to the end."""

    def call_streaming(self, model: str) -> str:
        """The same by streams."""

    def parse(self, model: str) -> Sequence[object]:
        """A Weather, in each of the ways that the client has of asking for one."""

    def see(self, model: str) -> str:
        """PIXEL, inline, and what is said of it."""

    def fail(self, model: str, key: str | None = None) -> Failure:
        """The error that comes of HELLO."""

    def break_off(self, model: str) -> tuple[Sequence[str], str]:
        """What a broken stream gave, and the class of the error that ended it."""
