"""An append-only journal of one worker: a record is one unbuffered write, in the kernel at once."""

import errno
from collections import deque
from pathlib import Path

from msgspec import Struct

from trunkline.canon.errors import LedgerUnavailable
from trunkline.ledger.disk import Disk
from trunkline.ledger.frames import frame
from trunkline.storage.records import Position

SEGMENT_BYTES = 64 << 20
# At some 300 bytes each, 3 MB: what may wait for a full disk to take it again.
_HOLD_LIMIT = 10_000
_FULL = (errno.ENOSPC, errno.EDQUOT)


def segment_path(folder: Path, segment: int) -> Path:
    return folder / f"{segment:08d}.journal"


class JournalStatistics(Struct, frozen=True):
    segment: int
    written: int
    """Bytes since the start."""
    held: int
    """Records waiting for the disk to take them."""
    lost: int
    """Records given up because too many were waiting."""
    failures: int


class Unsynced(Struct, frozen=True):
    """What a sync must cover."""

    written: int
    descriptors: tuple[int, ...]
    retired: tuple[int, ...]
    """Those of them nobody will write to again; the syncer closes them."""
    folder: Path | None
    """Set where a new segment's name must be made durable, too."""


class Journal:
    """
    Segments of frames, numbered from 1. All methods belong to the event loop's thread.

    A record that has been appended survives SIGKILL, for it is in the kernel; whether it
    survives a power cut is up to whoever syncs. A write that fails leaves no half record
    behind: it is cut off, or the segment is left for a new one.
    """

    __slots__ = (
        "_descriptor",
        "_disk",
        "_failures",
        "_folder",
        "_held",
        "_limit",
        "_lost",
        "_new_name",
        "_offset",
        "_retired",
        "_segment",
        "_spoiled",
        "_syncs",
        "_troubled",
        "_write",
        "_written",
    )

    def __init__(
        self, folder: Path, disk: Disk, *, syncs: bool = False, limit: int = SEGMENT_BYTES
    ) -> None:
        """`syncs`: somebody calls `unsynced` again and again. Raises LedgerUnavailable."""
        self._folder = folder
        self._disk = disk
        self._syncs = syncs
        self._limit = limit
        self._write = disk.write
        self._segment = 0
        self._descriptor = -1
        self._offset = 0
        self._written = 0
        self._held: deque[bytes] = deque()
        self._retired: list[int] = []
        self._new_name = False
        self._troubled = False
        self._spoiled = False
        self._lost = 0
        self._failures = 0
        self.rotate()

    @property
    def folder(self) -> Path:
        return self._folder

    @property
    def position(self) -> Position:
        """The end: every byte before it belongs to a whole record."""
        return Position(self._segment, self._offset)

    @property
    def written(self) -> int:
        """Bytes appended since the start, over all segments."""
        return self._written

    @property
    def troubled(self) -> bool:
        """The last write failed, or records are still held."""
        return self._troubled

    def append(self, payload: bytes) -> None:
        """Raises LedgerUnavailable, and then nothing was written."""
        if self._troubled:
            self.recover()
        self._put(frame(payload))

    def append_or_hold(self, payload: bytes) -> None:
        """
        For what has already happened and must be told: kept in memory where the disk fails,
        and written, in order, before anything else as soon as it can be.

        Raises LedgerUnavailable: the record is not safe yet.
        """
        data = frame(payload)
        try:
            if self._troubled:
                self.recover()
            self._put(data)
        except LedgerUnavailable:
            if len(self._held) < _HOLD_LIMIT:
                self._held.append(data)
            else:
                self._lost += 1
            raise

    def recover(self) -> None:
        """Mend the segment or leave it, then write what is held. Raises LedgerUnavailable."""
        if self._spoiled:
            self.rotate()
        while self._held:
            self._put(self._held[0])
            self._held.popleft()
        self._troubled = False

    def rotate(self) -> None:
        """Go on in a new segment. Raises LedgerUnavailable, and then goes on in the old one."""
        try:
            descriptor = self._disk.create(segment_path(self._folder, self._segment + 1))
        except OSError as error:
            raise self._unavailable(error) from error
        if self._descriptor >= 0:
            self._retire(self._descriptor)
        self._descriptor = descriptor
        self._segment += 1
        self._offset = 0
        self._new_name = True
        self._spoiled = False

    def leave_segment(self) -> None:
        """A sync failed: what was written may be gone, and syncing again would not tell."""
        self._spoiled = self._troubled = True

    def unsynced(self) -> Unsynced:
        """What has to reach the disk now; calling it again means that this has."""
        retired = tuple(self._retired)
        self._retired.clear()
        folder = self._folder if self._new_name else None
        self._new_name = False
        return Unsynced(self._written, (*retired, self._descriptor), retired, folder)

    def close(self) -> None:
        for descriptor in (*self._retired, self._descriptor):
            self._disk.close(descriptor)
        self._retired.clear()
        self._descriptor = -1
        self._spoiled = self._troubled = True

    def statistics(self) -> JournalStatistics:
        return JournalStatistics(
            self._segment, self._written, len(self._held), self._lost, self._failures
        )

    def _put(self, data: bytes) -> None:
        try:
            count = self._write(self._descriptor, data)
        except OSError as error:
            self._cut(full=error.errno in _FULL)
            raise self._unavailable(error) from error
        if count != len(data):
            # Nearly full: the next write would say so.
            self._cut(full=True)
            raise self._unavailable(None)
        self._offset += count
        self._written += count
        if self._offset >= self._limit:
            try:
                self.rotate()
            except LedgerUnavailable:
                # An overlong segment is better than a refused record that is already written.
                return

    def _cut(self, *, full: bool) -> None:
        """
        Take half a record off the segment's end.

        Where that fails, or the trouble is not a full disk (a size limit, an I/O error),
        the segment cannot be trusted with more.
        """
        self._troubled = True
        try:
            self._disk.truncate(self._descriptor, self._offset)
        except OSError:
            full = False
        if not full:
            self._spoiled = True

    def _retire(self, descriptor: int) -> None:
        if self._syncs:
            self._retired.append(descriptor)
        else:
            self._disk.close(descriptor)

    def _unavailable(self, error: OSError | None) -> LedgerUnavailable:
        self._failures += 1
        return LedgerUnavailable(
            "The gateway cannot write its books right now; try again in a moment.",
            detail=f"journal {self._folder}: {error or 'short write: the disk is full'}",
            retry_after=1.0,
        )

    def __repr__(self) -> str:
        state = f", troubled, {len(self._held)} held" if self._troubled else ""
        return f"<Journal {self._folder.name} at {self._segment}:{self._offset}{state}>"
