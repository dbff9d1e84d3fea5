"""Tests of storage/lmdb/holders.py: a beat's work is done in steps, and all of it gets done."""

import asyncio

import pytest
from msgspec.structs import replace

from tests.storage.lmdb.making import LmdbStage
from trunkline.canon.limit import Limit, Unit
from trunkline.storage.lmdb.holders import count
from trunkline.storage.lmdb.records import slots_of
from trunkline.storage.state import Claim

BRIEF = Limit(counter="c", unit=Unit.REQUESTS, most=9, window=1_000_000, field="f", scope="key")
TOTAL = replace(BRIEF, counter="total", window=0, most=1 << 60)
AT_ONCE = replace(TOTAL, counter="n", unit=Unit.CONCURRENT)
MANY = 2500


@pytest.fixture
def stage(tmp_path):
    made = LmdbStage(tmp_path)
    yield made
    made.close()


async def claim_many(state, *limits):
    for number in range(MANY):
        own = replace(BRIEF, counter=f"session/{number}")
        await state.admit(Claim(f"req-{number:05}", (own, *limits), 0, 0))


def test_all_that_a_dead_one_held_is_found(stage):
    """More than one step has room for: told a thousand at a time, and freed at once."""

    async def run():
        dead, alive = await stage.open("dead"), await stage.open("alive")
        await claim_many(dead, AT_ONCE)
        await stage.advance(stage.ttl + 1)
        told = []
        while found := await alive.beat():
            (standing,) = await alive.look([AT_ONCE])
            told.append((len(found), found[0].lease, standing.used))
            for one in found:
                alive.settle(one.lease, 0, 0)
        return told

    assert [(1000, "req-00000", 0), (1000, "req-01000", 0), (500, "req-02000", 0)] == asyncio.run(
        run()
    )


def test_closed_windows_are_removed_and_totals_are_not(stage):
    """In some beats, however many there are."""

    async def run():
        state = await stage.open("a")
        await claim_many(state, TOTAL)
        await stage.advance(2.0)
        kept = []
        for _ in range(5):
            await state.beat()
            kept.append(state.statistics().counters)
        (total,) = await state.look([TOTAL])
        return kept, total.used

    kept, used = asyncio.run(run())

    assert sorted(kept, reverse=True) == kept
    assert kept[0] > 1000
    assert (1, MANY) == (kept[-1], used)


def test_a_record_keeps_what_has_not_closed(stage):
    """Of an owner's counters only those go whose window has closed; a lease on them is none."""

    async def run():
        state = await stage.open("a")
        brief = replace(BRIEF, counter="key/a/requests/1")
        longer = replace(brief, counter="key/a/requests/60", window=60_000_000)
        total = replace(TOTAL, counter="key/a/requests/0")
        limits = (brief, longer, total)
        await state.admit(Claim("l", limits, 0, 0))
        await stage.advance(2.0)
        size = []
        for seconds in (0.0, 60.0, 0.0):
            await stage.advance(seconds)
            await state.beat()
            record = stage.store.read(lambda transaction, _: transaction.get(b"ckey/a"), None)
            size.append(len(slots_of(record)))
        state.withdraw("l")
        return size, [standing.used for standing in await state.look(limits)]

    assert ([2, 1, 1], [0, 0, 0]) == asyncio.run(run())


def test_open_windows_are_kept(stage):
    """Whoever beats, and how often."""

    async def run():
        state = await stage.open("a")
        await claim_many(state)
        for _ in range(5):
            await state.beat()
        return state.statistics().counters

    assert MANY == asyncio.run(run())


def test_who_is_gone_and_left_nothing_is_forgotten(stage):
    """A machine whose workers come and go does not collect their names."""

    async def run():
        for number in range(20):
            state = await stage.open(f"w{number}")
            await state.aclose()
        staying = await stage.open("staying")
        await staying.beat()

    asyncio.run(run())
    # Its own name, time, the boot, and how far it has looked.
    assert 4 == stage.store.entries
    assert (0, 0) == stage.store.read(count, None)
