"""Hostile URLs, sent to in earnest, beside a canary that listens where none of them may arrive."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from urllib.parse import urlsplit

import pytest

from tests.ledger.making import FakeClock
from tests.transport.upstream import always, serve
from tests.webhooks.hostile import corpus
from tests.webhooks.making import SECRET, endpoint, entropy
from trunkline.canon.errors import Malformed
from trunkline.storage.sql.deliveries import Claimed, Outcome
from trunkline.transport.base import Origin
from trunkline.transport.dial import Address
from trunkline.transport.http import HttpTransport
from trunkline.transport.tls import client_context
from trunkline.webhooks.addresses import Guard, Target
from trunkline.webhooks.schedule import Pace
from trunkline.webhooks.secrets import Secrets
from trunkline.webhooks.sender import Sender
from trunkline.webhooks.vault import AesGcmVault

V4 = socket.AF_INET
SECRETS = Secrets(AesGcmVault(b"k" * 32, entropy()))


class Canary:
    """Counts whoever connects, by any address of this machine."""

    def __init__(self) -> None:
        self.connects = 0
        self.port = 0

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connects += 1
        writer.transport.abort()

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator["Canary"]:
        server = await asyncio.start_server(self._hear, "0.0.0.0", 0)
        self.port = server.sockets[0].getsockname()[1]
        with contextlib.suppress(OSError):  # a machine without IPv6
            six = await asyncio.start_server(self._hear, "::", self.port)
            try:
                yield self
            finally:
                six.close()
                server.close()
            return
        try:
            yield self
        finally:
            server.close()

    async def resolve(self, host: str, port: int) -> Sequence[Address]:
        """Numbers as the machine reads them; every name is the canary's."""
        loop = asyncio.get_running_loop()
        try:
            flags = socket.AI_NUMERICHOST
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
        except (OSError, UnicodeError):
            return [(V4, ("127.0.0.1", self.port))]
        return [(family, where) for family, _, _, _, where in found]


async def send(guard: Guard, url: str) -> Outcome:
    transport = HttpTransport(FakeClock(), lambda _: client_context(), resolve=guard.resolve)
    sender = Sender(transport, guard, SECRETS, FakeClock(), lambda: 0.5, Pace(timeout=0.5))
    claimed = Claimed(
        id="dlv_1",
        claim="c",
        attempt=1,
        endpoint=endpoint(url=url, secret=SECRETS.sealed(SECRET, "acme", "whe_a")),
        event="evt_1",
        tenant="acme",
        type="api_key.created",
        data=b"{}",
        happened_at=1,
    )
    try:
        return await sender.attempt(claimed)
    finally:
        await transport.aclose()


class Lenient(Guard):
    """Reads a URL as the standard library does, so that its host reaches the resolver."""

    def target(self, url: str) -> Target:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise Malformed(str(error)) from None
        if not host or not port:
            raise Malformed("no host or port")
        return Target(Origin("http", host, port), b"/")


def attempts(make: Callable[[Canary], Guard]) -> tuple[int, int, int]:
    """How many URLs of the corpus; how many were delivered; how many connects the canary saw."""

    async def main() -> tuple[int, int, int]:
        async with asyncio.timeout(60), Canary().listening() as canary:
            urls = corpus(canary.port)
            outcomes = [await send(make(canary), url) for url in urls]
            return len(urls), sum(o.answered is not None for o in outcomes), canary.connects

    return asyncio.run(main())


def test_no_hostile_url_arrives():
    """The canary's port is allowed, so that nothing but the address stops them."""
    count, delivered, connects = attempts(
        lambda canary: Guard(ports=frozenset((canary.port,)), resolver=canary.resolve)
    )

    assert count >= 200
    assert (0, 0) == (delivered, connects)


def test_addresses_alone_stop_what_a_lenient_parser_lets_through():
    """The second of two layers does not need the first."""
    _, delivered, connects = attempts(lambda canary: Lenient(resolver=canary.resolve))

    assert (0, 0) == (delivered, connects)


def test_a_guard_that_looks_at_the_text_is_caught():
    """Planted: a list of prefixes, as they are often written."""

    class Textual(Lenient):
        async def resolve(self, host, port):
            if host.startswith(("127.", "10.", "192.168.", "localhost", "169.254.", "::1")):
                raise Malformed("private")
            found = await self._resolver(host, port)
            return [(f, w) for f, w in found if str(w[0]).startswith("127.")]

    _, _, connects = attempts(lambda canary: Textual(resolver=canary.resolve))

    assert connects > 10


class Rebinding:
    """A name that is somebody harmless when first asked for, and the canary ever after."""

    def __init__(self, harmless: int, canary: int) -> None:
        self.asked = 0
        self._harmless = (V4, ("127.0.0.2", harmless))
        self._canary = (V4, ("127.0.0.1", canary))

    async def __call__(self, host, port):
        self.asked += 1
        return [self._harmless if self.asked == 1 else self._canary]


class Twice(Guard):
    """Planted: looks at one answer, and connects to the next."""

    async def resolve(self, host, port):
        await super().resolve(host, port)
        return await self._resolver(host, port)


def rebound(kind: type[Guard]) -> tuple[int, int, int | None]:
    """How often the name was asked for; connects at the canary; the answer's status."""

    async def main() -> tuple[int, int, int | None]:
        reply = b"HTTP/1.1 204 No Content\r\n\r\n"
        async with Canary().listening() as canary, serve(always(reply), host="127.0.0.2") as well:
            names = Rebinding(well.port, canary.port)
            # 127.0.0.2 stands for the internet here.
            guard = kind(
                allow_private=True, resolver=names, allowed=lambda a: str(a) == "127.0.0.2"
            )
            outcome = await send(guard, "http://rebind.attacker.example:8443/")
            return names.asked, canary.connects, outcome.answered

    return asyncio.run(main())


def test_a_name_that_changes_its_mind_is_asked_once():
    """What was looked at is what is connected to."""
    assert (1, 0, 204) == rebound(Guard)


def test_a_guard_that_resolves_twice_is_caught():
    """The canary hears of it."""
    asked, connects, _ = rebound(Twice)

    assert (2, 1) == (asked, connects)


@pytest.mark.parametrize("status", (301, 302, 303, 307, 308))
def test_a_redirect_is_not_followed(status):
    """Not even one that leads on to others; it is an answer like any other that is not 2xx."""

    async def main() -> tuple[int, int | None, str]:
        async with Canary().listening() as canary:
            reply = (
                f"HTTP/1.1 {status} Moved\r\nlocation: http://127.0.0.1:{canary.port}/\r\n"
                "content-length: 0\r\n\r\n"
            )
            async with serve(always(reply.encode()), host="127.0.0.2") as well:
                guard = Guard(allow_private=True, allowed=lambda a: str(a) == "127.0.0.2")
                outcome = await send(guard, f"http://127.0.0.2:{well.port}/")
                return canary.connects, outcome.answered, outcome.error

    assert (0, status, f"answered {status}") == asyncio.run(main())
