"""CONNECT through a forward proxy."""

import asyncio
import socket

import pytest

from tests.transport.upstream import Peer, run, serve, until
from trunkline.canon.errors import Unreachable
from trunkline.transport.base import Origin
from trunkline.transport.proxy import Proxy, Route
from trunkline.transport.tunnel import open_tunnel


async def tunnel_to(port: int, origin: Origin) -> None:
    """Open a tunnel through the proxy on `port`, and close it."""
    sock = socket.socket()
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    route = Route(origin, Proxy("127.0.0.1", port, b"Basic dXNlcjpjYW5hcnk="))
    transport = await open_tunnel(sock, route)
    transport.abort()


def answering(*pieces: bytes):
    """A proxy that answers CONNECT so, then waits for the other side to close."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(*pieces)
        await peer.gone()

    return script


@pytest.mark.parametrize(
    "host, port, target",
    (
        ("api.example.com", 443, b"api.example.com:443"),
        ("2001:db8::1", 8443, b"[2001:db8::1]:8443"),
    ),
)
def test_what_the_proxy_is_asked(host, port, target):
    """The target with its port, and our credentials for the proxy."""

    async def main():
        async with serve(answering(b"HTTP/1.1 200 Connection established\r\n\r\n")) as proxy:
            await tunnel_to(proxy.port, Origin("https", host, port))

            assert [
                b"CONNECT %b HTTP/1.1\r\nhost: %b\r\n" % (target, target)
                + b"proxy-authorization: Basic dXNlcjpjYW5hcnk=\r\n\r\n"
            ] == proxy.requests

    run(main)


@pytest.mark.parametrize(
    "pieces",
    (
        (b"HTTP/1.0 200\r\n\r\n",),
        (b"HT", b"TP/1.1 200 OK\r\nvia: x\r\n", b"\r", b"\n"),
        (b"HTTP/1.1 204 No Content\r\n\r\n",),
    ),
)
def test_any_2xx_in_any_pieces_opens_the_tunnel(pieces):
    """As RFC 9110 has it, 9.3.6."""

    async def main():
        async with serve(answering(*pieces)) as proxy:
            await tunnel_to(proxy.port, Origin("https", "api.example.com", 443))
            await until(lambda: proxy.seen_closed == 1)

            assert 1 == len(proxy.requests)

    run(main)


@pytest.mark.parametrize(
    "reply, reason",
    (
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "it answered CONNECT with 407"),
        (b"HTTP/1.1 302 Found\r\nlocation: http://x\r\n\r\n", "it answered CONNECT with 302"),
        (b"SSH-2.0\r\n\r\n", "its answer to CONNECT is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 20_000, "its answer to CONNECT is not HTTP"),
        (b"HTTP/1.1 200 OK\r\n\r\nearly", "it sent bytes before the tunnel was in use"),
    ),
)
def test_a_proxy_that_refuses(reply, reason):
    """Unreachable, told without credentials, and the socket is closed."""

    async def main():
        async with serve(answering(reply)) as proxy:
            with pytest.raises(Unreachable) as caught:
                await tunnel_to(proxy.port, Origin("https", "api.example.com", 443))
            await until(lambda: proxy.seen_closed == 1)

            assert f"proxy: {reason}" == caught.value.detail

    run(main)


def test_a_proxy_that_hangs_up():
    """No answer at all is a refusal, too."""

    async def hang_up(peer: Peer) -> None:
        await peer.request()

    async def main():
        async with serve(hang_up) as proxy:
            with pytest.raises(Unreachable) as caught:
                await tunnel_to(proxy.port, Origin("https", "api.example.com", 443))

            assert "proxy: it closed the connection" == caught.value.detail

    run(main)
