"""A server that forgets, freezes, dies and comes back; nothing is overspent, nothing settled is lost."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from tests.storage.valkey.making import (
    EAGER,
    HASTY,
    HOUR,
    MINUTE,
    PROMPT,
    ValkeyStage,
    claim,
    limit,
    until,
)
from trunkline.canon.errors import LimitsUnavailable
from trunkline.canon.limit import Unit
from trunkline.storage.state import Standing
from trunkline.storage.valkey.session import Pace

MONEY = limit(Unit.COST, 1000, 0)
TOKENS = limit(Unit.TOKENS, 1000, HOUR)
REQUESTS = limit(Unit.REQUESTS, 100)
AT_ONCE = limit(Unit.CONCURRENT, 10)
ALL = (MONEY, TOKENS, REQUESTS, AT_ONCE)


@asynccontextmanager
async def opened(server, *holders, pace=PROMPT):
    """Some states, restored; they are closed whatever happens."""
    stage = ValkeyStage(server, pace)
    try:
        states = [await stage.open(holder) for holder in holders]
        await states[0].restore({})
        for state in states:
            await state.beat()
        yield stage, *states
    finally:
        await stage.close()


async def used(state, *limits):
    await state.arrived()
    return [standing.used for standing in await state.look(limits)]


async def known(state):
    """The state has met the epoch that began last."""
    await until(lambda: state.lost and not state.statistics().degraded)


async def admitted(state, asked):
    """As soon as anything is admitted again."""
    for _ in range(1000):
        try:
            return await state.admit(asked)
        except LimitsUnavailable:
            await asyncio.sleep(0.005)
    raise AssertionError("nothing is ever admitted again")


@pytest.mark.parametrize("loss", ("flush", "restart"))
def test_what_is_under_way_is_told_again(breakable, loss):
    """After a flush or a restart the leases of this process count again, and settle once."""

    async def run():
        async with opened(breakable, "w1", "w2") as (_, one, two):
            await one.admit(claim("r1", *ALL, tokens=30, cost=20))
            await two.admit(claim("r2", *ALL, tokens=30, cost=20))
            getattr(breakable, loss)()
            await known(one)
            await known(two)
            held = await used(one, *ALL)
            one.settle("r1", 10, 5)
            one.settle("r1", 10, 5)
            return held, await used(one, *ALL), (await two.look([MONEY]))[0].reserved

    held, after, reserved = asyncio.run(run())

    assert [40, 60, 2, 2] == held
    assert [25, 40, 2, 1] == after
    assert 20 == reserved


def test_what_was_settled_while_the_server_forgot_counts_once(breakable):
    """A settlement that the old epoch never got belongs to the new one."""

    async def run():
        async with opened(breakable, "w1") as (_, state):
            await state.admit(claim("r1", *ALL, tokens=30, cost=20))
            breakable.kill()
            state.settle("r1", 7, 3)
            breakable.start()
            await known(state)
            return await used(state, *ALL)

    assert [3, 7, 1, 0] == asyncio.run(run())


def test_what_was_counted_in_an_open_window_is_told_again(breakable):
    """A limit's window goes on where it was: never more than most in it, flush or not."""

    async def run():
        async with opened(breakable, "w1", "w2") as (_, one, two):
            few = limit(Unit.REQUESTS, 5)
            for at in range(4):
                state = (one, two)[at % 2]
                decision = await state.admit(claim(f"r{at}", few))
                state.settle(f"r{at}", 0, 0)
                closes = decision.standings[0].closes
            await one.arrived()
            await two.arrived()
            breakable.flush()
            last = [await admitted(one, claim(f"late{at}", few)) for at in range(3)]
            return [list(d.refused) for d in last], closes, last[0].standings[0].closes

    refused, before, after = asyncio.run(run())

    assert [[], [0], [0]] == refused
    assert before == after


def test_money_waits_for_the_ledger(breakable):
    """Claims on a budget are refused until what was spent is restored; others are not."""

    async def run():
        async with opened(breakable, "w1", "w2") as (_, one, two):
            await one.admit(claim("r1", MONEY, cost=100))
            breakable.flush()
            await known(one)
            await admitted(one, claim("r2", REQUESTS))
            with pytest.raises(LimitsUnavailable):
                await one.admit(claim("r3", MONEY, cost=1))
            await asyncio.gather(
                *(s.restore({MONEY.counter: Standing(850, 0)}) for s in (one, two))
            )
            over = await one.admit(claim("r4", MONEY, cost=51))
            within = await two.admit(claim("r5", MONEY, cost=50))
            return one.lost, list(over.refused), list(within.refused), await used(one, MONEY)

    assert (False, [0], [], [1000]) == asyncio.run(run())


def test_what_the_ledger_knows_is_not_counted_twice(breakable):
    """What this process told again, and the ledger brings, too, is one amount; the last seconds' may be two."""

    async def run():
        async with opened(breakable, "w1") as (_, state):
            await state.admit(claim("r1", MONEY, cost=100))
            state.settle("r1", 0, 100)
            await state.arrived()
            state._own._recent.clear()  # as if it was long ago
            breakable.flush()
            await known(state)
            await state.restore({MONEY.counter: Standing(130, 0)})
            return await used(state, MONEY)

    assert [130] == asyncio.run(run())


def test_no_money_while_the_server_is_away(breakable):
    """A budget fails closed at once, and is served again soon after the server is back."""

    async def run():
        async with opened(breakable, "w1") as (stage, state):
            await state.admit(claim("r1", MONEY, cost=900))
            breakable.kill()
            with pytest.raises(LimitsUnavailable):
                await state.admit(claim("r2", MONEY, REQUESTS, cost=1))
            degraded = state.statistics().degraded
            breakable.start()
            took = await until(lambda: not state.statistics().degraded)
            await state.restore({})
            decision = await state.admit(claim("r3", MONEY, cost=101))
            return degraded, list(decision.refused), took, len(stage.problems)

    degraded, refused, took, problems = asyncio.run(run())

    assert (True, [0]) == (degraded, refused)
    assert took < 2.0
    assert 2 == problems  # away, and back


def test_rates_fall_to_a_share(breakable):
    """Without the server each of two workers may use half of what was left; together never more."""

    async def run():
        async with opened(breakable, "w1", "w2") as (_, one, two):
            ten = limit(Unit.REQUESTS, 10)
            await one.admit(claim("r1", ten))
            await two.admit(claim("r2", ten))
            await one.admit(claim("r3", ten))
            breakable.kill()
            counts = []
            for name, state in (("a", one), ("b", two)):
                decisions = [await state.admit(claim(f"{name}{at}", ten)) for at in range(10)]
                counts.append(sum(not d.refused for d in decisions))
            left = decisions[-1].standings[0]
            return counts, left.used

    # Of ten, three were used; the second has seen two of them.
    assert ([3, 4], 10) == asyncio.run(run())


def test_at_once_falls_to_a_share(breakable):
    """So many at the same time as the share allows, those from before included; an end makes room."""

    async def run():
        async with opened(breakable, "w1", "w2") as (_, one, _two):
            await one.admit(claim("before", AT_ONCE))
            breakable.kill()
            refused = [bool((await one.admit(claim(f"r{n}", AT_ONCE))).refused) for n in range(6)]
            one.settle("before", 0, 0)
            one.settle("r0", 0, 0)
            again = [bool((await one.admit(claim(f"s{n}", AT_ONCE))).refused) for n in range(3)]
            return refused, again

    refused, again = asyncio.run(run())

    assert [False] * 4 + [True] * 2 == refused
    assert [False, False, True] == again


def test_what_was_admitted_alone_is_told_later(breakable):
    """Uses during an outage are added to the server's counters, those still under way included."""

    async def run():
        async with opened(breakable, "w1", pace=HASTY) as (_, state):
            await state.admit(claim("r0", TOKENS, REQUESTS, tokens=100))
            breakable.freeze()
            with_tokens = claim("r1", TOKENS, REQUESTS, tokens=50)
            decisions = [await state.admit(with_tokens)]
            decisions.append(await state.admit(claim("r2", TOKENS, REQUESTS, tokens=50)))
            decisions.append(await state.admit(claim("r3", REQUESTS)))
            state.settle("r0", 10, 0)
            state.settle("r1", 5, 0)
            state.withdraw("r3")
            breakable.thaw()
            await until(lambda: not state.statistics().degraded)
            meanwhile = await used(state, TOKENS, REQUESTS)
            state.settle("r2", 7, 0)
            return (
                [list(d.refused) for d in decisions],
                meanwhile,
                await used(state, TOKENS, REQUESTS),
            )

    refused, meanwhile, after = asyncio.run(run())

    assert [[]] * 3 == refused
    assert [65, 3] == meanwhile
    assert [22, 3] == after


def test_a_frozen_server_holds_nobody_up(breakable):
    """A claim waits for one timeout; those after it for nothing."""

    async def run():
        async with opened(breakable, "w1", pace=HASTY) as (_, state):
            breakable.freeze()
            loop = asyncio.get_running_loop()
            began = loop.time()
            await state.admit(claim("r1", REQUESTS))
            first = loop.time() - began
            for at in range(50):
                await state.admit(claim(f"s{at}", REQUESTS))
            rest = loop.time() - began - first
            breakable.thaw()
            return first, rest

    first, rest = asyncio.run(run())

    assert first < 1.0
    assert rest < 0.2


def test_a_claim_that_comes_late_is_void(breakable):
    """What a frozen server reads after its answer was given up holds nothing."""

    async def run():
        async with opened(breakable, "w1", "w2", pace=HASTY) as (_, one, two):
            await two.look([AT_ONCE])
            breakable.freeze()
            with pytest.raises(LimitsUnavailable):
                await one.admit(claim("r1", MONEY, AT_ONCE, cost=5))
            breakable.thaw()
            await until(lambda: not one.statistics().degraded)
            await one.arrived()
            await until(lambda: not two.statistics().degraded)
            return await used(two, MONEY, AT_ONCE)

    assert [0, 0] == asyncio.run(run())


def test_at_first_nothing_is_given_out(breakable):
    """For some seconds of an outage nobody is admitted: a server that restarts is back by then."""

    async def run():
        pace = Pace(settling=0.0, quiet=60.0, pulse=0.02)
        async with opened(breakable, "w1", pace=pace) as (_, state):
            breakable.kill()
            with pytest.raises(LimitsUnavailable) as caught:
                await state.admit(claim("r1", REQUESTS))
            return caught.value.retry_after

    assert 1.0 == asyncio.run(run())


def test_a_new_epoch_waits_for_everybody(breakable):
    """Nothing is admitted in an epoch younger than what it takes every process to see it."""

    async def run():
        pace = Pace(settling=60.0, pulse=0.02)
        stage = ValkeyStage(breakable, pace)
        state = await stage.open("w1")
        try:
            with pytest.raises(LimitsUnavailable):
                await state.admit(claim("r1", REQUESTS))
        finally:
            await stage.close()

    asyncio.run(run())


def test_without_a_server_from_the_start(breakable):
    """A process that starts while the server is away refuses money, and joins later."""

    async def run():
        breakable.kill()
        stage = ValkeyStage(breakable, EAGER)
        state = await stage.open("w1")
        try:
            with pytest.raises(LimitsUnavailable):
                await state.admit(claim("r1", MONEY, cost=1))
            alone = await state.admit(claim("r2", limit(Unit.REQUESTS, 1, 60 * MINUTE)))
            breakable.start()
            await until(lambda: not state.statistics().degraded)
            return list(alone.refused), await used(state, limit(Unit.REQUESTS, 1, 60 * MINUTE))
        finally:
            await stage.close()

    assert ([], [1]) == asyncio.run(run())


def test_old_epochs_are_swept_up(breakable):
    """What a lost epoch left on the disk does not stay for ever."""

    async def run():
        async with opened(breakable, "w1") as (_, state):
            await state.admit(claim("r1", MONEY, cost=1))
            with breakable.client() as client:
                old = client.hget("{trunkline}:meta", "epoch").decode()
                client.hset("{trunkline}:meta", "run", "another")
                await known(state)
                await until(lambda: not client.keys(f"{{trunkline}}:{old}:*"))
            return await used(state, MONEY)

    assert [1] == asyncio.run(run())
