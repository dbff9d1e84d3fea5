"""A dialect has two roles and one vocabulary: facing our clients, and facing upstreams."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Protocol

from msgspec import Raw, Struct

from trunkline.canon.answer import Answer
from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import GatewayError
from trunkline.canon.event import Burst
from trunkline.canon.exchange import Headers
from trunkline.canon.note import Note
from trunkline.canon.request import Request
from trunkline.canon.usage import Usage


class WireError(Struct, frozen=True):
    """An error before the first byte, as the client's dialect writes it."""

    status: int
    headers: Headers
    body: bytes


class Stamp(Struct, frozen=True):
    """What an answer needs that translation cannot know: sans-IO code has no clock and no dice."""

    id: str
    """A fresh unguessable token (letters and digits), to which the dialect adds its prefix."""
    model: str
    """Named where the upstream's answer names no model."""
    created: int
    """Unix seconds."""


class Encoded(Struct, frozen=True):
    """A request as the upstream shall see it."""

    body: bytes
    headers: Headers = ()
    """Beyond content-type and authentication: anthropic-beta and the like."""
    notes: tuple[Note, ...] = ()
    tool_names: Mapping[str, str] = {}
    """Names shortened for this upstream -> the client's own; the flow restores them in the answer."""


class EventEncoder(Protocol):
    """Canonical events to the bytes of a stream in one dialect. One per answer."""

    def feed(self, burst: Burst) -> bytes:
        """Bytes for these events, possibly none. After Ended or Faulted the stream is closed."""

    def fault(self, error: GatewayError, request_id: str) -> bytes:
        """
        The events that tell of a fault after the first byte; the stream ends with them.

        Asked of the encoder because they may count on from what was sent (Responses).
        """


class EventDecoder(Protocol):
    """The bytes of an upstream's stream to canonical events. One per answer."""

    def feed(self, data: bytes) -> Burst:
        """
        Events that `data` completes. Any chunking gives the same events.

        An error event of the upstream becomes Faulted. Raises Garbled, only.
        """

    def finish(self) -> Burst:
        """
        At the end of the body: what remains, ending in Ended.

        Raises Disconnected when the stream never said why it finished; a missing sentinel
        after a finish reason is forgiven.
        """


class Sighting(Enum):
    """How far a watched stream has come."""

    NOTHING = 0
    """Role, ping, message_start: nothing a client would miss."""
    CONTENT = 1
    FINISHED = 2
    """It said why it finished (and perhaps its usage is still to come)."""
    ENDED = 3
    """Its sentinel came, too."""


class Watcher(Protocol):
    """
    Looks at a stream that passes through untouched. One per answer.

    `feed` takes whole events only (as wire.sse.Splitter gives them) and returns what may be
    forwarded: all of it, but for a usage event that only we asked for. It raises Garbled on
    an event that is not this dialect's JSON, and the decoded error when the event is one;
    whatever came before the offending event in the same call is then in `before_error`.
    """

    sighting: Sighting
    usage: Usage | None
    delivered: list[str]
    """The content that passed (text, reasoning, call names and arguments), for an estimate
    when no usage comes. Only appended to: whoever feeds may join pieces in place."""
    before_error: bytes

    def feed(self, events: bytes) -> bytes: ...
    def fault(self, error: GatewayError, request_id: str) -> bytes:
        """As EventEncoder.fault, in continuation of what has passed."""


class ErrorTeller(Protocol):
    """Whatever a client's request arrived in: how it is told of an error."""

    @property
    def name(self) -> str: ...
    @property
    def request_id_header(self) -> bytes:
        """The answer's header, in lower case, in which its clients look for the request id."""

    def render_error(self, error: GatewayError, request_id: str) -> WireError: ...


class ServerDialect(ErrorTeller, Protocol):
    """The role that faces our clients."""

    @property
    def caller_header(self) -> bytes:
        """A request header, in lower case, that only its clients send; empty where none is."""

    def decode_request(self, body: bytes, headers: Mapping[bytes, bytes]) -> Request:
        """Raises Malformed (with `param`), only."""

    def encode_answer(self, answer: Answer, request: Request, stamp: Stamp) -> bytes: ...
    def encoder(self, request: Request, stamp: Stamp) -> EventEncoder: ...
    def wants_usage(self, envelope: Mapping[str, Raw]) -> bool:
        """Whether the client asked for usage in its stream (where the dialect lets it choose)."""


class ClientDialect(Protocol):
    """The role that faces an upstream provider."""

    @property
    def name(self) -> str: ...
    @property
    def stream_type(self) -> bytes:
        """The media type of its streams, in lower case: "text/event-stream"."""

    def path(self, model: str, *, stream: bool) -> str:
        """
        Appended to the provider's base URL: "/chat/completions", "/v1/messages".

        `model` is the upstream's name, for dialects that carry it here (percent-encoded).
        """

    def encode_request(self, request: Request, deployment: Deployment) -> Encoded:
        """Raises Unsupported for what may neither be expressed nor dropped."""

    def decode_answer(self, body: bytes, *, think_tags: bool = False) -> Answer:
        """`think_tags` as in Quirks. Raises Garbled, or the decoded error when a 200 carries one."""

    def decoder(self, *, think_tags: bool = False) -> EventDecoder: ...
    def decode_error(self, status: int, headers: Headers, body: bytes) -> GatewayError: ...


class Dialect(ServerDialect, ClientDialect, Protocol):
    """Both roles under one name: then an answer may pass through, watched."""

    @property
    def sentinel(self) -> bytes:
        """The event that closes a stream, for one whose upstream left it out."""

    def forward(
        self, envelope: Mapping[str, Raw], deployment: Deployment, headers: Mapping[bytes, bytes]
    ) -> Encoded:
        """
        A request of this same dialect for a passthrough: model replaced, top-level quirks
        applied, all else to the byte; in a stream the usage is asked for.
        """

    def watcher(self, *, wants_usage: bool) -> Watcher:
        """`wants_usage`: the client itself asked for the usage event."""

    def read_usage(self, body: bytes) -> Usage | None:
        """Only the usage of a whole answer, cheaply, for a passthrough. Raises Garbled, or the error in a 200."""


Dialects = Sequence[Dialect]
