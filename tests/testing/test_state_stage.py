"""The scene gives each check its own names, and complains in words."""

import asyncio

from tests.testing.memory_stage import MemoryStage
from trunkline.canon.limit import Unit
from trunkline.testing.state_stage import Scene


def test_no_name_is_given_twice():
    """Limits, leases and holders of one check are nobody else's."""
    scene = Scene(MemoryStage())
    limits = [scene.limit(Unit.COST, 1) for _ in range(3)]
    leases = [scene.claim(*limits).lease for _ in range(3)]

    assert 6 == len({*(limit.counter for limit in limits), *leases})


def test_a_difference_is_told():
    """What was expected, and what came instead."""
    scene = Scene(MemoryStage())
    scene.expect("two", 2, 2)
    scene.expect("three", 3, 4)

    assert ["three: 4 where 3 is expected"] == scene.wrong


def test_a_closed_scene_leaves_nothing():
    """What one check holds is not found abandoned by the next."""

    async def run():
        stage = MemoryStage()
        scene = Scene(stage)
        state, limit = await scene.state(), scene.limit(Unit.CONCURRENT, 5, 0)
        await state.admit(scene.claim(limit))
        before = await scene.used(state, limit), await scene.reserved(state, limit)
        await scene.close()
        return before, stage.counts.leases, stage.counts.beats

    assert (([1], [1]), {}, {}) == asyncio.run(run())
