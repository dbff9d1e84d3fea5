"""An answer before it has bytes: what is thought, said and called, and what it is said to cost."""

from msgspec import Struct

from trunkline.providers.sim.ask import count


class Call(Struct, frozen=True):
    name: str
    arguments: str
    """JSON, as the model wrote it."""
    id: str | None = None
    """None: an id is made up in the provider's form."""


class Tally(Struct, frozen=True, kw_only=True):
    """The usage an answer claims. `input` is everything read, `output` everything written."""

    input: int = 0
    output: int = 0
    reasoning: int = 0
    cache_read: int = 0
    cache_write: int = 0


class Turn(Struct, frozen=True, kw_only=True):
    """One choice: thought first, then text, then calls."""

    thinking: str = ""
    redacted: bool = False
    text: str = ""
    chunks: tuple[str, ...] | None = None
    """The text's events, where they are to be exactly these."""
    refusal: str = ""
    calls: tuple[Call, ...] = ()
    finish: str = "stop"
    """ "stop", "length", "tool_calls", "content_filter", "refusal" or "pause"."""
    stopped_by: str | None = None
    """The stop sequence that ended it."""

    @property
    def tokens(self) -> int:
        """What it counts as: each text by `ask.count`, a call as its name and its arguments."""
        calls = sum(count(call.name) + count(call.arguments) for call in self.calls)
        return count(self.thinking) + count(self.text) + count(self.refusal) + calls


class Answer(Struct, frozen=True, kw_only=True):
    turns: tuple[Turn, ...]
    usage: Tally
