"""Claims that travel together, and those that nobody waits for any more."""

import asyncio

from tests.storage.valkey.making import claim, limit, staged
from trunkline.canon.limit import Unit

AT_ONCE = limit(Unit.CONCURRENT, 50)


def commands(server):
    with server.client() as client:
        stats = client.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in ("evalsha", "eval"))


def test_claims_travel_together(server):
    """Two hundred at the same time are a handful of scripts, in the order they came."""

    async def run(state):
        before = commands(server)
        claims = [claim(f"r{n}", AT_ONCE) for n in range(200)]
        decisions = await asyncio.gather(*map(state.admit, claims))
        return commands(server) - before, [bool(d.refused) for d in decisions]

    scripts, refused = staged(server, run)

    assert scripts < 20
    assert [False] * 50 + [True] * 150 == refused


def test_one_that_is_given_up_holds_nothing(server):
    """Its client left while it was on its way; it is withdrawn, whatever the answer."""
    plenty = limit(Unit.CONCURRENT, 1000)

    async def run(state):
        tasks = [asyncio.ensure_future(state.admit(claim(f"r{n}", plenty))) for n in range(100)]  # noqa: TID251 - held in this list
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for n in range(100):
            state.withdraw(f"r{n}")
        await state.admit(claim("last", plenty))
        await state.arrived()
        return (await state.look([plenty]))[0].used

    assert 1 == staged(server, run)


def test_a_lease_on_its_way_is_held(server):
    """A second claim of it is refused before the first is decided."""

    async def run(state):
        both = (state.admit(claim("r1", AT_ONCE)) for _ in range(2))
        return await asyncio.gather(*both, return_exceptions=True)

    first, second = staged(server, run)

    assert [] == list(first.refused)
    assert isinstance(second, ValueError)
