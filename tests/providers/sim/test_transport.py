"""The simulator behind the transport's seam, beside the network transport at the simulator's port."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.providers.sim.kit import CHAT, EVERY, MESSAGES, FakeClock, ask, engine, serve, until
from trunkline.canon.errors import Disconnected, Garbled, TimedOut, Unreachable, UpstreamError
from trunkline.kernel.clock import SystemClock
from trunkline.providers.sim.faults import FAULTS
from trunkline.providers.sim.server import SimServer
from trunkline.providers.sim.transport import SimTransport
from trunkline.transport.base import Origin, Timeouts, Transport, UpstreamRequest
from trunkline.transport.http import HttpTransport

TIMEOUTS = Timeouts(connect=1, headers=5, idle=3)
MODEL = "sim-chat@tokens=6"


def request(path: str, model: str, port: int = 80, **more) -> UpstreamRequest:
    arrival = ask(path, model, **more)
    return UpstreamRequest(
        Origin("http", "127.0.0.1", port), b"POST", path.encode(), arrival.headers, arrival.body
    )


async def read(transport: Transport, sent: UpstreamRequest, timeouts: Timeouts = TIMEOUTS):
    """Status, headers, body and the error that ended it, if any did."""
    parts: list[bytes] = []
    status, headers = None, ()
    try:
        response = await transport.send(sent, timeouts)
        status, headers = response.status, response.headers
        while part := await response.read():
            parts.append(part)
        assert response.complete
        response.close()
    except UpstreamError as error:
        return status, headers, b"".join(parts), type(error)
    return status, headers, b"".join(parts), None


def inside(work: Callable[[SimTransport, FakeClock], Awaitable[None]]) -> None:
    """Run `work` on a simulator whose sleepers jump."""
    clock = FakeClock()
    transport = SimTransport(engine(clock), clock, clock.sleep)

    async def main() -> None:
        async with asyncio.timeout(10):
            await work(transport, clock)
        await transport.aclose()

    asyncio.run(main())


def result(path: str, model: str, **more):
    """What a reader meets in-process, and the log's row."""
    found = []

    async def work(transport: SimTransport, clock: FakeClock) -> None:
        found.append(await read(transport, request(path, model, **more)))
        found.append(transport.engine.log.rows()[-1])

    inside(work)
    return found


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize("stream", (False, True))
def test_an_answer_without_waits_is_complete_at_once(path: str, stream: bool) -> None:
    """Nothing to wait for: the flow may take its short way."""

    async def work(transport: SimTransport, clock: FakeClock) -> None:
        response = await transport.send(request(path, MODEL, stream=stream), TIMEOUTS)

        assert (200, True) == (response.status, response.complete)
        assert await response.body(1 << 20)
        assert b"" == await response.read()
        assert [] == clock.slept
        response.close()

    inside(work)


@pytest.mark.parametrize(
    ("model", "error", "slept"),
    (
        ("fault=u1", Unreachable, 0),
        ("fault=u2", TimedOut, 5),
        ("fault=u2:for=6", TimedOut, 5),
        ("fault=u2:for=4", None, 4),
        ("fault=u3", TimedOut, 3),
        ("fault=u4", TimedOut, 3),
        ("fault=u4:for=2", None, 2),
        ("fault=u5", Disconnected, 0),
        ("fault=u5:kind=eof", Disconnected, 0),
        ("fault=u5:kind=clean", None, 0),
        ("fault=u8:kind=headers", Garbled, 0),
        ("fault=u14", Garbled, 0),
        ("fault=u16:kind=head:every=1", TimedOut, 5),
        ("fault=u18:kind=nul", Garbled, 0),
        ("fault=u18:kind=smuggle", Garbled, 0),
        ("ttft=2999", None, 2.999),
        ("ttft=3001", TimedOut, 3),
    ),
)
def test_faults_are_the_errors_of_a_network(model: str, error: type | None, slept: float) -> None:
    """Each within its clock: headers 5 s, idle 3 s."""

    async def work(transport: SimTransport, clock: FakeClock) -> None:
        start = clock.now
        found = await read(transport, request(CHAT, f"sim-chat@tokens=6,{model}", stream=True))

        assert error is found[3]
        assert slept == pytest.approx(clock.now - start, abs=0.001)

    inside(work)


def test_an_error_stays() -> None:
    """Who reads on meets it again; what came before was read."""

    async def work(transport: SimTransport, clock: FakeClock) -> None:
        response = await transport.send(
            request(CHAT, MODEL + ",fault=u5:after=1", stream=True), TIMEOUTS
        )
        assert not response.complete
        assert b'"content":"' in await response.read()
        for _ in range(2):
            with pytest.raises(Disconnected):
                await response.read()
        assert not response.complete
        assert "cut" == transport.engine.log.rows()[0].outcome

    inside(work)


def test_a_paced_stream_is_read_as_it_comes() -> None:
    """A reader that is late finds all that was due; one in time waits for each event."""

    async def work(transport: SimTransport, clock: FakeClock) -> None:
        response = await transport.send(
            request(CHAT, "sim-chat@ttft=1000,rate=1,tokens=4", stream=True), TIMEOUTS
        )
        assert b'"role"' in await response.read()
        assert b'"content"' in await response.read()
        assert [1.0] == clock.slept

        clock.now += 2
        late = await response.read()
        assert 2 == late.count(b'"content"')
        rest = await response.read()
        assert rest.endswith(b"[DONE]\n\n")
        assert b"" == await response.read()

    inside(work)


def test_closing_early_is_seen() -> None:
    """The row says who left and what had gone out."""

    async def work(transport: SimTransport, clock: FakeClock) -> None:
        response = await transport.send(
            request(CHAT, "sim-chat@ttft=1000,rate=1,tokens=4", stream=True), TIMEOUTS
        )
        await response.read()
        await response.read()
        response.close()
        response.close()
        row = transport.engine.log.rows()[0]

        assert ("gone", "closed", 1, 1) == (row.outcome, row.gone, row.content_events, row.tokens)
        with pytest.raises(Disconnected):
            await response.read()

    inside(work)


def test_closing_a_whole_answer_is_no_news() -> None:
    """It was played to its end."""

    async def work(transport: SimTransport, clock: FakeClock) -> None:
        response = await transport.send(request(CHAT, MODEL), TIMEOUTS)
        response.close()

        assert ("played", None) == (
            transport.engine.log.rows()[0].outcome,
            transport.engine.log.rows()[0].gone,
        )

    inside(work)


@pytest.mark.parametrize("model", ("sim-chat@fault=u2", "sim-chat@fault=u4"))
def test_a_cancelled_reader_has_left(model: str) -> None:
    """Before the head or within the body."""

    async def main() -> None:
        transport = SimTransport(engine(), SystemClock())
        task = asyncio.get_running_loop().create_task(
            read(transport, request(CHAT, model, stream=True))
        )
        await until(lambda: len(transport.engine.log) > 0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert ("gone", "closed") == (
            transport.engine.log.rows()[0].outcome,
            transport.engine.log.rows()[0].gone,
        )

    asyncio.run(main())


def test_a_body_has_its_limit() -> None:
    """Above it: Garbled, and the answer is abandoned."""

    async def work(transport: SimTransport, clock: FakeClock) -> None:
        response = await transport.send(
            request(CHAT, "sim-chat@fault=u8:kind=line:size=9000000", stream=True), TIMEOUTS
        )
        with pytest.raises(Garbled):
            await response.body(1 << 20)
        row = transport.engine.log.rows()[0]

        assert "gone" == row.outcome
        assert 2 << 20 > row.bytes_sent

    inside(work)


def test_split_bytes_are_read_one_by_one() -> None:
    """A packet is a read."""

    async def work(transport: SimTransport, clock: FakeClock) -> None:
        response = await transport.send(
            request(MESSAGES, MODEL + ",fault=u7:kind=split", stream=True), TIMEOUTS
        )
        reads = [await response.read() for _ in range(50)]

        assert {1} == {len(data) for data in reads}
        assert b"event: message_start" == b"".join(reads)[:20]

    inside(work)


def test_injected_headers_are_headers() -> None:
    """As a parser of the network's bytes would find them."""
    headers = result(CHAT, MODEL + ",fault=u18:kind=crlf")[0][1]

    assert (b"x-injected", b"yes") in headers
    assert (b"set-cookie", b"injected=1") in headers


# On a socket a connection is open before a request can ask for U1; nan and deep differ in nothing.
_ELSEWHERE = {("u1", "rst"), ("u1", "eof")}
_SMALL = {
    "u2": ":for=0.001",
    "u3": ":for=0.001",
    "u4": ":for=0.001",
    "u8": ":size=70000:count=60",
    "u14": ":size=2097152",
    "u16": ":every=0:bytes=50",
    "u19": ":rate=0.5:slow=0.001",
}


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize("stream", (False, True))
def test_both_ways_to_run_give_the_same(path: str, stream: bool) -> None:
    """
    For every kind of every fault: status, headers, body, error and the log's account of it are
    those that the network transport meets at the simulator's port.
    """
    kinds = [(name, kind) for name, spec in FAULTS.items() for kind in spec.kinds or ("",)]
    models = [
        f"{MODEL},fault={name}" + (f":kind={kind}" if kind else "") + _SMALL.get(name, "")
        for name, kind in [("", ""), *kinds]
        if (name, kind) not in _ELSEWHERE
    ]
    models[0] = MODEL
    framing = {b"content-length", b"transfer-encoding", b"connection"}

    async def work(server: SimServer, port: int) -> None:
        network = HttpTransport(SystemClock(), lambda origin: None)
        clock = FakeClock()
        local = SimTransport(engine(clock), clock, clock.sleep)
        for model in models:
            there = await read(network, request(path, model, port, stream=stream))
            here = await read(local, request(path, model, stream=stream))
            there_row, here_row = server.log.rows()[-1], local.engine.log.rows()[-1]

            assert here[0] == there[0], model
            assert here[3] is there[3], (model, here[3], there[3])
            assert [pair for pair in here[1] if pair[0] not in framing] == (
                [pair for pair in there[1] if pair[0] not in framing]
            ), model
            if here[3] is None:
                assert here[2] == there[2], model
            for field in ("id", "status", "fault", "tokens", "usage", "finish", "finished"):
                if here[3] is not Garbled:
                    assert getattr(here_row, field) == getattr(there_row, field), (model, field)
        await network.aclose()

    serve(work)
