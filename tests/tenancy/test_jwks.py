"""Keys of issuers: asked for when needed and no oftener, kept while the issuer is down."""

import asyncio

import pytest

from tests.tenancy.net import Net
from tests.tenancy.signers import ec_key, jwk, jwks, rsa_key
from trunkline.canon.errors import IssuerUnavailable
from trunkline.tenancy.jwks import Jwks
from trunkline.tenancy.where import keys_address
from trunkline.testing.fakes import ManualClock

PLACE = keys_address("https://login.example.com/jwks")
OTHER = keys_address("https://other.example.com/jwks")


class Scene:
    def __init__(self, net, **more):
        self.net, self.clock = net, ManualClock()
        self.problems = []
        self.jwks = Jwks(net, self.clock, self.problems.append, **more)
        self.jwks.follow([PLACE])

    @property
    def kids(self):
        return sorted(self.jwks.keys(PLACE) or ())


def scene(*keys, **more):
    return Scene(Net(jwks(*keys)), **more)


def test_keys_are_there_once_they_were_asked_for():
    """By an ordinary GET; nothing of ours goes along."""
    it = scene(jwk(ec_key(), kid="a"))
    assert it.jwks.keys(PLACE) is None

    asyncio.run(it.jwks.refresh())

    assert ["a"] == it.kids
    (request,) = it.net.asked
    assert (b"GET", b"/jwks", b"") == (request.method, request.path, request.body)
    assert it.net.answers[0].closed


def test_a_new_key_is_found_by_looking_again():
    """What was published before the call is known after it."""
    it = scene(jwk(ec_key(), kid="a"))

    async def run():
        await it.jwks.refresh()
        it.net.document = jwks(jwk(rsa_key(), kid="b"))
        it.clock.advance(10)
        await it.jwks.look_again(PLACE)

    asyncio.run(run())
    assert (["b"], 2) == (it.kids, it.jwks.changes)


def test_an_issuer_is_asked_no_oftener_than_every_ten_seconds():
    """However many tokens name keys that nobody has."""
    it = scene(jwk(ec_key(), kid="a"))

    async def run():
        for _ in range(50):
            await it.jwks.look_again(PLACE)
        it.clock.advance(9.9)
        await it.jwks.look_again(PLACE)
        assert 1 == len(it.net.asked)
        it.clock.advance(0.2)
        await it.jwks.look_again(PLACE)

    asyncio.run(run())
    assert 2 == len(it.net.asked)


def test_those_who_wait_share_one_look():
    """One request goes out; all go on when it is answered."""
    it = scene(jwk(ec_key(), kid="a"))

    async def run():
        it.net.hold = asyncio.Event()
        waiting = [asyncio.ensure_future(it.jwks.look_again(PLACE, 5)) for _ in range(20)]  # noqa: TID251 - gathered below
        await it.net.heard.wait()
        assert 100 == it.jwks.waiting
        it.net.hold.set()
        await asyncio.gather(*waiting)

    asyncio.run(run())
    assert (1, 0, ["a"]) == (len(it.net.asked), it.jwks.waiting, it.kids)


@pytest.mark.parametrize("wrong", ("down", "302", "500", "html", "huge", "empty"))
def test_keys_are_kept_while_the_issuer_is_down(wrong):
    """Down, sending elsewhere, or answering with what is no set of keys; told once."""
    it = scene(jwk(ec_key(), kid="a"))

    async def run():
        await it.jwks.refresh()
        it.net.down = wrong == "down"
        if wrong.isdecimal():
            it.net.status = int(wrong)
        it.net.document = {"html": b"<html>", "huge": b" " * (257 << 10), "empty": jwks()}.get(
            wrong, it.net.document
        )
        for _ in range(3):
            it.clock.advance(20)
            await it.jwks.look_again(PLACE)

    asyncio.run(run())
    assert (["a"], 1, 1) == (it.kids, len(it.problems), it.jwks.statistics().failing)
    assert it.problems[0].startswith("the keys of login.example.com cannot be had")


def test_where_keys_were_never_had_who_waits_is_told_so():
    """It is not the token's fault: 503, and when to come back."""
    it = scene()
    it.net.down = True

    with pytest.raises(IssuerUnavailable, match="try again") as caught:
        asyncio.run(it.jwks.look_again(PLACE))
    assert 10.0 == caught.value.retry_after


def test_a_withdrawn_key_is_forgotten_in_time():
    """The loop looks by itself; a key unused is a key withdrawn. What stays the same is no change."""
    it = scene(jwk(ec_key(), kid="a"), jwk(rsa_key(), kid="b"), interval=0.001)

    async def run():
        task = asyncio.ensure_future(it.jwks.run())  # noqa: TID251 - ended below
        await it.net.heard.wait()
        it.net.document = jwks(jwk(rsa_key(), kid="b"))
        for _ in range(4):
            it.net.heard.clear()
            it.clock.advance(10)
            await it.net.heard.wait()
        task.cancel()

    asyncio.run(run())
    assert (["b"], 2) == (it.kids, it.jwks.changes)


def test_a_reload_keeps_what_was_had():
    """And forgets issuers that are trusted no more."""
    it = scene(jwk(ec_key(), kid="a"))

    async def run():
        await it.jwks.refresh()
        it.jwks.follow([PLACE, OTHER])
        assert ["a"] == it.kids
        it.jwks.follow([OTHER])
        await it.jwks.look_again(PLACE)

    asyncio.run(run())
    assert (1, None) == (len(it.net.asked), it.jwks.keys(PLACE))
