"""Tests of storage/lmdb/state.py: what is owed of a State, and what it does when it cannot write."""

import asyncio

import pytest

from tests.storage.lmdb.making import LmdbStage
from trunkline.canon.errors import LimitsUnavailable
from trunkline.canon.limit import Limit, Unit
from trunkline.storage.state import Claim
from trunkline.testing.check_state import check_state

COST = Limit(counter="c", unit=Unit.COST, most=100, field="f", scope="key")


@pytest.fixture
def stage(tmp_path):
    made = LmdbStage(tmp_path)
    yield made
    made.close()


def test_it_conforms(stage):
    """The suite that every State must pass."""
    assert [] == asyncio.run(check_state(stage))


class Full:
    """A store that writes nothing while the disk is full."""

    def __init__(self, store):
        self._store = store
        self.full = False

    def __getattr__(self, name):
        return getattr(self._store, name)

    def write(self, work, argument):
        if self.full:
            raise LimitsUnavailable("no", detail="disk full")
        return self._store.write(work, argument)


def test_what_cannot_be_settled_now_is_settled_later(stage):
    """Settling never raises; the problem is told once, and nothing is forgotten."""

    async def run():
        disk = stage.store = Full(stage.store)
        state = await stage.open("a")
        for lease in "12":
            await state.admit(Claim(lease, (COST,), 0, 40))
        disk.full = True
        state.settle("1", 0, 5)
        state.withdraw("2")
        degraded = state.statistics().degraded
        assert degraded is state.degraded
        with pytest.raises(LimitsUnavailable):
            await state.admit(Claim("3", (COST,), 0, 1))
        with pytest.raises(LimitsUnavailable):
            await state.beat()
        disk.full = False
        await state.beat()
        (standing,) = await state.look([COST])
        return degraded, state.statistics().degraded, standing.used, standing.reserved

    assert (True, False, 5, 0) == asyncio.run(run())
    later, whole = stage.problems
    assert "disk full; what requests took is settled later" == later
    assert "the shared counters are whole again: 2 requests were settled late" == whole


def test_closing_on_a_full_disk_says_what_is_lost(stage):
    """It cannot wait for room; and a second closing is nothing."""

    async def run():
        disk = stage.store = Full(stage.store)
        state = await stage.open("a")
        await state.admit(Claim("1", (COST,), 0, 40))
        disk.full = True
        state.settle("1", 0, 5)
        await state.aclose()
        await state.aclose()

    asyncio.run(run())
    assert "disk full; 1 requests are not settled" == stage.problems[-1]


def test_it_tells_what_it_holds(stage):
    """And whose view it is."""

    async def run():
        state = await stage.open("a")
        await state.admit(Claim("1", (COST,), 0, 40))
        return state

    state = asyncio.run(run())
    told = state.statistics()
    assert ("lmdb", 1, 1, False) == (told.backend, told.counters, told.leases, told.degraded)
    assert repr(state).endswith(" a>")
