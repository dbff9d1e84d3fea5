"""Upstreams that answer byte for byte as a test says, on loopback, and what tests of a transport share."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import trustme
import uvloop

from trunkline.transport.base import Origin, Timeouts, UpstreamRequest
from trunkline.transport.http import HttpTransport
from trunkline.transport.limits import Limits
from trunkline.transport.proxy import Proxies
from trunkline.transport.tls import client_context

HEADERS = ((b"content-type", b"application/json"), (b"authorization", b"Bearer sk-secret"))
TIMEOUTS = Timeouts()
SWEEP = 0.005
"""Seconds: fake clocks are noticed soon."""
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


def run(main: Callable[[], Awaitable[None]], loop_factory=uvloop.new_event_loop) -> None:
    """On the production loop; a test that hangs fails within a minute."""

    async def bounded() -> None:
        async with asyncio.timeout(60):
            await main()

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(bounded())


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until it holds."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - what is awaited is the kernel's doing
            await asyncio.sleep(0)


def open_files() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


class FakeClock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def unix(self) -> float:
        return self.now


@dataclass
class Peer:
    """One accepted connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    upstream: "Upstream"

    async def request(self) -> bytes:
        """The next request, head and body. Raises IncompleteReadError when there is none."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        size = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                size = int(line.partition(b":")[2])
        whole = head + await self.reader.readexactly(size)
        self.upstream.requests.append(whole)
        return whole

    async def send(self, *pieces: bytes) -> None:
        """Each piece for itself, as far as the kernel goes along."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            await asyncio.sleep(0)

    def reset(self) -> None:
        """Close with RST."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.writer.transport.abort()

    async def gone(self) -> None:
        """Wait until the other side has closed."""
        with contextlib.suppress(ConnectionError):
            while await self.reader.read(65536):
                pass
        self.upstream.seen_closed += 1


Script = Callable[[Peer], Awaitable[None]]


@dataclass
class Upstream:
    port: int = 0
    host: str = "127.0.0.1"
    scheme: str = "http"
    accepted: int = 0
    seen_closed: int = 0
    requests: list[bytes] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)

    @property
    def origin(self) -> Origin:
        return Origin(self.scheme, self.host, self.port)

    def post(self, body: bytes = b"{}", path: bytes = b"/v1/x", method: bytes = b"POST"):
        return UpstreamRequest(self.origin, method, path, HEADERS, body)


@contextlib.asynccontextmanager
async def serve(
    script: Script, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Upstream]:
    """Run `script` on every connection; when it returns, the connection is closed."""
    upstream = Upstream(host=host, scheme="https" if tls else "http")

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream.accepted += 1
        try:
            await script(Peer(reader, writer, upstream))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        except Exception as error:  # noqa: BLE001 - a script's own failure fails the test, below
            upstream.failures.append(error)
        finally:
            writer.close()

    server = await asyncio.start_server(serve_one, host, 0, ssl=tls)
    upstream.port = server.sockets[0].getsockname()[1]
    try:
        yield upstream
    finally:
        server.close()
    assert [] == upstream.failures


def answers(*replies: bytes) -> Script:
    """On each connection, one reply per request, then close."""

    async def script(peer: Peer) -> None:
        for reply in replies:
            await peer.request()
            await peer.send(reply)

    return script


def always(reply: bytes) -> Script:
    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.send(reply)

    return script


async def stuck(peer: Peer) -> None:
    """Take a whole request and never answer it."""
    await peer.request()
    await peer.gone()


async def silent(peer: Peer) -> None:
    """Take everything, answer nothing, until the other side closes."""
    await peer.gone()


@contextlib.asynccontextmanager
async def transport(
    *,
    clock: FakeClock | None = None,
    ca: trustme.CA | None = None,
    proxies: Proxies | None = None,
    limits: Limits | None = None,
) -> AsyncIterator[HttpTransport]:
    context = client_context()
    if ca is not None:
        ca.configure_trust(context)
    made = HttpTransport(
        clock or FakeClock(), lambda origin: context, proxies, limits or Limits(sweep=SWEEP)
    )
    try:
        yield made
    finally:
        await made.aclose()


def server_context(ca: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*names).configure_cert(context)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


async def call(made: HttpTransport, request: UpstreamRequest, timeouts: Timeouts = TIMEOUTS):
    """Status and whole body."""
    response = await made.send(request, timeouts)
    try:
        return response.status, await response.body(1 << 24)
    finally:
        response.close()
