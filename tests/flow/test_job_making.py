"""A background response that is being made: stopped, or too late for that."""

import asyncio

import pytest

from tests.flow.test_background import RECORD
from trunkline.conversations.events import opening
from trunkline.flow.job_making import Making
from trunkline.kernel.tasks import Tasks


@pytest.mark.parametrize("settling", (False, True))
def test_what_is_being_stored_is_not_stopped(settling):
    """It is paid for; before that, whoever makes it learns that it is wanted no more."""

    async def work():
        tasks = Tasks(lambda name, error: None)
        making, go_on = Making(RECORD, 1000), asyncio.Event()

        async def make():
            await go_on.wait()

        making.task = tasks.spawn("make", make())
        making.settling = settling
        making.cancel()
        go_on.set()
        await asyncio.wait([making.task])
        return making.wanted, making.task.cancelled()

    assert (settling, not settling) == asyncio.run(work())


def test_its_readers_have_its_id_at_once():
    """Before its task has begun."""
    assert opening(RECORD.body) == Making(RECORD, 1000).running.events
