"""The disk fills up: nothing more is dispatched, nothing accepted is lost, and it recovers."""

import asyncio
import resource
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.ledger.making import FakeClock, answer, counting_entropy, exchange, try_at
from trunkline.canon.errors import LedgerUnavailable
from trunkline.ledger.disk import SystemDisk
from trunkline.ledger.service import LedgerService
from trunkline.storage.sqlite.backend import open_sqlite

SIZE = 64 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[tuple[Path, Callable[[], None]]]:
    """
    A folder that holds 64 KiB, and how to make room.

    A file system of that size where we may mount one; elsewhere a limit on the size of files.
    """
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode == 0:
        ballast = folder / "ballast"
        ballast.write_bytes(bytes(SIZE // 2))
        yield folder, ballast.unlink
        subprocess.run(["umount", str(folder)], check=True)
        return
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def make_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))

    resource.setrlimit(resource.RLIMIT_FSIZE, (SIZE // 2, hard))
    yield folder, make_room
    make_room()


def test_a_full_disk_stops_dispatch_and_loses_nothing(
    tmp_path: Path, small_disk: tuple[Path, Callable[[], None]]
) -> None:
    """Intents are refused while it is full; a close that was refused is written once it is not."""
    folder, make_room = small_disk

    async def run() -> None:
        storage = open_sqlite(tmp_path / "database", FakeClock())
        worker = LedgerService(
            folder, storage.ledger, FakeClock(), counting_entropy(), SystemDisk(), pytest.fail
        )
        served = 0
        refused = None
        while refused is None:
            one = exchange(served)
            try:
                worker.book.intent(one, try_at(one))
                answer(one)
                served += 1
                worker.book.close(one)
            except LedgerUnavailable as error:
                refused = error
        assert 50 < served < 500
        assert 503 == refused.status
        long = exchange(9998)
        # Whatever room a shorter record has left, this one does not fit into.
        long.face = "f" * 5000
        with pytest.raises(LedgerUnavailable):
            worker.book.intent(long, try_at(long))
        make_room()
        one = exchange(9999)
        worker.book.intent(one, try_at(one))
        answer(one)
        worker.book.close(one)
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
