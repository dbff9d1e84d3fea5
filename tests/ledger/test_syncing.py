"""Tests of ledger/syncing.py: nobody is told that the disk has what it has not."""

import asyncio
import errno
import threading
from pathlib import Path

import pytest

from tests.ledger.making import FaultyDisk
from trunkline.canon.errors import LedgerUnavailable
from trunkline.ledger.journal import Journal
from trunkline.ledger.syncing import GroupSync


class SlowDisk(FaultyDisk):
    """Syncs when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Semaphore(0)

    def sync(self, descriptor: int, /) -> None:
        assert self.go.acquire(timeout=60)
        super().sync(descriptor)


def test_waiting_ends_when_the_disk_has_it(tmp_path: Path) -> None:
    """Not before the sync has returned; with nothing new there is nothing to wait for."""

    async def run() -> tuple[bool, int]:
        disk = SlowDisk()
        journal = Journal(tmp_path, disk, syncs=True)
        sync = GroupSync(journal, disk)
        await sync.wait()
        journal.append(b"a")
        waiting = asyncio.ensure_future(sync.wait())  # noqa: TID251 - to look at it while it waits
        await asyncio.sleep(0.01)
        early = waiting.done()
        disk.go.release()
        await waiting
        await sync.wait()
        await sync.aclose()
        journal.close()
        return early, disk.syncs

    assert (False, 1) == asyncio.run(run())


def test_all_who_wait_share_a_sync(tmp_path: Path) -> None:
    """A hundred appended before it began need one; those that came later need the next."""

    async def run() -> tuple[int, int]:
        disk = SlowDisk()
        journal = Journal(tmp_path, disk, syncs=True)
        sync = GroupSync(journal, disk)
        waits = []
        for number in range(100):
            journal.append(str(number).encode())
            waits.append(sync.wait())
        first = asyncio.gather(*waits)
        await asyncio.sleep(0)
        journal.append(b"late")
        late = asyncio.gather(sync.wait())
        disk.go.release()
        await first
        after_first = disk.syncs
        disk.go.release()
        await late
        await sync.aclose()
        journal.close()
        return after_first, disk.syncs

    assert (1, 2) == asyncio.run(run())


def test_who_stops_waiting_stops_it_for_nobody_else(tmp_path: Path) -> None:
    """A cancelled request leaves the others' sync running."""

    async def run() -> None:
        disk = SlowDisk()
        journal = Journal(tmp_path, disk, syncs=True)
        sync = GroupSync(journal, disk)
        journal.append(b"a")
        leaver, stayer = (
            asyncio.ensure_future(sync.wait())  # noqa: TID251 - one of them is cancelled
            for _ in range(2)
        )
        await asyncio.sleep(0)
        leaver.cancel()
        await asyncio.sleep(0)
        disk.go.release()
        await stayer
        assert leaver.cancelled()
        await sync.aclose()
        journal.close()

    asyncio.run(run())


def test_a_failed_sync_is_told_to_all_and_never_forgotten(tmp_path: Path) -> None:
    """Nor does a later success of the same file count; what comes next goes to a new segment."""

    async def run() -> tuple[list[type[BaseException] | None], int]:
        disk = FaultyDisk()
        journal = Journal(tmp_path, disk, syncs=True)
        sync = GroupSync(journal, disk)
        journal.append(b"a")
        disk.sync_error = errno.EIO
        told = await asyncio.gather(sync.wait(), sync.wait(), return_exceptions=True)
        disk.sync_error = None
        told += await asyncio.gather(sync.wait(), return_exceptions=True)
        journal.append(b"b")
        told += await asyncio.gather(sync.wait(), return_exceptions=True)
        segment = journal.position.segment
        await sync.aclose()
        journal.close()
        return [None if error is None else type(error) for error in told], segment

    told, segment = asyncio.run(run())

    assert [LedgerUnavailable] * 3 + [None] == told
    assert 2 == segment


def test_a_segments_name_is_synced_with_it(tmp_path: Path) -> None:
    """A file whose name a power cut takes is as lost as its bytes."""

    async def run() -> tuple[int, int]:
        disk = FaultyDisk()
        journal = Journal(tmp_path, disk, syncs=True)
        sync = GroupSync(journal, disk)
        for _ in range(2):
            journal.append(b"a")
            await sync.wait()
        once = disk.folder_syncs
        journal.rotate()
        journal.append(b"a")
        await sync.wait()
        await sync.aclose()
        journal.close()
        return once, disk.folder_syncs

    assert (1, 2) == asyncio.run(run())


def test_closing_syncs_what_is_left(tmp_path: Path) -> None:
    """Even where the disk fails, closing does not."""

    async def run(error: int | None) -> int:
        disk = FaultyDisk()
        disk.sync_error = error
        journal = Journal(tmp_path / str(error), disk, syncs=True)
        sync = GroupSync(journal, disk)
        journal.append(b"a")
        await sync.aclose()
        journal.close()
        return disk.syncs

    for error in (None, errno.EIO):
        (tmp_path / str(error)).mkdir()
        assert (0 if error else 1) == asyncio.run(run(error))


def test_a_ledger_that_does_not_wait_is_caught(tmp_path: Path) -> None:
    """The planted bug: a sync that only pretends; the check that finds it is the one used above."""

    class Pretender(GroupSync):
        async def wait(self) -> None:
            return

    async def run() -> int:
        disk = FaultyDisk()
        journal = Journal(tmp_path, disk, syncs=True)
        sync = Pretender(journal, disk)
        journal.append(b"a")
        await sync.wait()
        synced = disk.syncs
        await sync.aclose()
        journal.close()
        return synced

    with pytest.raises(AssertionError):
        assert 1 == asyncio.run(run())
