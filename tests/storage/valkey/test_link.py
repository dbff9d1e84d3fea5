"""Connections: what is shown of an address, which servers will do, and what a failure leaves."""

import asyncio

import pytest

from tests.storage.valkey_server import ValkeyServer, program
from trunkline.storage.valkey import scripts
from trunkline.storage.valkey.link import Away, Link, Unfit, shown


@pytest.mark.parametrize(
    ("url", "expected"),
    (
        ("redis://:secret@host:6379/0", "redis://host:6379/0"),
        ("rediss://user:p%40ss@host/1?ssl_ca_certs=x&password=secret", "rediss://host/1"),
        ("valkey://host", "valkey://host"),
    ),
)
def test_no_password_is_shown(url, expected):
    """Neither in the address nor in what stands for the connection."""
    assert expected == shown(url)
    assert f"<Link {expected}>" == repr(Link(url, 1.0))


def test_what_is_no_address_is_refused():
    """With its scheme, and without what may be a password."""
    with pytest.raises(Unfit, match="http://host") as caught:
        Link("http://:secret@host", 1.0)

    assert "secret" not in str(caught.value)


def test_a_password_opens_and_a_wrong_one_does_not(tmp_path):
    """The server asks for one."""
    if program() is None:
        pytest.skip("neither valkey-server nor redis-server is installed (scripts/install test)")
    server = ValkeyServer(tmp_path, password="letmein")

    async def run():
        link = Link(server.url.replace("redis", "valkey", 1), 1.0)
        warning = await link.connect()
        await link.close()
        with pytest.raises(Away) as caught:
            await Link(server.url.replace("letmein", "canary"), 1.0).connect()
        return warning, str(caught.value)

    try:
        warning, said = asyncio.run(run())
    finally:
        server.close()

    assert "" == warning
    assert "canary" not in said


def test_eviction_is_warned_of(server):
    """Counters that a server throws away are limits that nobody keeps."""

    async def run():
        link = Link(server.url, 1.0)
        with server.client() as client:
            client.config_set("maxmemory-policy", "allkeys-lru")
            try:
                return await link.connect()
            finally:
                client.config_set("maxmemory-policy", "noeviction")
                await link.close()

    assert "allkeys-lru" in asyncio.run(run())


def test_a_script_that_was_forgotten_is_sent_again(server):
    """SCRIPT FLUSH and a failover forget; the caller does not notice."""

    async def run():
        link = Link(server.url, 1.0)
        await link.connect()
        with server.client() as client:
            client.script_flush()
        answers = [await link.asking.run(scripts.LOOK, "none", b"\x90") for _ in range(2)]
        await link.close()
        return answers

    assert 1 == len(set(asyncio.run(run())))


def test_what_was_not_answered_closes(breakable):
    """An answer that comes late is never taken for the next command's."""

    async def run():
        link = Link(breakable.url, 0.1)
        await link.connect()
        breakable.freeze()
        with pytest.raises(Away):
            await link.asking.call("PING")
        breakable.thaw()
        before = link.connected
        with pytest.raises(Away, match="not connected"):
            await link.asking.call("PING")
        await link.close()
        return before

    assert False is asyncio.run(run())


def test_a_refusal_closes_nothing(server):
    """An error is an answer, too."""

    async def run():
        link = Link(server.url, 1.0)
        await link.connect()
        with pytest.raises(Away, match="unknown command"):
            await link.asking.call("NONSENSE")
        answer = await link.asking.call("PING")
        await link.close()
        return answer

    assert b"PONG" == asyncio.run(run())
