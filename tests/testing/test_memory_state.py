"""The model's clock, which the suite has no hold on; everything else is held to by check_state."""

import asyncio

from tests.testing.memory_stage import MemoryStage
from trunkline.canon.limit import Limit, Unit
from trunkline.storage.state import Claim, Standing

LIMIT = Limit(counter="c", unit=Unit.REQUESTS, most=2, window=60_000_000, field="rpm", scope="key")


def test_a_clock_set_back_keeps_a_window_no_longer():
    """The window goes on as long as it would have, told in the new time."""

    async def run():
        stage = MemoryStage()
        state = await stage.open("a")
        before = (await state.admit(Claim("1", (LIMIT,), 0, 0))).standings
        stage.clock.step(-3600.0)
        stage.clock.advance(30.0)
        after = (await state.admit(Claim("2", (LIMIT,), 0, 0))).standings
        stage.clock.advance(31.0)
        return before, after, await state.look((LIMIT,))

    start = 1_795_000_000_000_000

    before, after, closed = asyncio.run(run())

    assert [Standing(1, start + 60_000_000)] == before
    assert [Standing(2, start + 60_000_000 - 3_600_000_000)] == after
    assert [Standing(0, 0)] == closed


def test_a_look_sees_the_time():
    """Where nothing is counted, too: a clock that is set back later was ahead of it once."""

    async def run():
        stage = MemoryStage()
        state = await stage.open("a")
        stage.clock.step(3600.0)
        await state.look((LIMIT,))
        stage.clock.step(-3600.0)
        return stage.counts.now()

    assert 1_795_003_600_000_000 == asyncio.run(run())


def test_what_it_holds_is_told():
    """Counters and leases, and whose view it is."""

    async def run():
        state = await MemoryStage().open("a")
        await state.admit(Claim("1", (LIMIT,), 0, 0))
        return state

    state = asyncio.run(run())

    told = state.statistics()
    assert ("memory", 1, 1, False) == (told.backend, told.counters, told.leases, told.degraded)
    assert "<MemoryState a>" == repr(state)
