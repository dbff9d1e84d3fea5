"""The seam to the network: what a transport is asked for and what it gives back."""

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from trunkline.canon.exchange import Headers


class Origin(Struct, frozen=True):
    """Where a connection goes: scheme, host and port. Connections are pooled by this."""

    scheme: str
    """ "http" or "https"."""
    host: str
    """A DNS name, an IPv4 address, or an IPv6 address without brackets."""
    port: int


class UpstreamRequest(Struct, frozen=True):
    origin: Origin
    method: bytes
    path: bytes
    """The request target: path and query."""
    headers: Headers
    """Without host, content-length, connection and transfer-encoding: those are the transport's."""
    body: bytes


class Timeouts(Struct, frozen=True):
    """Seconds. The clocks the transport itself keeps; time to first content is the flow's."""

    connect: float = 10.0
    """Name resolution, TCP, proxy and TLS together."""
    headers: float = 60.0
    """From the request's last byte to the answer's header block."""
    idle: float = 60.0
    """Between two reads of the body."""


Sink = Callable[[bytes], bool]
"""Takes some bytes; True: no more for now."""


class UpstreamResponse(Protocol):
    """
    An answer being read. Always `close()` it; closing before the end aborts the connection.

    `read` raises the same errors as `Transport.send`.
    """

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Headers:
        """Lower-case names."""

    @property
    def complete(self) -> bool:
        """The whole body has arrived; `read` and `body` will not wait."""

    async def read(self) -> bytes:
        """What has arrived since the last call, one network read's worth or more; b"" at the end."""

    async def pump(self, sink: Sink) -> bool:
        """
        Give each read's bytes to `sink` right where they arrive, without waking a task for each.

        False once `sink` has returned True, to be called again for more; True at the end of
        the body. What `sink` raises is raised here.
        """

    async def body(self, limit: int) -> bytes:
        """The rest of the body; Garbled once it exceeds `limit` bytes."""

    def close(self) -> None:
        """Give the connection back when the answer was read whole, else abort it at once."""


async def pump_by_reading(response: UpstreamResponse, sink: Sink) -> bool:
    """`UpstreamResponse.pump` for answers that do not come from a socket."""
    while data := await response.read():
        if sink(data):
            return False
    return True


class Transport(Protocol):
    async def send(self, request: UpstreamRequest, timeouts: Timeouts) -> UpstreamResponse:
        """
        Send and wait for the answer's headers.

        Raises Unreachable (no connection), Disconnected (reset or early end), TimedOut,
        Garbled (not HTTP, over a cap). Never follows a redirect.
        """

    async def aclose(self) -> None: ...
