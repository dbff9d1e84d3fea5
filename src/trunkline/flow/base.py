"""What flow asks of the rooms around it: where a request came from and where its answer goes."""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Raw, Struct

from trunkline.canon.errors import GatewayError
from trunkline.canon.exchange import Exchange, Headers
from trunkline.dialects.base import ErrorTeller, WireError


class Head(Struct, frozen=True):
    """A request up to its blank line, checked and normalised by the edge."""

    method: bytes
    path: bytes
    """Percent-decoding never needed: the edge refuses what is not in normal form."""
    query: bytes
    headers: Mapping[bytes, bytes]
    """Lower-case names; of repeated headers the first, but comma-lists are joined."""
    peer: str
    """The client's address, for the log."""
    received_at: float
    """Unix seconds."""
    started: float
    """Monotonic seconds."""


class Reply(Protocol):
    """
    The way back to the client. The edge frames it (content-length or chunked).

    When the client goes away the edge cancels the task that writes here.
    """

    @property
    def started(self) -> bool: ...
    @property
    def draining(self) -> bool:
        """True when the task was cancelled because the gateway shuts down, not by the client."""

    def whole(self, status: int, headers: Headers, body: bytes) -> None:
        """A complete answer in one write."""

    def start(self, status: int, headers: Headers) -> None:
        """Begin a streamed answer; the head leaves together with the first write."""

    def write(self, data: bytes) -> None: ...
    @property
    def crowded(self) -> bool:
        """The client reads slower than we write: `drain` would wait."""

    async def drain(self) -> None:
        """Wait while the client reads slower than we write."""

    def end(self, last: bytes = b"") -> None:
        """Close a streamed answer properly; its last piece leaves in the same write."""

    def abort(self) -> None:
        """Break the connection: the answer cannot be finished honestly."""


class Face(Protocol):
    """How one mount presents answers: headers, extension fields, error shapes."""

    @property
    def name(self) -> str: ...
    def prepare(self, envelope: dict[str, Raw], headers: Mapping[bytes, bytes]) -> bool:
        """
        Apply the face's own defaults and take out its own fields; True when it changed anything.

        Raises Malformed for a value that one of its own fields or headers does not know.
        """

    def headers(self, exchange: Exchange, *, streaming: bool) -> Headers:
        """Of an answer, beyond its content type; when streaming, what is known before its end."""

    def extend(self, body: bytes, exchange: Exchange) -> bytes:
        """A whole answer with the face's own fields, if it has any."""

    def refuse(self, error: GatewayError, request_id: str, server: ErrorTeller) -> WireError:
        """An error before the first byte."""


class Call(Protocol):
    """One admitted request, waiting for its body."""

    async def run(self, body: bytes, reply: Reply) -> None:
        """Answer it. Raises nothing but CancelledError."""


class Endpoint(Protocol):
    """A POST that the edge serves on its hot path."""

    def begin(self, head: Head) -> Call:
        """Who calls, and may they? Before a byte of the body is kept. Raises GatewayError."""

    def refuse(self, error: GatewayError, request_id: str) -> WireError:
        """The error in the shape this endpoint's clients read."""


Endpoints = Mapping[tuple[bytes, bytes], Endpoint]
"""By (method, path). A path may hold "{model}" once, which stands for anything, slashes included."""

MODEL = b"{model}"
