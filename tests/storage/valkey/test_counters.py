"""The scripts themselves, where Lua's numbers end, and where a key must."""

import asyncio

import pytest

from tests.storage.valkey.making import HOUR, MINUTE, claim, limit, staged
from trunkline.canon.limit import Unit
from trunkline.storage.state import Standing
from trunkline.storage.valkey.counters import check
from trunkline.storage.valkey.own import MOST_AMOUNT

DOUBLE = 1 << 53
"""Beyond it a Lua number cannot tell n from n + 1."""


@pytest.mark.parametrize("used", (DOUBLE - 1, DOUBLE, DOUBLE + 1, (1 << 61) + 1))
def test_sums_are_exact_beyond_a_double(server, used):
    """To the nano-dollar: one more has room where there is one, and two have not."""
    money = limit(Unit.COST, used + 2, 0)

    async def run(state):
        await state.restore({money.counter: Standing(used, 0)})
        over = await state.admit(claim("a", money, cost=3))
        within = await state.admit(claim("b", money, cost=2))
        state.settle("b", 0, 1)
        await state.arrived()
        (after,) = await state.look([money])
        last = await state.admit(claim("c", money, cost=1))
        full = await state.admit(claim("d", money, cost=1))
        return [list(d.refused) for d in (over, within, last, full)], within.standings[0], after

    refused, within, after = staged(server, run)

    assert [[0], [], [], [0]] == refused
    assert Standing(used + 2, 0, 2) == within
    assert Standing(used + 1, 0, 0) == after


def test_an_amount_that_lua_cannot_compute_with_is_refused(server):
    """One request of more than four million dollars is a mistake; what it settled for is bounded."""
    money = limit(Unit.COST, 1 << 62, 0)

    async def run(state):
        await state.restore({})
        await state.admit(claim("a", money, cost=MOST_AMOUNT))
        state.settle("a", 0, 1 << 80)
        await state.arrived()
        return (await state.look([money]))[0].used

    for amounts in ({"cost": MOST_AMOUNT + 1}, {"tokens": -1}):
        with pytest.raises(ValueError):
            check(claim("b", money, **amounts))
    assert MOST_AMOUNT == staged(server, run)


def test_counters_go_a_minute_after_their_window(server):
    """And those without one never: an eviction or an early end would be a free reset."""
    minute, total = limit(Unit.REQUESTS, 5), limit(Unit.COST, 5, 0)

    async def run(state):
        await state.restore({})
        await state.admit(claim("a", minute, total, cost=1))
        with server.client() as client:
            names = {limit: client.keys(f"*:c:{limit.counter}")[0] for limit in (minute, total)}
            return client.pttl(names[minute]), client.pttl(names[total])

    with_window, without = staged(server, run)

    assert -1 == without
    # Milliseconds, of which a busy machine may have taken some thousands since.
    assert 90_000 < with_window <= 2 * MINUTE / 1000


def test_many_counters_are_restored(server):
    """In several pieces, and none of them twice."""
    limits = [limit(Unit.TOKENS, 5000, HOUR, f"key/{n}") for n in range(1200)]

    async def run(state):
        later = (await state.admit(claim("a", limits[0], tokens=1))).standings[0].closes
        counts = {one.counter: Standing(n, later) for n, one in enumerate(limits)}
        await asyncio.gather(state.restore(counts), state.restore(counts))
        return [standing.used for standing in await state.look(limits)]

    assert [1, *range(1, 1200)] == staged(server, run)
