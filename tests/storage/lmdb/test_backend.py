"""Tests of storage/lmdb/backend.py: a folder in the data folder, found again in the same boot."""

import asyncio

from trunkline.canon.limit import Limit, Unit
from trunkline.kernel.clock import SystemClock
from trunkline.storage.lmdb.backend import SPEC
from trunkline.storage.state import Claim, Place

COST = Limit(counter="c", unit=Unit.COST, most=100, field="f", scope="key")


def test_what_one_process_counted_the_next_one_finds(tmp_path):
    """A restart is no reason to begin anew."""

    async def run():
        problems = []
        found = []
        for number in range(2):
            place = Place(
                data=tmp_path,
                url="",
                holder=f"w{number}",
                clock=SystemClock(),
                tell=problems.append,
            )
            state = SPEC.open(place)
            found.append((state.lost, (await state.look([COST]))[0].used))
            await state.restore({})
            await state.admit(Claim(f"l{number}", (COST,), 0, 40))
            await state.aclose()
        return found, problems

    found, problems = asyncio.run(run())

    assert ([(True, 0), (False, 40)], []) == (found, problems)
    assert ("lmdb", ()) == (SPEC.name, SPEC.schemes)
    assert (tmp_path / "state" / "data.mdb").is_file()
