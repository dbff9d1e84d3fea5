"""The simulator's side of a socket: framing, order, ends, and what it sees of the other side."""

import asyncio
import re
import socket
from struct import pack

import pytest

from tests.providers.sim.kit import CHAT, EVERY, ask, engine, exchange, play, serve, until, wire
from trunkline.providers.sim.control import Door
from trunkline.providers.sim.server import SimServer

CLOSE = b"connection: close"
MODEL = "sim-chat@tokens=6"


def unchunked(body: bytes) -> tuple[bytes, int]:
    """The body under its framing, and how many chunks it came in."""
    found, chunks = b"", 0
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        if not length:
            return found, chunks
        found += rest[:length]
        body = rest[length + 2 :]
        chunks += 1
    raise AssertionError("no last chunk")


@pytest.mark.parametrize("path", EVERY)
def test_a_whole_answer_has_its_length(path: str) -> None:
    """content-length, then so many bytes: those of the engine alone."""

    async def work(server: SimServer, port: int) -> None:
        found, how = await exchange(port, wire(ask(path, MODEL), CLOSE))
        head, _, body = found.partition(b"\r\n\r\n")

        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert f"content-length: {len(body)}".encode() in head
        assert ("eof", play(engine(), ask(path, MODEL)).body) == (how, body)

    serve(work)


@pytest.mark.parametrize("path", EVERY)
def test_a_stream_is_chunked(path: str) -> None:
    """Each event is a chunk."""

    async def work(server: SimServer, port: int) -> None:
        request = ask(path, MODEL, stream=True)
        found, _ = await exchange(port, wire(request, CLOSE))
        head, _, body = found.partition(b"\r\n\r\n")
        plain = play(engine(), request)

        assert b"transfer-encoding: chunked" in head
        assert (plain.body, len(plain.sends)) == unchunked(body)

    serve(work)


def test_requests_in_a_row() -> None:
    """A connection stays open; pipelined requests are answered in order."""

    async def work(server: SimServer, port: int) -> None:
        texts = ("one", "two", "three")
        requests = [wire(ask(CHAT, "sim-echo", text)) for text in texts[:2]]
        last = wire(ask(CHAT, "sim-echo", texts[2], stream=True), CLOSE)
        found, how = await exchange(port, b"".join(requests) + last)

        assert (3, "eof") == (found.count(b"HTTP/1.1 200 OK"), how)
        assert [b"one", b"two"] == re.findall(rb'"content":"(one|two)"', found)
        assert [1, 2, 3] == [row.seq for row in server.log]

    serve(work)


def test_a_large_body_is_asked_for() -> None:
    """Expect: 100-continue is answered before the body comes."""

    async def work(server: SimServer, port: int) -> None:
        head, _, body = wire(ask(CHAT, MODEL), CLOSE, b"expect: 100-continue").partition(
            b"\r\n\r\n"
        )
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head + b"\r\n\r\n")
        assert b"HTTP/1.1 100 Continue\r\n\r\n" == await reader.readexactly(25)
        writer.write(body)
        assert b"HTTP/1.1 200 OK" == (await reader.read())[:15]
        writer.close()

    serve(work)


def test_what_is_not_http_is_refused() -> None:
    """400, and the connection ends."""

    async def work(server: SimServer, port: int) -> None:
        found, how = await exchange(port, b"EHLO sim\r\n\r\n")

        assert (b"HTTP/1.1 400", "eof") == (found[:12], how)

    serve(work)


@pytest.mark.parametrize(("kind", "how"), (("rst", "rst"), ("eof", "eof")))
def test_u1_ends_before_the_first_byte(kind: str, how: str) -> None:
    """RST or FIN; the log knows the request."""

    async def work(server: SimServer, port: int) -> None:
        request = ask(CHAT, f"{MODEL},fault=u1:kind={kind}")

        assert (b"", how) == await exchange(port, wire(request))
        assert ("cut", None) == (server.log.rows()[0].outcome, server.log.rows()[0].status)

    serve(work)


@pytest.mark.parametrize(("kind", "how"), (("rst", "rst"), ("eof", "eof")))
@pytest.mark.parametrize("stream", (False, True))
def test_u5_ends_in_the_middle(kind: str, how: str, stream: bool) -> None:
    """What was sent before arrives; there is no end to the HTTP body."""

    async def work(server: SimServer, port: int) -> None:
        request = ask(CHAT, f"{MODEL},fault=u5:kind={kind}:after=2", stream=stream)
        found, ended = await exchange(port, wire(request))
        body = found.partition(b"\r\n\r\n")[2]

        assert how == ended
        assert not body.endswith(b"0\r\n\r\n")
        sent = b"".join(play(engine(), request).sends)
        if stream:
            assert sent == unchunked(body + b"0\r\n")[0]
            assert 2 == server.log.rows()[0].content_events
        else:
            assert sent == body

    serve(work)


@pytest.mark.parametrize("fault", ("u2", "u3", "u4:after=1"))
def test_who_waits_in_vain_and_leaves_is_seen(fault: str) -> None:
    """FIN of the other side: the row says gone, how and when."""

    async def work(server: SimServer, port: int) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(wire(ask(CHAT, f"{MODEL},fault={fault}", stream=True)))
        await until(lambda: len(server.log) == 1)
        writer.write_eof()
        await until(lambda: server.log.rows()[0].outcome == "gone")
        row = server.log.rows()[0]

        assert ("fin", server.engine._clock.unix()) == (row.gone, row.gone_at)
        writer.close()

    serve(work)


def test_a_reset_of_the_other_side_is_seen() -> None:
    """RST in the middle of a stream."""

    async def work(server: SimServer, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(wire(ask(CHAT, f"{MODEL},fault=u4:after=1", stream=True)))
        await reader.read(100)
        peer = writer.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, pack("ii", 1, 0))
        writer.transport.abort()
        await until(lambda: server.log.rows()[0].outcome == "gone")

        assert "rst" == server.log.rows()[0].gone

    serve(work)


def test_a_reader_that_does_not_read_is_not_written_to() -> None:
    """The performance pauses when buffers are full, and goes on when they are not."""

    async def work(server: SimServer, port: int) -> None:
        size = 60 << 20
        request = ask(CHAT, f"sim-chat@fault=u8:kind=line:size={size}", stream=True)
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 16)
        writer.write(wire(request, CLOSE))
        await reader.readuntil(b"\r\n\r\n")
        row = server.log.rows()[0]
        before = -1
        while before != row.bytes_sent:
            before = row.bytes_sent
            for _ in range(50):
                await asyncio.sleep(0)
        assert 30 << 20 > row.bytes_sent

        while await reader.read(1 << 20):
            pass
        assert size <= row.bytes_sent + (1 << 16)
        assert "played" == row.outcome
        writer.close()

    serve(work)


def test_u16_drips_the_head() -> None:
    """Status line and headers come byte by byte, and the answer is whole in the end."""

    async def work(server: SimServer, port: int) -> None:
        request = ask(CHAT, f"{MODEL},fault=u16:kind=head:every=0.0001:bytes=40")
        found, _ = await exchange(port, wire(request, CLOSE))

        assert play(engine(), request).body == found.partition(b"\r\n\r\n")[2]

    serve(work)


def test_a_pace_is_kept_on_a_socket() -> None:
    """By the loop's own clock: no event comes before its time."""

    async def work(server: SimServer, port: int) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        request = ask(CHAT, "sim-chat@ttft=30,rate=100,tokens=4", stream=True)
        await exchange(port, wire(request, CLOSE))

        assert 0.06 <= loop.time() - start

    serve(work)


@pytest.mark.parametrize(("mode", "how"), (("reset", "rst"), ("close", "eof")))
def test_the_door_turns_connections_away(mode: str, how: str) -> None:
    """At accept, so many of them, without a row; then it is open."""

    async def work(server: SimServer, port: int) -> None:
        server.door = Door(mode=mode, next=2)
        request = wire(ask(CHAT, MODEL), CLOSE)

        for _ in range(2):
            assert b"" == (await exchange(port, request))[0]
        found, _ = await exchange(port, request)
        assert b"HTTP/1.1 200" == found[:12]
        assert 1 == len(server.log)

    serve(work)


def test_a_silent_door_takes_and_gives_nothing() -> None:
    """Accepted and ignored."""

    async def work(server: SimServer, port: int) -> None:
        server.door = Door(mode="silent", next=1)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(wire(ask(CHAT, MODEL)))
        await exchange(port, wire(ask(CHAT, MODEL), CLOSE))

        assert (1, b"") == (len(server.log), bytes(reader._buffer))
        writer.close()

    serve(work)
