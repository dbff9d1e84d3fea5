"""What providers list: fetched on the side, kept while it cannot be had, never waited for."""

import asyncio

import pytest
from msgspec import json

from trunkline.canon.errors import Unreachable
from trunkline.kernel.tasks import Tasks
from trunkline.providers.base import Credential
from trunkline.providers.listing import Listed, read_models
from trunkline.providers.lists import ModelLists, Statistics
from trunkline.testing.fakes import ManualClock
from trunkline.transport.base import Origin, UpstreamRequest
from trunkline.transport.replay import Recording, ReplayTransport


class ListingProvider:
    """One whose list is a recording; without any, it has none to ask for."""

    def __init__(self, *recordings, keys=1):
        self.asks = bool(recordings)
        self.transport = ReplayTransport(recordings)
        self.credentials = tuple(
            Credential(f"p#{n}", ((b"authorization", b"%d" % n),)) for n in range(keys)
        )

    def models_request(self, credential):
        origin = Origin("http", "p", 80)
        return (
            UpstreamRequest(origin, b"GET", b"/models", credential.headers, b"")
            if self.asks
            else None
        )

    def listed(self, body):
        return read_models(body)


def listing(*names, **more):
    body = json.encode({"data": [{"id": name, **more} for name in names]})
    return Recording(steps=(body,))


def status(number):
    return Recording(status=number, steps=(b"{}",))


class Desk:
    """ModelLists, and what was heard of them."""

    def __init__(self, **providers):
        self.clock = ManualClock()
        self.changes = []
        self.problems = []
        self.lists = ModelLists(
            self.clock, lambda: self.changes.append(dict(self.lists.names())), self.problems.append
        )
        self.providers = providers
        self.lists.follow(providers, 300.0)

    def rounds(self, count=1):
        async def main():
            for _ in range(count):
                await self.lists.refresh()

        asyncio.run(main())
        assert 0 == sum(p.transport.unclosed for p in self.providers.values())
        return self.lists.names()


def test_every_provider_is_asked():
    """Those that have a list; of the others nothing is known."""
    desk = Desk(a=ListingProvider(listing("m", "n", created=5)), b=ListingProvider())

    assert {} == desk.lists.names()
    assert {"a": ("m", "n")} == desk.rounds()
    assert [{"a": ("m", "n")}] == desk.changes
    assert Listed(id="m", created=5.0) == desk.lists.find("a", "m")
    assert (
        None is desk.lists.find("a", "x") is desk.lists.find("b", "m") is desk.lists.find("c", "m")
    )
    assert Statistics(listed=2, failing=0) == desk.lists.statistics()


def test_only_a_change_is_told():
    """A table is made anew for another set of names, not for every look."""
    desk = Desk(a=ListingProvider(listing("m"), listing("m"), listing("m", "pulled"), listing()))

    assert {"a": ()} == desk.rounds(4)
    assert [{"a": ("m",)}, {"a": ("m", "pulled")}, {"a": ()}] == desk.changes


@pytest.mark.parametrize(
    "failure",
    (
        status(500),
        status(404),
        Recording(steps=(b"<html>",)),
        Recording(before=(Unreachable("nobody there"),)),
        Recording(steps=(b"x" * (8 << 20), b"x")),
    ),
)
def test_a_list_that_cannot_be_had_stays_as_it_was(failure):
    """It is told once, until it has been had again."""
    desk = Desk(
        a=ListingProvider(listing("m"), failure, failure, listing("m"), failure),
        b=ListingProvider(*[listing("n")] * 5),
    )

    assert {"a": ("m",), "b": ("n",)} == desk.rounds(3)
    assert 1 == len(desk.problems)
    assert "the models of 'a' cannot be listed" in desk.problems[0]
    assert Statistics(listed=2, failing=1) == desk.lists.statistics()
    desk.rounds(2)
    assert 2 == len(desk.problems)


def test_a_bug_of_one_provider_is_a_failure_like_another():
    """The others are asked all the same."""
    broken = ListingProvider(listing("m"))
    broken.listed = None
    desk = Desk(a=broken, b=ListingProvider(listing("n")))

    assert {"b": ("n",)} == desk.rounds()
    assert 1 == len(desk.problems)


def test_another_credential_where_one_is_refused():
    """401, 403 and 429 are about the credential; what the last one hears counts."""
    desk = Desk(a=ListingProvider(status(401), status(429), listing("m"), keys=3))
    desk.rounds()
    sent = [s.request.headers[0][1] for s in desk.providers["a"].transport.sent]

    assert ([b"0", b"1", b"2"], [{"a": ("m",)}]) == (sent, desk.changes)
    spent = Desk(a=ListingProvider(status(401), status(403), keys=2))
    assert {} == spent.rounds()
    assert "status 403" in spent.problems[0]


def test_a_provider_that_stays_keeps_its_list():
    """Through a reload; one that was built anew is unknown again, one that left is gone."""
    stays, leaves = ListingProvider(listing("m")), ListingProvider(listing("n"))
    desk = Desk(stays=stays, leaves=leaves, changes=ListingProvider(listing("o")))
    desk.rounds()
    desk.lists.follow({"stays": stays, "changes": ListingProvider(listing("o"))}, 300.0)

    assert {"stays": ("m",)} == desk.lists.names()


def run(desk, ticks):
    """Let it run for as many turns of the loop, with asyncio's own clock standing for the pauses."""

    async def main():
        tasks = Tasks(lambda name, error: None)
        tasks.spawn("models", desk.lists.run())
        for _ in range(ticks):
            await asyncio.sleep(0)
        await tasks.aclose()

    asyncio.run(main())
    return [len(p.transport.sent) for p in desk.providers.values()]


def test_it_asks_at_once_and_then_rests():
    """One round; the next is minutes away, however many unknown names are asked for."""
    desk = Desk(a=ListingProvider(*[listing("m")] * 5))
    for _ in range(10):
        desk.lists.missed()

    assert [1] == run(desk, 50)


def test_an_unknown_name_hurries_the_next_round():
    """As soon as the shortest pause since the last one is over."""
    desk = Desk(a=ListingProvider(*[listing("m")] * 5))
    renewed = desk.lists.refresh

    async def refresh():
        await renewed()
        if len(desk.providers["a"].transport.sent) < 3:
            desk.lists.missed()
        desk.clock.advance(60.0)

    desk.lists.refresh = refresh
    assert [3] == run(desk, 100)


def test_nobody_is_asked_where_the_interval_is_none():
    """`models_refresh = 0`: the catalogue is all that is known."""
    desk = Desk(a=ListingProvider(listing("m")))
    desk.lists.follow(desk.providers, 0.0)

    assert [0] == run(desk, 50)


def test_one_without_a_key_of_ours_is_not_asked():
    """Its tenants' keys are not for our questions; nor is that a problem."""
    desk = Desk(a=ListingProvider(listing("m"), keys=0))

    assert {} == desk.rounds()
    assert [] == desk.problems
