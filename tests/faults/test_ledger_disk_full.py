"""The disk fills up: nothing more is dispatched, nothing accepted is lost, and it recovers."""

import asyncio
import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.faults.disks import fill, mountable, small
from tests.ledger.making import FakeClock, answer, counting_entropy, exchange, try_at
from trunkline.canon.errors import LedgerUnavailable
from trunkline.ledger.disk import SystemDisk
from trunkline.ledger.service import Home, LedgerService
from trunkline.storage.sqlite.backend import open_sqlite


class Disk(NamedTuple):
    folder: Path
    fill: Callable[[], None]
    make_room: Callable[[], None]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Disk]:
    """A file system of 1 MiB where we may mount one; elsewhere a limit on the size of files."""
    folder = tmp_path / "small"
    if mountable(tmp_path):
        with small(folder, 1):
            yield Disk(folder, lambda: fill(folder / "ballast"), (folder / "ballast").unlink)
        return
    folder.mkdir()
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield Disk(
        folder,
        lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard)),
        lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard)),
    )
    resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))


def test_a_full_disk_stops_dispatch_and_loses_nothing(tmp_path: Path, small_disk: Disk) -> None:
    """Intents are refused while it is full; a close that was refused is written once it is not."""

    async def run() -> None:
        storage = open_sqlite(tmp_path / "database", FakeClock())
        worker = LedgerService(
            Home(small_disk.folder),
            storage.ledger,
            FakeClock(),
            counting_entropy(),
            SystemDisk(),
            pytest.fail,
        )
        for number in range(50):
            serve(worker, number)
        begun = exchange(50)
        worker.book.intent(begun, try_at(begun))
        small_disk.fill()
        served = serve_until_refused(worker, 51)
        # It was under way when the disk filled up: its end cannot be written now.
        answer(begun)
        with pytest.raises(LedgerUnavailable):
            worker.book.close(begun)
        for number in range(served, served + 10):
            refused = exchange(number)
            with pytest.raises(LedgerUnavailable):
                worker.book.intent(refused, try_at(refused))
        small_disk.make_room()
        serve(worker, served)
        await worker.book.durable()
        totals = await worker.reports.totals()
        assert (served + 1, 0, (served + 1) * 1234) == (
            totals.requests,
            totals.open,
            totals.cost_nanousd,
        )
        await worker.aclose()
        await storage.aclose()

    asyncio.run(run())


def serve(worker: LedgerService, number: int) -> None:
    one = exchange(number)
    worker.book.intent(one, try_at(one))
    answer(one)
    worker.book.close(one)


def serve_until_refused(worker: LedgerService, first: int) -> int:
    """What still fits into the journal's last page is served; returns the first number that is not."""
    for number in range(first, first + 100):
        one = exchange(number)
        try:
            worker.book.intent(one, try_at(one))
        except LedgerUnavailable:
            return number
        answer(one)
        try:
            worker.book.close(one)
        except LedgerUnavailable:
            return number + 1
    raise AssertionError("the disk was never full")
