"""Shared counters on a real server, held against the house's suite."""

import asyncio

from tests.storage.valkey.making import ValkeyStage
from trunkline.testing.check_state import check_state


def test_it_keeps_to_the_seam(server):
    """Everything that is asked of every State."""

    async def check():
        stage = ValkeyStage(server)
        return await check_state(stage), stage.problems

    assert ([], []) == asyncio.run(check())
