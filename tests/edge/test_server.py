"""The server's life: start, drain, stop."""

import asyncio
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.edge.world import JSON, FakeEndpoint, World, echo, get, post, run, soon, world
from trunkline.edge.limits import Limits, Shutdown
from trunkline.edge.server import Edge, Listen
from trunkline.flow.base import Reply

ROOT = Path(__file__).parents[2]


class Gate:
    """A stream that says "open", waits to be let go, and ends; told of a drain it says "cut"."""

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def __call__(self, body: bytes, reply: Reply) -> None:
        reply.start(200, JSON)
        reply.write(b"open")
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            if reply.draining:
                reply.write(b" cut")
                reply.end()
            raise
        reply.write(b" end")
        reply.end()


async def refuses_connections(w: World) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", w.edge.port)
    except ConnectionRefusedError:
        return True
    writer.transport.abort()
    return False


def test_a_drain_lets_open_answers_finish() -> None:
    """Nothing new is accepted, idle connections close, what is open ends as it should."""

    async def test() -> None:
        gate = Gate()
        async with world({"/gate": FakeEndpoint(gate), "/hot": FakeEndpoint(echo)}) as w:
            idle, busy = await w.connect(), await w.connect()
            idle.send(post("/hot"))
            await idle.answer()
            busy.send(post("/gate"))
            await busy.reader.readuntil(b"open")
            running = asyncio.get_running_loop().create_task(w.edge.run())
            await asyncio.sleep(0)
            w.edge.stop()

            assert b"" == await idle.closed()
            assert await refuses_connections(w)
            assert w.edge.statistics().draining
            assert not running.done()
            gate.go.set()
            assert b"\r\n4\r\n end\r\n0\r\n\r\n" == await busy.closed()
            await soon(running)
            assert 0 == w.edge.statistics().cancelled

    run(test)


def test_a_drain_waits_for_what_has_no_connection() -> None:
    """Work that nobody is connected for, and that shall not be begun anew elsewhere."""

    async def test() -> None:
        working = [True]
        async with world({}, others=lambda: working[0]) as w:
            running = asyncio.get_running_loop().create_task(w.edge.run())
            await asyncio.sleep(0)
            w.edge.stop()
            for _ in range(50):
                await asyncio.sleep(0.001)
            assert not running.done()
            working[0] = False
            await soon(running)

    run(test)


def test_the_grace_for_load_balancers() -> None:
    """First only readiness turns false: requests are still served, each the last of its connection."""

    async def test() -> None:
        shutdown = Shutdown(accept_grace=60.0)
        async with world({"/hot": FakeEndpoint(echo)}, shutdown=shutdown) as w:
            assert 200 == (await w.ask(get("/readyz"))).status
            w.edge.stop()
            await asyncio.sleep(0)

            readiness = await w.ask(get("/readyz"))
            assert (503, {"status": "draining"}) == (readiness.status, readiness.json)
            assert 200 == (await w.ask(get("/healthz"))).status
            answer = await w.ask(post("/hot", b"x"))
            assert (200, b"close") == (answer.status, answer.headers[b"connection"])

    run(test)


async def ignores(body: bytes, reply: Reply) -> None:
    await asyncio.Event().wait()


async def ignores_streaming(body: bytes, reply: Reply) -> None:
    reply.start(200, JSON)
    reply.write(b"half")
    await asyncio.Event().wait()


def test_a_stream_past_the_deadline_is_told() -> None:
    """The call is cancelled with `draining` set, and may end its stream in its dialect."""

    async def test() -> None:
        gated = FakeEndpoint(Gate())
        async with world({"/gate": gated}, shutdown=Shutdown(drain_timeout=0.05)) as w:
            client = await w.connect()
            client.send(post("/gate"))
            await client.reader.readuntil(b"open")
            w.edge.stop()

            assert b"\r\n4\r\n cut\r\n0\r\n\r\n" == await client.closed()
            assert ["cancelled"] == gated.ended

    run(test)


@pytest.mark.parametrize(
    "work, status, whole", ((ignores, 503, True), (ignores_streaming, 200, False))
)
def test_a_call_that_says_nothing_is_spoken_for(
    work: Callable[[bytes, Reply], Awaitable[None]], status: int, whole: bool
) -> None:
    """Before the first byte the edge says 503 in the dialect; after it, it breaks off."""

    async def test() -> None:
        hot = FakeEndpoint(work)
        async with world({"/hot": hot}, shutdown=Shutdown(drain_timeout=0.02)) as w:
            client = await w.connect()
            client.send(post())
            await w.until(lambda: bool(hot.bodies))
            w.edge.stop()
            answer = await client.answer()

            assert (status, whole) == (answer.status, answer.whole)
            assert whole is False or answer.json["code"] == "shutting_down"

    run(test)


def test_a_second_stop_cuts_short() -> None:
    """Who asks twice does not want to wait; what runs may still say so and settle."""

    async def test() -> None:
        gated = FakeEndpoint(Gate())
        async with world({"/gate": gated}) as w:
            client = await w.connect()
            client.send(post("/gate"))
            await client.reader.readuntil(b"open")
            w.edge.stop()
            await asyncio.sleep(0)
            assert await refuses_connections(w)
            assert [] == gated.ended
            w.edge.stop()

            assert (await client.closed()).endswith(b" cut\r\n0\r\n\r\n")
            assert ["cancelled"] == gated.ended

    run(test)


def test_half_a_request_at_the_end() -> None:
    """A body that is still coming when time is up is refused; half a head is dropped."""

    async def test() -> None:
        hot = FakeEndpoint(echo)
        async with world({"/hot": hot}, shutdown=Shutdown(drain_timeout=0.05)) as w:
            body, head = await w.connect(), await w.connect()
            body.send(post("/hot", b"hello")[:-3])
            head.send(b"POST /hot")
            await w.until(lambda: len(hot.begun) == 1)
            w.edge.stop()
            [answer] = await body.answers()

            assert (503, "shutting_down") == (answer.status, answer.json["code"])
            assert b"" == await head.closed()

    run(test)


def test_an_endless_settlement_is_not_waited_for() -> None:
    """The farewell is bounded: a call that will not die does not keep the process alive."""

    async def test() -> None:
        gate = asyncio.Event()

        async def stubborn(body: bytes, reply: Reply) -> None:
            while not gate.is_set():
                try:
                    await gate.wait()
                except asyncio.CancelledError:
                    continue

        hot = FakeEndpoint(stubborn)
        async with world({"/hot": hot}, shutdown=Shutdown(farewell=0.02)) as w:
            client = await w.connect()
            client.send(post())
            await w.until(lambda: bool(hot.bodies))
            await soon(w.edge.aclose())
            gate.set()
            await w.until(lambda: hot.ended == ["done"])

    run(test)


def test_an_open_socket_and_a_shared_port() -> None:
    """It serves a socket somebody else has bound, and several may share a port."""

    async def test() -> None:
        async with world({}) as w:
            context, failed = w.edge.context, w.failures.append
            ours = socket.create_server(("127.0.0.1", 0))
            given = Edge(context, lambda _, error: failed(error))
            assert ours.getsockname()[1] == await given.start(Listen(sock=ours))
            first, second = (Edge(context, lambda _, error: failed(error)) for _ in range(2))
            port = await first.start(Listen(reuse_port=True))
            assert port == await second.start(Listen(port=port, reuse_port=True))
            taken = Edge(context, lambda _, error: failed(error))
            with pytest.raises(OSError, match="address"):
                await taken.start(Listen(port=w.edge.port))
            for edge in (given, first, second):
                context.draining = False
                await edge.aclose()
            context.draining = False

    run(test)


def test_the_lifespan_of_the_application() -> None:
    """Started before the first request, stopped after the last; if it will not start, nothing does."""
    seen: list[str] = []

    async def application(scope, receive, send) -> None:
        assert scope["type"] == "lifespan"
        for _ in range(2):
            message = await receive()
            seen.append(message["type"])
            await send({"type": f"{message['type']}.complete"})

    async def failing(scope, receive, send) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": ""})

    async def test() -> None:
        async with world({}, application=application) as w:
            assert ["lifespan.startup"] == seen
            broken = Edge(w.edge.context, lambda *_: None, failing)
            with pytest.raises(RuntimeError, match="did not start"):
                await broken.start(Listen())
        assert ["lifespan.startup", "lifespan.shutdown"] == seen

    run(test)


def test_the_sweep_runs_by_itself() -> None:
    """On a timer, as often as the limits say, it sees to deadlines and the Date header."""

    async def test() -> None:
        async with world({}, limits=Limits(head_seconds=5.0), sweep_seconds=0.01) as w:
            client = await w.connect()
            await w.until(lambda: w.edge.statistics().open_connections == 1)
            [connection] = w.edge.context.connections
            await w.until(lambda: connection._watch._since == w.clock.now)
            w.clock.now += 6.0
            assert b"" == await client.closed()
            assert b"date: Sat, 21 Nov 2026 10:16:46 GMT\r\n" == w.edge.context.date
            assert b"Sat, 21 Nov 2026" in (await w.ask(get("/healthz"))).headers[b"date"]

    run(test)


def test_a_bug_in_the_sweep() -> None:
    """It costs the connection that has it, and no other its deadline."""

    class Broken:
        aborted = False

        def check(self, now: float) -> None:
            raise ZeroDivisionError

        def abort(self) -> None:
            self.aborted = True

    async def test() -> None:
        async with world({}) as w:
            client, broken = await w.connect(), Broken()
            await w.until(lambda: w.edge.statistics().open_connections == 1)
            w.edge.context.connections.add(broken)
            await w.pass_time(31.0)
            w.edge.context.connections.discard(broken)

            assert b"" == await client.closed()
            assert broken.aborted
            assert [ZeroDivisionError] * 2 == [type(error) for error in w.failures]

    run(test)


def test_repr() -> None:
    """It tells the port, the state and how busy it is."""

    async def test() -> None:
        async with world({}) as w:
            expected = f"<Edge :{w.edge.port} <EdgeContext serving, 0 connections, 0 running, "
            assert expected + "0 hot, 0 fallen through>>" == repr(w.edge)

    run(test)


@pytest.mark.parametrize("number", (signal.SIGTERM, signal.SIGINT))
def test_signals(number: signal.Signals) -> None:
    """A real process: the first signal drains it, the second cuts it short, and it exits with 0."""

    async def test() -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.edge.program"),
            cwd=ROOT,
            env={"PYTHONPATH": "src"},
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        port = int(await soon(process.stdout.readline()))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(post("/gate"))
        await soon(reader.readuntil(b"open"))
        process.send_signal(number)
        assert b"draining\n" == await soon(process.stdout.readline())
        process.send_signal(number)
        assert (await soon(reader.read())).endswith(b" cut\r\n0\r\n\r\n")
        assert 0 == await soon(process.wait())
        writer.close()

    run(test)
