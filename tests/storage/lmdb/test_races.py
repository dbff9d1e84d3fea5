"""A stampede of four processes at one limit: exactly as many get in as may."""

import asyncio
from pathlib import Path

import pytest

from tests.storage.lmdb.racing import ATTEMPTS, PROCESSES, runners
from tests.storage.racing import COST, LIMIT, UNITS, limit
from trunkline.canon.limit import Unit
from trunkline.kernel.clock import SystemClock
from trunkline.storage.lmdb.state import LmdbState
from trunkline.storage.lmdb.store import Store

ROUNDS = 10


async def used(folder: Path, unit: Unit) -> list[int]:
    """What each round's counter says now."""
    state = LmdbState(Store(folder, "boot"), "auditor", SystemClock(), print)
    limits = [limit(number, unit) for number in range(ROUNDS)]
    standings = await state.look(limits)
    await state.aclose()
    return [standing.used for standing in standings]


@pytest.mark.slow
def test_exactly_as_many_are_admitted_as_may_be(tmp_path: Path) -> None:
    """A thousand at the same time, a hundred get in, every round; and leave, where they can."""
    admitted: dict[Unit, list[int]] = {unit: [] for unit in UNITS}
    with runners(tmp_path) as racing:
        for number in range(ROUNDS):
            for unit in UNITS:
                admitted[unit].append(racing.round(number, unit))
                racing.settle()

    print(  # noqa: T201 - an honest zero names its N
        f"{ROUNDS} rounds of {PROCESSES} x {ATTEMPTS} attempts for each of {len(UNITS)} units"
    )
    assert {unit: [LIMIT] * ROUNDS for unit in UNITS} == admitted
    assert [LIMIT] * ROUNDS == asyncio.run(used(tmp_path, Unit.REQUESTS))
    assert [LIMIT * COST] * ROUNDS == asyncio.run(used(tmp_path, Unit.COST))
    assert [0] * ROUNDS == asyncio.run(used(tmp_path, Unit.CONCURRENT))


@pytest.mark.slow
def test_a_naive_limiter_is_caught(tmp_path: Path) -> None:
    """The planted bug: what is read and then written lets too many in."""
    with runners(tmp_path, "naive") as racing:
        admitted = [racing.round(number, Unit.REQUESTS) for number in range(3)]

    assert max(admitted) > LIMIT
