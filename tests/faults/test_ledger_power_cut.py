"""The power fails at any moment: with durability "power", no acknowledged request is lost."""

import asyncio
import os
import random  # noqa: TID251 - seeded: the same cuts in every run
from pathlib import Path

import apsw
import pytest

from tests.faults.power import PowerDisk, PowerVfs, World
from tests.ledger.making import FakeClock, answer, counting_entropy, exchange, try_at
from trunkline.canon.errors import LedgerUnavailable
from trunkline.ledger.disk import SystemDisk
from trunkline.ledger.mover import Pace
from trunkline.ledger.service import Durability, Home, LedgerService
from trunkline.storage.base import StorageRefused
from trunkline.storage.sqlite.backend import FILE, open_sqlite
from trunkline.storage.sqlite.connection import Options

REQUESTS = 120
# About as many operations as serving them takes.
SPAN = 880


class HastyLedger(LedgerService):
    pace = Pace(interval=0.0, batch=10, slice=4, share=1.0, rotate_bytes=1, rotate_after=0.0)


async def serve(world: World, durability: Durability, synchronous: str) -> None:
    """Serve, move, rotate and remove, on a disk that remembers what was synced."""
    # The first start is over: schema and file names are on the disk.
    await open_sqlite(world.root, FakeClock()).aclose()
    vfs = PowerVfs("trunkline-power-cut", world)
    storage = open_sqlite(
        world.root, FakeClock(), Options(synchronous=synchronous, vfs="trunkline-power-cut")
    )
    worker = HastyLedger(
        Home(world.root),
        storage.ledger,
        FakeClock(),
        counting_entropy(),
        PowerDisk(world),
        pytest.fail,
        durability=durability,
    )
    for number in range(REQUESTS):
        one = exchange(number)
        worker.book.intent(one, try_at(one))
        answer(one)
        worker.book.close(one)
        await worker.book.durable()
        with world.lock:
            world.acknowledged.append(number)
        if number % 4 == 3:
            await worker.catch_up()
        if number % 12 == 11:
            # All is moved, so this begins a new segment, and the next move removes the old one.
            await worker._mover._look()
    await worker.aclose()
    await storage.aclose()
    vfs.unregister()


async def missing(folder: Path, image: dict[Path, bytes], acknowledged: list[int]) -> int:
    """Start again from what the disk held; how many acknowledged requests are not there?"""
    for path, content in image.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    try:
        storage = open_sqlite(folder, FakeClock())
    except StorageRefused:
        return len(acknowledged)
    worker = LedgerService(
        Home(folder), storage.ledger, FakeClock(), os.urandom, SystemDisk(), lambda _: None
    )
    await worker.recover()
    lost = 0
    for number in acknowledged:
        try:
            stored = await storage.ledger.request(exchange(number).id, None)
        except LedgerUnavailable:
            stored = None
        lost += stored is None or stored.request.status != "ok"
    await worker.aclose()
    await storage.aclose()
    return lost


def is_ruined(path: Path) -> bool:
    connection = apsw.Connection(str(path))
    try:
        return connection.execute("PRAGMA integrity_check").get != "ok"
    except apsw.Error:
        return True
    finally:
        connection.close()


def cut(
    tmp_path: Path, cuts: int, durability: Durability, synchronous: str
) -> tuple[int, int, int, int]:
    """How many cuts there were, acknowledged requests over all, lost ones, ruined databases."""
    moments = sorted(random.Random(cuts).sample(range(SPAN), cuts))
    world = World(tmp_path / "live", moments, seed=cuts)
    asyncio.run(serve(world, durability, synchronous))
    lost = ruined = 0
    for number, (image, acknowledged) in enumerate(world.images):
        folder = tmp_path / str(number)
        lost += asyncio.run(missing(folder, image, acknowledged))
        ruined += is_ruined(folder / FILE)
    acknowledged = sum(len(acknowledged) for _, acknowledged in world.images)
    print(  # noqa: T201 - an honest zero names its N
        f"{len(world.images)} simulated cuts in {world.operations} operations, durability"
        f" {durability.value}, synchronous {synchronous}: {acknowledged} acknowledged, {lost} lost"
    )
    return len(world.images), acknowledged, lost, ruined


@pytest.mark.slow
def test_no_power_cut_loses_an_answer(tmp_path: Path) -> None:
    """Journal synced before the answer, database synced before the journal goes."""
    cuts, acknowledged, lost, ruined = cut(tmp_path, 40, Durability.POWER, "FULL")

    assert (40, 0, 0) == (cuts, lost, ruined)
    assert acknowledged > 1000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("durability", "synchronous"),
    ((Durability.PROCESS, "FULL"), (Durability.POWER, "NORMAL"), (Durability.POWER, "OFF")),
    ids=("journal not synced", "database synced too rarely", "database not synced"),
)
def test_a_weaker_setting_is_caught(
    tmp_path: Path, durability: Durability, synchronous: str
) -> None:
    """The planted bugs: each weaker setting loses answers here, so the zero above means something."""
    _, acknowledged, lost, _ = cut(tmp_path, 12, durability, synchronous)

    assert 0 < lost <= acknowledged
