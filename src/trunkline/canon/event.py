"""The unit of meaning of an answer: events, and the grammar they obey."""

from collections.abc import Mapping, Sequence
from enum import Enum

from msgspec import Raw, Struct

from trunkline.canon.errors import GatewayError
from trunkline.canon.usage import Usage


class FinishReason(Enum):
    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"


class PartKind(Enum):
    TEXT = "text"
    REASONING = "reasoning"
    TOOL_CALL = "tool_call"
    REFUSAL = "refusal"
    OPAQUE = "opaque"
    """A whole part of one dialect, in PartOpened.raw; no deltas follow."""


class Started(Struct, frozen=True, gc=False):
    """First event of every answer."""

    id: str
    """The upstream's id for the answer; empty when it gave none."""
    model: str
    created: int = 0
    """Unix seconds; 0 when the upstream did not say."""
    extra: Mapping[str, Raw] = {}
    """Fields of the answer that only its own dialect knows (system_fingerprint, container)."""
    origin: str = ""


class PartOpened(Struct, frozen=True, gc=False):
    """
    A part begins. Indices count parts over all choices, from 0, in order of opening.

    Several parts may be open at once: OpenAI-like upstreams interleave parallel calls.
    """

    index: int
    kind: PartKind
    choice: int = 0
    id: str = ""
    """A tool call's id."""
    name: str = ""
    """A tool call's function."""
    call_kind: str = "function"
    raw: Raw | None = None
    origin: str = ""
    redacted: bool = False
    """A reasoning part whose text the provider hid; its data comes as a Signed event."""
    extra: Mapping[str, Raw] = {}
    """Of a text part or tool call: fields only the answer's own dialect knows (a call's caller)."""


class PartDelta(Struct, frozen=True, gc=False):
    """More of an open part: text, reasoning or refusal text, or a piece of a call's JSON."""

    index: int
    text: str


class Signed(Struct, frozen=True, gc=False):
    """The signature of a reasoning part; at most one, before its PartClosed."""

    index: int
    signature: str
    origin: str


class Annotated(Struct, frozen=True, gc=False):
    """A citation or annotation of an open text part, as its own dialect wrote it."""

    index: int
    raw: Raw
    origin: str


class Logprobs(Struct, frozen=True, gc=False):
    """Log probabilities of the tokens just sent, as OpenAI writes them: {"content":[..],"refusal":..}."""

    choice: int
    raw: Raw


class PartClosed(Struct, frozen=True, gc=False):
    index: int


class UsageReported(Struct, frozen=True, gc=False):
    """Cumulative: the last one counts, none is ever added to another."""

    usage: Usage


class Finished(Struct, frozen=True, gc=False):
    """Why one choice ended. Its parts are closed by then."""

    reason: FinishReason
    choice: int = 0
    native: str = ""
    """The upstream's own word, kept for its own dialect ("pause_turn")."""
    stop_sequence: str | None = None
    origin: str = ""
    details: Raw | None = None
    """Anthropic's stop_details."""


class Ended(Struct, frozen=True, gc=False):
    """The answer is whole. Nothing follows."""

    extra: Mapping[str, Raw] = {}


class Faulted(Struct, frozen=True):
    """
    The answer broke off. Nothing follows.

    The collector must see it: its error's traceback holds the frames that hold the event.
    """

    error: GatewayError


Event = (
    Started
    | PartOpened
    | PartDelta
    | Signed
    | Annotated
    | Logprobs
    | PartClosed
    | UsageReported
    | Finished
    | Ended
    | Faulted
)
Burst = Sequence[Event]
"""The events of one network read: what crosses an `await`."""
