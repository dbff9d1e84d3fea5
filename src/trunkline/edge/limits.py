"""How much and how long the edge puts up with: every bound in one place, with its precedent."""

from msgspec import Struct


class Limits(Struct, frozen=True, kw_only=True):
    """Bytes, seconds and counts. The defaults suit a gateway that faces the open internet."""

    url_bytes: int = 8 << 10
    """As nginx's large_client_header_buffers and Apache's LimitRequestLine."""
    head_bytes: int = 64 << 10
    """Request line and headers together. Between Tomcat's 8 KiB and node's former 80 KiB."""
    header_count: int = 100
    """As Apache's LimitRequestFields."""
    body_bytes: int = 64 << 20
    """Images and documents travel in base64; Anthropic itself takes 32 MB."""
    discard_bytes: int = 256 << 10
    """A refused request's body up to this long is read past to keep the connection."""
    pipelined: int = 64
    """Requests a connection may send ahead of their answers."""
    write_buffer: int = 256 << 10
    """Unsent bytes of one answer before `drain` waits."""
    progress_bytes: int = 16 << 10
    """
    A body must grow, an unread answer shrink, by that much within its deadline.

    273 bytes/s at the default minute: any modem, but no trickle of single bytes.
    """
    connections: int = 10_000
    """Beyond it, and beyond half of what files may be open, requests are answered 503."""

    head_seconds: float = 30.0
    """From the first byte of a request to its blank line, and from connecting to the first byte."""
    idle_seconds: float = 75.0
    """Between requests, as nginx's keepalive_timeout."""
    body_seconds: float = 60.0
    write_seconds: float = 60.0
    linger_seconds: float = 5.0
    """After a refusal: what the client still sends is dropped, so that it can read why."""
    sweep_seconds: float = 1.0
    """Deadlines are looked at this often, all connections together."""


class Shutdown(Struct, frozen=True, kw_only=True):
    """Seconds of the stages of a shutdown."""

    accept_grace: float = 0.0
    """Serving on, with readiness false, while load balancers take notice."""
    drain_timeout: float = 600.0
    """Open answers may finish."""
    farewell: float = 5.0
    """What is cut off may say so to its client, and settle."""
