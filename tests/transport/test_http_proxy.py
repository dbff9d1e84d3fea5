"""Requests that go through a forward proxy."""

import asyncio

import pytest
import trustme

from tests.transport.upstream import (
    OK,
    Peer,
    always,
    call,
    run,
    serve,
    server_context,
    transport,
    until,
)
from trunkline.canon.errors import Unreachable
from trunkline.transport.base import Origin, UpstreamRequest
from trunkline.transport.proxy import Proxies

SECURE = Origin("https", "provider.test", 443)
PLAIN = Origin("http", "provider.test", 8080)


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


def post(origin: Origin) -> UpstreamRequest:
    return UpstreamRequest(origin, b"POST", b"/v1/x", ((b"authorization", b"Bearer k"),), b"{}")


def proxies(port: int) -> Proxies:
    return Proxies(f"http://u:p@127.0.0.1:{port}", f"http://u:p@127.0.0.1:{port}")


def tunnelling(port: int):
    """A proxy that leads every tunnel to this port, whatever it was asked for."""

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def script(peer: Peer) -> None:
        await peer.request()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(
            pipe(peer.reader, writer), pipe(reader, peer.writer), return_exceptions=True
        )

    return script


def test_https_goes_through_a_tunnel(ca):
    """The proxy sees where to, and its own credentials; TLS and all else is the provider's."""

    async def main():
        async with (
            serve(always(OK), tls=server_context(ca, "provider.test")) as provider,
            serve(tunnelling(provider.port)) as proxy,
            transport(ca=ca, proxies=proxies(proxy.port)) as made,
        ):
            for _ in range(2):
                assert (200, b"ok") == await call(made, post(SECURE))

            (asked,) = proxy.requests
            assert (
                b"CONNECT provider.test:443 HTTP/1.1\r\nhost: provider.test:443\r\n"
                b"proxy-authorization: Basic dTpw\r\n\r\n"
            ) == asked
            assert (
                b"POST /v1/x HTTP/1.1\r\nhost: provider.test\r\naccept-encoding: identity\r\n"
                b"authorization: Bearer k\r\ncontent-length: 2\r\n\r\n{}"
            ) == provider.requests[1]
            assert (1, 1) == (provider.accepted, made.statistics().idle)

    run(main)


def test_the_provider_is_verified_through_the_tunnel(ca):
    """A proxy that leads elsewhere is found out; no request leaves, and no socket stays."""

    async def main():
        async with (
            serve(always(OK), tls=server_context(ca, "other.test")) as elsewhere,
            serve(tunnelling(elsewhere.port)) as proxy,
            transport(ca=ca, proxies=proxies(proxy.port)) as made,
        ):
            with pytest.raises(Unreachable) as caught:
                await call(made, post(SECURE))

            assert "the provider's TLS certificate could not be verified" == caught.value.message
            assert ([], 0) == (elsewhere.requests, made.statistics().open)

    run(main)


def test_plain_http_is_asked_of_the_proxy_itself():
    """In absolute-form, with the proxy's credentials, over kept connections."""

    async def main():
        async with serve(always(OK)) as proxy, transport(proxies=proxies(proxy.port)) as made:
            for _ in range(2):
                assert (200, b"ok") == await call(made, post(PLAIN))

            first, second = proxy.requests
            assert (
                b"POST http://provider.test:8080/v1/x HTTP/1.1\r\nhost: provider.test:8080\r\n"
                b"accept-encoding: identity\r\nproxy-authorization: Basic dTpw\r\n"
                b"authorization: Bearer k\r\ncontent-length: 2\r\n\r\n{}"
            ) == second
            assert (first, 1) == (second, proxy.accepted)

    run(main)


def test_a_proxy_that_refuses_makes_the_provider_unreachable():
    """The error names no credential, and the connection to the proxy is closed."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        await peer.gone()

    async def main():
        async with serve(script) as proxy, transport(proxies=proxies(proxy.port)) as made:
            with pytest.raises(Unreachable) as caught:
                await call(made, post(SECURE))
            await until(lambda: proxy.seen_closed == 1)

            assert "dTpw" not in repr(caught.value) + caught.value.detail

    run(main)


def test_loopback_goes_past_the_proxy():
    """A model on this machine is not asked of a proxy elsewhere."""

    async def main():
        async with (
            serve(always(OK)) as local,
            serve(always(OK)) as proxy,
            transport(proxies=proxies(proxy.port)) as made,
        ):
            await call(made, local.post())

            assert (1, 0) == (local.accepted, proxy.accepted)

    run(main)
