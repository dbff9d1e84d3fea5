"""Opening connections: addresses, TLS, and how each failure is told."""

import asyncio
import contextlib
import socket
import ssl
import warnings

import pytest
import trustme

from tests.transport.upstream import (
    OK,
    FakeClock,
    always,
    call,
    open_files,
    run,
    serve,
    server_context,
    silent,
    transport,
    until,
)
from trunkline.canon.errors import TimedOut, Unreachable
from trunkline.transport.base import Origin, Timeouts, UpstreamRequest
from trunkline.transport.connection import PlainConnection
from trunkline.transport.dial import _interleave, _Race, _unreachable, connect
from trunkline.transport.limits import Limits
from trunkline.transport.pool import Pool
from trunkline.transport.proxy import Proxy, Route

V4, V6 = socket.AF_INET, socket.AF_INET6


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


def get(origin: Origin) -> UpstreamRequest:
    return UpstreamRequest(origin, b"GET", b"/", (), b"")


async def failure(origin: Origin, ca: trustme.CA | None = None) -> Unreachable:
    """What connecting there raises; no file stays open."""
    before = open_files()
    async with transport(ca=ca) as made:
        with pytest.raises(Unreachable) as caught:
            await call(made, get(origin))
    await until(lambda: open_files() <= before)
    return caught.value


@contextlib.contextmanager
def unused_port():
    """A port that nobody listens on, and nobody else can take meanwhile."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


@contextlib.contextmanager
def black_hole():
    """An address that never answers: its queue of unaccepted connections is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()


def test_refused():
    """Nobody listens there."""

    async def main():
        with unused_port() as port:
            error = await failure(Origin("http", "127.0.0.1", port))

            assert "the provider refused the connection" == error.message
            assert f"127.0.0.1:{port}: ECONNREFUSED" == error.detail

    run(main)


@pytest.mark.parametrize("host", ("a..b", "x" * 70 + ".example", "\0"))
def test_a_name_that_is_none(host):
    """Names the resolver cannot even be asked for are unreachable, too."""

    async def main():
        error = await failure(Origin("http", host, 80))

        assert error.message.startswith(("the name of the provider", "the provider could not"))

    run(main)


@pytest.mark.parametrize(
    "target, error, message, reason",
    (
        (
            Origin("http", "h", 1),
            socket.gaierror(-2, "Name or service not known"),
            "the name of the provider could not be resolved",
            "h:1: [Errno -2] Name or service not known",
        ),
        (
            Proxy("p", 2, b"Basic canary"),
            ConnectionRefusedError(111, "refused"),
            "the proxy refused the connection",
            "p:2: ECONNREFUSED",
        ),
        (
            Origin("http", "h", 1),
            OSError(101, "Network is unreachable"),
            "the provider could not be reached",
            "h:1: ENETUNREACH",
        ),
        (
            Origin("http", "h", 1),
            ConnectionAbortedError(),
            "the provider could not be reached",
            "h:1: ConnectionAbortedError",
        ),
    ),
)
def test_how_failures_are_told(target, error, message, reason):
    """The kind to the client; name, port and errno to the log; credentials to nobody."""
    told = _unreachable(target, error)

    assert (message, reason) == (told.message, told.detail)


def test_ipv6():
    """A literal address without brackets in the origin, with them in the Host header."""

    async def main():
        try:
            context = serve(always(OK), host="::1")
            upstream = await context.__aenter__()
        except OSError:
            pytest.skip("no IPv6 loopback here")
        async with transport() as made:
            assert (200, b"ok") == await call(made, upstream.post())
            assert b"\r\nhost: [::1]:%d\r\n" % upstream.port in upstream.requests[0]
        await context.__aexit__(None, None, None)

    run(main)


def test_tls(ca):
    """Verified, with the name asked for, and only HTTP/1.1 offered."""
    seen = []

    async def script(peer):
        seen.append(peer.writer.get_extra_info("ssl_object").selected_alpn_protocol())
        await always(OK)(peer)

    async def main():
        tls = server_context(ca, "localhost")
        tls.sni_callback = lambda sock, name, context: seen.append(name)
        async with serve(script, host="localhost", tls=tls) as upstream, transport(ca=ca) as made:
            assert (200, b"ok") == await call(made, upstream.post())

        assert ["localhost", "http/1.1"] == seen

    run(main)


@pytest.mark.parametrize(
    "names, trusted",
    ((("other.example",), True), (("127.0.0.1",), False)),
)
def test_a_certificate_that_does_not_convince(ca, names, trusted):
    """Another's name, or an authority we do not know: no request leaves."""

    async def main():
        async with serve(always(OK), tls=server_context(ca, *names)) as upstream:
            error = await failure(upstream.origin, ca if trusted else None)

            assert "the provider's TLS certificate could not be verified" == error.message
            assert [] == upstream.requests

    run(main)


def test_an_old_tls_version_is_refused(ca):
    """TLS 1.1 was deprecated by RFC 8996."""

    async def main():
        tls = server_context(ca, "127.0.0.1")
        tls.set_ciphers("DEFAULT:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # that it is old is the point
            tls.minimum_version = tls.maximum_version = ssl.TLSVersion.TLSv1_1
        async with serve(always(OK), tls=tls) as upstream:
            await failure(upstream.origin, ca)

            assert [] == upstream.requests

    run(main)


def test_plain_http_where_tls_was_expected():
    """Told as a failure of TLS."""

    async def babble(peer):
        await peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async def main():
        async with serve(babble) as upstream:
            error = await failure(Origin("https", "127.0.0.1", upstream.port))

            assert "no TLS connection to the provider could be made" == error.message

    run(main)


def test_the_connect_clock_covers_tls():
    """A server that accepts and then says nothing is given up, and its socket closed."""

    async def main():
        async with serve(silent) as upstream, transport() as made:
            origin = Origin("https", "127.0.0.1", upstream.port)
            with pytest.raises(TimedOut) as caught:
                await made.send(get(origin), Timeouts(connect=0.3))
            await until(lambda: upstream.seen_closed == 1)

            assert f"127.0.0.1:{upstream.port}: connect clock, 0.3 s" == caught.value.detail
            assert 1 == made.statistics().timed_out

    run(main)


def test_families_take_turns():
    """As RFC 8305 orders them: the resolver's first, then the other family's first."""
    found = [(V6, "a"), (V6, "b"), (V4, "c"), (V6, "d")]

    assert [(V6, "a"), (V4, "c"), (V6, "b"), (V6, "d")] == _interleave(found)
    assert [] == _interleave([])


def test_a_silent_address_does_not_hold_up_the_next():
    """The second is tried beside it, and the loser's socket is closed."""

    async def main():
        async with serve(silent) as upstream:
            before = open_files()
            with black_hole() as hole:
                sock = await _Race().run([(V4, hole), (V4, ("127.0.0.1", upstream.port))])
                peer = sock.getpeername()
                sock.close()
            await until(lambda: upstream.seen_closed == 1 and open_files() <= before)

            assert ("127.0.0.1", upstream.port) == peer

    run(main)


def test_a_refused_address_does_not_cost_the_delay():
    """The next begins at once: nothing waits for a time-out here."""

    async def main():
        async with serve(always(OK)) as upstream:
            with unused_port() as port:
                sock = await _Race(delay=3600).run(
                    [(V4, ("127.0.0.1", port)), (V4, ("127.0.0.1", upstream.port))]
                )
                peer = sock.getpeername()
                sock.close()

            assert ("127.0.0.1", upstream.port) == peer

    run(main)


def test_two_winners_in_one_turn():
    """The one who is told second closes what it has opened."""

    async def main():
        async with serve(silent) as upstream:
            before = open_files()
            race = _Race()
            address = (V4, ("127.0.0.1", upstream.port))
            await asyncio.gather(
                *[race._attempt(address, 0, None, asyncio.Event()) for _ in range(2)]
            )
            await until(lambda: upstream.seen_closed == 1 and open_files() == before + 2)
            race._winner.close()

    run(main)


def test_when_all_addresses_fail_the_first_failure_is_told():
    """It belongs to the address the resolver liked best."""

    async def main():
        with unused_port() as one, unused_port() as two, pytest.raises(ConnectionRefusedError):
            await _Race().run([(V4, ("127.0.0.1", one)), (V4, ("127.0.0.1", two))])

    run(main)


def test_a_cancelled_race_leaves_nothing_open():
    """Neither sockets nor tasks."""

    async def main():
        before = open_files()
        with black_hole() as hole, pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await _Race().run([(V4, hole), (V4, hole)])

        assert 1 == len(asyncio.all_tasks())
        await until(lambda: open_files() <= before)

    run(main)


def test_a_connection_knows_itself_open():
    """What was dialled is in its pool, without Nagle's delay."""

    async def main():
        async with serve(silent) as upstream:
            pool = Pool(Route(upstream.origin), Limits())
            connection = PlainConnection(pool, FakeClock(), Limits(), asyncio.get_running_loop())
            await connect(pool.route, None, connection)
            sock = connection._transport.get_extra_info("socket")

            assert 1 == pool.open
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            pool.abort()

    run(main)


def test_a_connection_goes_where_its_resolver_says_and_nowhere_else():
    """Asked once, by name and port; the name itself is never looked up."""

    async def main():
        asked = []

        async with serve(silent) as upstream:

            async def resolve(host, port):
                asked.append((host, port))
                return [(V4, ("127.0.0.1", upstream.port))]

            pool = Pool(Route(Origin("http", "no.such.name.example", 9)), Limits())
            connection = PlainConnection(pool, FakeClock(), Limits(), asyncio.get_running_loop())
            await connect(pool.route, None, connection, resolve)

            assert [("no.such.name.example", 9)] == asked
            await until(lambda: upstream.accepted == 1)
            pool.abort()

    run(main)


def test_what_a_resolver_raises_is_told():
    """Nothing was connected to."""

    async def resolve(host, port):
        raise Unreachable("not there")

    async def main():
        pool = Pool(Route(Origin("http", "a.example", 9)), Limits())
        connection = PlainConnection(pool, FakeClock(), Limits(), asyncio.get_running_loop())
        with pytest.raises(Unreachable, match="not there"):
            await connect(pool.route, None, connection, resolve)

    run(main)
