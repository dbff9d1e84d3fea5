"""A tunnel through a forward proxy: the CONNECT handshake."""

import asyncio
import re
import socket

from trunkline.canon.errors import Unreachable
from trunkline.transport.head import authority
from trunkline.transport.proxy import Route

_MAX_HEAD = 16 << 10
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3})[ \r]")


async def open_tunnel(sock: socket.socket, route: Route) -> asyncio.Transport:
    """Ask for the origin through the connected `sock`, and own it. Raises Unreachable, OSError."""
    loop = asyncio.get_running_loop()
    transport, handshake = await loop.create_connection(
        lambda: _Handshake(loop.create_future()), sock=sock
    )
    try:
        transport.write(_request(route))
        await handshake.done
    except BaseException:
        transport.abort()
        raise
    return transport


def _request(route: Route) -> bytes:
    target = authority(route.origin, default_port=True)
    request = b"CONNECT %b HTTP/1.1\r\nhost: %b\r\n" % (target, target)
    if route.proxy is not None and route.proxy.authorization:
        request += b"proxy-authorization: %b\r\n" % route.proxy.authorization
    return request + b"\r\n"


class _Handshake(asyncio.Protocol):
    """Reads the proxy's answer; `done` fails with Unreachable unless it is a 2xx."""

    __slots__ = ("_head", "_transport", "done")

    def __init__(self, done: asyncio.Future[None]) -> None:
        self.done = done
        self._head = b""

    def data_received(self, data: bytes) -> None:
        self._head += data
        head, end, beyond = self._head.partition(b"\r\n\r\n")
        if not end and len(self._head) <= _MAX_HEAD:
            return
        status = _STATUS_LINE.match(head + b"\r")
        if not end or status is None:
            self._fail("its answer to CONNECT is not HTTP")
        elif not status[1].startswith(b"2"):
            self._fail(f"it answered CONNECT with {status[1].decode()}")
        elif beyond:
            # TLS begins with us; whatever this is, it is not from the provider.
            self._fail("it sent bytes before the tunnel was in use")
        elif not self.done.done():
            self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail("it closed the connection")

    def _fail(self, reason: str) -> None:
        if not self.done.done():
            self.done.set_exception(
                Unreachable(
                    "the proxy refused the connection to the provider", detail=f"proxy: {reason}"
                )
            )
