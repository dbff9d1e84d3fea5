"""Answers that are none, against real sockets: redirects, garbage, ends that come too soon."""

import pytest

from tests.transport.upstream import (
    CHUNKED,
    OK,
    Peer,
    always,
    call,
    run,
    serve,
    transport,
    until,
)
from trunkline.canon.errors import Disconnected, Garbled

BODY = b"hello world"
SIZED = b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n" + BODY
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\n\r\n" + BODY


def error_of(reply: bytes, *, then=Peer.gone):
    """What a caller meets when an upstream sends these bytes and then does this."""
    met = []

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(reply)
        done = then(peer)
        if done is not None:
            await done

    async def main():
        async with serve(script) as upstream, transport() as made:
            with pytest.raises((Disconnected, Garbled)) as caught:
                await call(made, upstream.post())
            await until(lambda: made.statistics().open == 0)
            met.append(caught.value)

    run(main)
    return met[0]


@pytest.mark.parametrize("status", (301, 302, 303, 307, 308))
def test_redirects_are_answers(status):
    """Nothing is sent to where they point, least of all our credential."""
    reply = b"HTTP/1.1 %d Moved\r\nlocation: %s/other\r\ncontent-length: 0\r\n\r\n"

    async def main():
        async with serve(always(OK)) as elsewhere:
            target = b"http://127.0.0.1:%d" % elsewhere.port
            async with serve(always(reply % (status, target))) as upstream, transport() as made:
                assert (status, b"") == await call(made, upstream.post())
                assert (1, 0) == (len(upstream.requests), elsewhere.accepted)

    run(main)


@pytest.mark.parametrize(
    "reply",
    (
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n\x1f\x8b",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 129 + b"\r\n",
        b"HTTP/1.1 200 OK\r\na: " + b"b" * 70_000 + b"\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        CHUNKED + b"xyz\r\n",
    ),
    ids=("gzip", "headers", "header bytes", "not http", "bad chunk"),
)
def test_garbled_answers(reply):
    """Refused, and the connection closed at once."""
    assert isinstance(error_of(reply), Garbled)


@pytest.mark.parametrize("reply", (b"", b"HTTP/1.1 200", SIZED[:-1], CHUNKED + b"5\r\nhe", CHUNKED))
@pytest.mark.parametrize("then", (lambda peer: None, Peer.reset), ids=("end of file", "reset"))
def test_answers_that_break_off(reply, then):
    """Before or within head or body, by end of file or reset: never taken for a whole one."""
    assert isinstance(error_of(reply, then=then), Disconnected)


def test_a_body_that_should_go_on_until_close_but_is_reset():
    """A reset is no proper close."""
    assert isinstance(error_of(UNTIL_CLOSE, then=Peer.reset), Disconnected)
