"""A real edge on loopback with fake endpoints behind it, and a client that speaks raw bytes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
import uvloop

from trunkline.canon.errors import GatewayError
from trunkline.dialects.base import WireError
from trunkline.edge.asgi import AsgiApp
from trunkline.edge.context import EdgeContext
from trunkline.edge.limits import Limits, Shutdown
from trunkline.edge.server import Edge, Listen
from trunkline.flow.base import Endpoint, Head, Reply

JSON = ((b"content-type", b"application/json"),)
# Long enough for a busy machine: reached only by a test that fails.
PATIENCE = 30.0

T = TypeVar("T")
Work = Callable[[bytes, Reply], Awaitable[None]]


class FakeClock:
    """Stands still until moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def unix(self) -> float:
        return 1_795_255_200.0 + self.now


class FakeEndpoint:
    """Remembers what reached it and answers by `work`; its dialect says so in each error."""

    def __init__(self, work: Work, refuses: Exception | None = None) -> None:
        self.work = work
        self.refuses = refuses
        self.begun: list[Head] = []
        self.bodies: list[bytes] = []
        self.ended: list[str] = []

    def begin(self, head: Head) -> "FakeCall":
        self.begun.append(head)
        if self.refuses is not None:
            raise self.refuses
        return FakeCall(self)

    def refuse(self, error: GatewayError, request_id: str) -> WireError:
        body = msgspec.json.encode({"dialect": "fake", "code": error.code, "id": request_id})
        return WireError(error.status, JSON, body)


class FakeCall:
    def __init__(self, endpoint: FakeEndpoint) -> None:
        self._endpoint = endpoint

    async def run(self, body: bytes, reply: Reply) -> None:
        endpoint = self._endpoint
        endpoint.bodies.append(body)
        try:
            await endpoint.work(body, reply)
        except asyncio.CancelledError:
            endpoint.ended.append("cancelled")
            raise
        endpoint.ended.append("done")


async def echo(body: bytes, reply: Reply) -> None:
    reply.whole(200, JSON, body)


async def soon(coming: Awaitable[T]) -> T:
    return await asyncio.wait_for(coming, PATIENCE)


@dataclass
class Answer:
    """One answer as a client reads it."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes = b""
    whole: bool = True
    """Ended as its framing promised."""

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


async def read_answer(reader: asyncio.StreamReader, *, bodyless: bool = False) -> Answer:
    """The next answer; IncompleteReadError where none begins."""
    lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
    headers: dict[bytes, bytes] = {}
    for line in filter(None, lines[1:]):
        name, _, value = line.partition(b": ")
        assert name not in headers, f"repeated {name!r}"
        headers[name] = value
    answer = Answer(int(lines[0].split(b" ")[1]), headers)
    if answer.status < 200 or bodyless:
        return answer
    try:
        if headers.get(b"transfer-encoding") == b"chunked":
            await _read_chunks(reader, answer)
        elif b"content-length" in headers:
            answer.body = await reader.readexactly(int(headers[b"content-length"]))
        else:
            answer.body = await reader.read()
    except (asyncio.IncompleteReadError, ConnectionResetError):
        answer.whole = False
    return answer


async def _read_chunks(reader: asyncio.StreamReader, answer: Answer) -> None:
    pieces: list[bytes] = []
    size = -1
    try:
        while size:
            size = int(await reader.readuntil(b"\r\n"), 16)
            data = await reader.readexactly(size + 2)
            assert data.endswith(b"\r\n")
            pieces.append(data[:-2])
    finally:
        answer.body = b"".join(pieces)


@dataclass
class Client:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def answer(self, *, bodyless: bool = False) -> Answer:
        return await soon(read_answer(self.reader, bodyless=bodyless))

    async def answers(self) -> list[Answer]:
        """All until the server closes."""
        found: list[Answer] = []
        while True:
            try:
                found.append(await self.answer())
            except (asyncio.IncompleteReadError, ConnectionResetError):
                return found

    async def closed(self) -> bytes:
        """What still comes until the server closes."""
        try:
            return await soon(self.reader.read())
        except ConnectionResetError:
            return b""

    def leave(self) -> None:
        self.writer.transport.abort()


@dataclass
class World:
    edge: Edge
    clock: FakeClock
    failures: list[BaseException] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)

    async def connect(self) -> Client:
        client = Client(*await asyncio.open_connection("127.0.0.1", self.edge.port))
        self.clients.append(client)
        return client

    async def ask(self, request: bytes) -> Answer:
        """One request on a connection of its own."""
        client = await self.connect()
        client.send(request)
        answer = await client.answer(bodyless=request.startswith(b"HEAD"))
        client.leave()
        return answer

    async def pass_time(self, seconds: float) -> None:
        """Move the clock and let the deadlines be seen: once to notice, once to act."""
        self.edge.sweep()
        self.clock.now += seconds
        self.edge.sweep()
        await asyncio.sleep(0)

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for what happens on the server's side of the loop."""

        async def look() -> None:
            while not true():  # noqa: ASYNC110 - any condition, not only ours
                await asyncio.sleep(0.001)

        await soon(look())


@asynccontextmanager
async def world(
    endpoints: dict[str, Endpoint],
    *,
    limits: Limits | None = None,
    application: AsgiApp | None = None,
    ready: Callable[[], bool] = lambda: True,
    shutdown: Shutdown | None = None,
    sweep_seconds: float = 3600.0,
    others: Callable[[], bool] = lambda: False,
) -> AsyncIterator[World]:
    """Endpoints by path. By default the sweep runs only when the test says so."""
    limits = msgspec.structs.replace(limits or Limits(), sweep_seconds=sweep_seconds)
    clock, failures = FakeClock(), list[BaseException]()
    routes = {(b"POST", path.encode()): endpoint for path, endpoint in endpoints.items()}

    def failed(name: str, error: BaseException) -> None:
        failures.append(error)

    context = EdgeContext(routes, clock, lambda: "req_1", failed, limits)
    shutdown = shutdown or Shutdown(farewell=5.0)
    edge = Edge(context, failed, application, ready, shutdown, others)
    await edge.start(Listen())
    made = World(edge, clock, failures)
    try:
        yield made
    finally:
        for client in made.clients:
            client.leave()
        await soon(edge.aclose())


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """A test's coroutine on the loop that production runs on."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(test())


def post(path: str = "/hot", body: bytes = b"", *more: str) -> bytes:
    """A request as a client would send it, with further header lines."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}", *more]
    return "\r\n".join([*lines, "", ""]).encode() + body


def get(path: str, *more: str, method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *more, "", ""]).encode()


class Unread:
    """An application that reads to the end or the disconnect, and answers nothing."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            raise RuntimeError("not spoken")
        while True:
            message = await receive()
            self.seen.append(message["type"])
            if message["type"] == "http.disconnect":
                return
