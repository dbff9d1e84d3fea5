"""Group sync: one fdatasync in a thread for all who wait for the disk at that moment."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from trunkline.canon.errors import LedgerUnavailable
from trunkline.ledger.disk import Disk
from trunkline.ledger.journal import Journal, Unsynced


class GroupSync:
    def __init__(self, journal: Journal, disk: Disk) -> None:
        self._journal = journal
        self._disk = disk
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="journal-sync")
        self._running: asyncio.Future[None] | None = None
        self._synced = 0
        self._doubtful = 0
        """Bytes up to here were in a segment whose sync failed."""

    async def wait(self) -> None:
        """
        Return once all that has been appended would survive a power cut.

        Raises LedgerUnavailable where the disk says it would not.
        """
        goal = self._journal.written
        while self._synced < goal:
            if goal <= self._doubtful:
                raise LedgerUnavailable(
                    "The gateway's disk does not keep its books; try again in a moment.",
                    detail="fdatasync failed",
                )
            running = self._running
            if running is None:
                running = self._start()
            # Shielded: whoever stops waiting must not stop it for the others.
            await asyncio.shield(running)

    async def aclose(self) -> None:
        try:
            await self.wait()
        except LedgerUnavailable:
            pass  # whoever wrote it has been told
        self._pool.shutdown()

    def _start(self) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        finished: asyncio.Future[None] = loop.create_future()
        unsynced = self._journal.unsynced()
        work = loop.run_in_executor(self._pool, _sync, self._disk, unsynced)
        work.add_done_callback(lambda work: self._finish(work, unsynced, finished))
        self._running = finished
        return finished

    def _finish(
        self, work: asyncio.Future[None], unsynced: Unsynced, finished: asyncio.Future[None]
    ) -> None:
        self._running = None
        if work.exception() is None:
            self._synced = unsynced.written
        else:
            # The kernel drops pages it could not write and reports it once: a second sync of
            # the same file may succeed without them (wiki.postgresql.org/wiki/Fsync_Errors,
            # seen 2026-11-21). So all of the segment is in doubt, and it is left.
            self._doubtful = self._journal.written
            self._journal.leave_segment()
        finished.set_result(None)


def _sync(disk: Disk, unsynced: Unsynced) -> None:
    try:
        for descriptor in unsynced.descriptors:
            disk.sync(descriptor)
        if unsynced.folder is not None:
            disk.sync_folder(unsynced.folder)
    finally:
        for descriptor in unsynced.retired:
            disk.close(descriptor)
