"""Opening a connection: name resolution, TCP, a proxy's tunnel, TLS."""

import asyncio
import contextlib
import errno
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain, zip_longest
from typing import Any

from trunkline.canon.errors import Unreachable
from trunkline.transport.base import Origin
from trunkline.transport.connection import Connection
from trunkline.transport.proxy import Proxy, Route
from trunkline.transport.tunnel import open_tunnel

# RFC 8305, 8 (seen 2026-11-21): 250 ms before the next address is tried beside the first.
_ATTEMPT_DELAY = 0.25

Address = tuple[socket.AddressFamily, Any]
"""A family and its socket address, whose shape depends on the family."""

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]
"""
The addresses of a host and port, in the order to try them. Raises OSError, or an UpstreamError.

Asked once for each connection, and nothing but its answer is connected to: so one that leaves
addresses out decides for good whom we talk to, whatever the name stands for a moment later.
"""


async def system_addresses(host: str, port: int) -> Sequence[Address]:
    """What the machine's resolver says."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found]


async def connect(
    route: Route,
    context: ssl.SSLContext | None,
    connection: Connection,
    resolve: Resolve = system_addresses,
) -> None:
    """
    Open `connection`'s socket. `context` for https origins.

    Raises Unreachable, and what `resolve` raises. Cancelled or failed, it leaves no socket behind.
    """
    origin, proxy = route.origin, route.proxy
    try:
        sock = await _reach(proxy or origin, resolve)
        loop = asyncio.get_running_loop()
        if context is None:
            await loop.create_connection(lambda: connection, sock=sock)
        elif proxy is None:
            await loop.create_connection(
                lambda: connection, sock=sock, ssl=context, server_hostname=origin.host
            )
        else:
            raw = await open_tunnel(sock, route)
            secured = await loop.start_tls(raw, connection, context, server_hostname=origin.host)
            if secured is None:
                raise ConnectionResetError
            connection.connection_made(secured)
    except (OSError, UnicodeError, OverflowError) as error:
        connection.abort()
        raise _unreachable(proxy or origin, error) from error
    except BaseException:
        # Cancelled between the socket's opening and our hearing of it.
        connection.abort()
        raise


async def _reach(target: Origin | Proxy, resolve: Resolve) -> socket.socket:
    """A connected TCP socket. Raises OSError."""
    addresses = _interleave(await resolve(target.host, target.port))
    if not addresses:
        raise OSError("the name has no address")
    if len(addresses) == 1:
        return await _open(addresses[0])
    return await _race(addresses)


def _interleave(addresses: Sequence[Address]) -> list[Address]:
    """Families alternating, each in the resolver's order, beginning with its first (RFC 8305, 4)."""
    same = [address for address in addresses if address[0] == addresses[0][0]]
    other = [address for address in addresses if address[0] != addresses[0][0]]
    return [
        address for address in chain.from_iterable(zip_longest(same, other)) if address is not None
    ]


async def _open(address: Address) -> socket.socket:
    family, where = address
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, where)
    except BaseException:
        sock.close()
        raise
    return sock


class _Race:
    """Happy eyeballs (RFC 8305, 5): the first address to answer wins, a silent one costs 250 ms."""

    __slots__ = ("_attempts", "_delay", "_failures", "_winner")

    def __init__(self, delay: float = _ATTEMPT_DELAY) -> None:
        self._delay = delay
        self._attempts: list[asyncio.Task[None]] = []
        self._failures: list[OSError] = []
        self._winner: socket.socket | None = None

    async def run(self, addresses: Sequence[Address]) -> socket.socket:
        try:
            async with asyncio.TaskGroup() as group:
                before: asyncio.Event | None = None
                for number, address in enumerate(addresses):
                    failed = asyncio.Event()
                    attempt = self._attempt(address, number * self._delay, before, failed)
                    self._attempts.append(group.create_task(attempt))
                    before = failed
        except BaseException:
            if self._winner is not None:
                self._winner.close()
            raise
        if self._winner is None:
            raise self._failures[0]
        return self._winner

    async def _attempt(
        self, address: Address, delay: float, before: asyncio.Event | None, failed: asyncio.Event
    ) -> None:
        """Begins when the one before has failed, at the latest after `delay` seconds."""
        if before is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await before.wait()
        try:
            sock = await _open(address)
        except OSError as error:
            self._failures.append(error)
            failed.set()
            return
        if self._winner is not None:  # both in the same turn of the loop
            sock.close()
            return
        self._winner = sock
        for attempt in self._attempts:
            if attempt is not asyncio.current_task():
                attempt.cancel()


async def _race(addresses: Sequence[Address]) -> socket.socket:
    return await _Race().run(addresses)


def _unreachable(target: Origin | Proxy, error: Exception) -> Unreachable:
    """The message tells the kind; names and addresses are for our log."""
    whom = "the proxy" if isinstance(target, Proxy) else "the provider"
    if isinstance(error, ssl.SSLCertVerificationError):
        message, reason = (
            "the provider's TLS certificate could not be verified",
            error.verify_message,
        )
    elif isinstance(error, ssl.SSLError):
        message, reason = "no TLS connection to the provider could be made", str(error.reason)
    elif isinstance(error, socket.gaierror | UnicodeError):
        message, reason = f"the name of {whom} could not be resolved", str(error)
    elif isinstance(error, OSError) and error.errno == errno.ECONNREFUSED:
        message, reason = f"{whom} refused the connection", "ECONNREFUSED"
    else:
        number = error.errno if isinstance(error, OSError) else None
        message = f"{whom} could not be reached"
        reason = errno.errorcode.get(number, str(number)) if number else type(error).__name__
    return Unreachable(message, detail=f"{target.host}:{target.port}: {reason}")
