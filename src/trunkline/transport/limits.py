"""What the transport allows an upstream, and the figures it shows of itself."""

from msgspec import Struct


class Limits(Struct, frozen=True, kw_only=True):
    header_count: int = 128
    """Headers in one answer. Providers send 10 to 40."""
    header_bytes: int = 64 << 10
    """Names and values together; also what trailers and chunk extensions may take between two reads of body."""
    buffered_bytes: int = 256 << 10
    """Unread body kept per answer; above it the socket is not read."""
    keep_alive: float = 30.0
    """Seconds a connection may lie idle; an upstream's own Keep-Alive timeout shortens it."""
    idle_per_origin: int = 256
    connections_per_origin: int = 10_000
    """At the limit a request fails at once: a queue here would only hide that the target is full."""
    sweep: float = 0.1
    """Seconds between two looks at the clocks of all connections; no clock is later than this."""


class TransportStatistics(Struct, frozen=True, kw_only=True):
    open: int
    """Connections with a socket, busy or idle."""
    idle: int
    connecting: int
    requests: int
    """Everything below counts since start."""
    opened: int
    retried: int
    """Sent again because a kept-alive connection turned out to be closed."""
    timed_out: int
