"""Which worker owns which journal: a folder each, with a lock that dies with its process."""

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec import Struct

from trunkline.ledger.journal import segment_path
from trunkline.storage.records import Position

_LOCK = "lock"
_DAMAGED = "damaged"


class WorkerFolder:
    """A folder whose lock this process holds: its own, or that of a worker that has died."""

    __slots__ = ("_lock", "name", "path")

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self.name = path.name
        self._lock = lock

    def segments(self) -> list[int]:
        """The numbers of the segments that exist, in order."""
        return sorted(int(path.stem) for path in self.path.glob("*.journal"))

    def put_aside(self, segment: Path) -> None:
        """Keep a damaged segment for people to look at, where no replay will see it."""
        folder = self.path.parent / _DAMAGED
        folder.mkdir(mode=0o700, exist_ok=True)
        segment.rename(folder / f"{self.name}-{segment.name}")

    def remove(self) -> None:
        """The folder and all in it; nobody may find it half removed. Raises OSError."""
        try:
            with _everybody_waits(self.path.parent):
                shutil.rmtree(self.path)
        finally:
            self.release()

    def release(self) -> None:
        os.close(self._lock)

    def __repr__(self) -> str:
        return f"<WorkerFolder {self.name}>"


class Census(Struct, frozen=True):
    dead: tuple[WorkerFolder, ...]
    """Nobody held their locks; this process does now."""
    present: frozenset[str]
    """Every worker that has a folder, dead or alive."""


def enlist(root: Path, name: str) -> WorkerFolder:
    """A folder of our own. `name` was never used before. Raises OSError."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = root / name
    with _everybody_waits(root):
        path.mkdir(mode=0o700)
        lock = _try_lock(path)
    if lock is None:
        raise BlockingIOError(f"{path} is another worker's")
    # Or the whole folder might be gone after a power cut.
    for folder in (root, root.parent):
        _sync(folder)
    return WorkerFolder(path, lock)


def find_dead(root: Path) -> Census:
    """Take over the folders of dead workers; those of living ones stay untouched."""
    if not root.is_dir():
        return Census((), frozenset())
    dead = []
    with _everybody_waits(root):
        folders = worker_folders(root)
        for path in folders:
            lock = _try_lock(path)
            if lock is not None:
                dead.append(WorkerFolder(path, lock))
    return Census(tuple(dead), frozenset(path.name for path in folders))


class JournalFound(Struct, frozen=True):
    worker: str
    alive: bool
    """A process writes it now."""
    segments: Mapping[int, int]
    """Bytes of each, by its number."""

    def waiting(self, moved: Position | None) -> int:
        """Bytes behind what has been moved to the database."""
        at = moved or Position(0, 0)
        return sum(
            size - at.offset if number == at.segment else size
            for number, size in self.segments.items()
            if number >= at.segment
        )


def look(root: Path) -> Sequence[JournalFound]:
    """Every journal there is; nothing is taken over."""
    if not root.is_dir():
        return ()
    found = []
    with _everybody_waits(root):
        for path in worker_folders(root):
            lock = _try_lock(path)
            folder = WorkerFolder(path, -1 if lock is None else lock)
            sizes = dict(_sizes(folder))
            if lock is not None:
                folder.release()
            found.append(JournalFound(path.name, lock is None, sizes))
    return tuple(found)


def _sizes(folder: WorkerFolder) -> Iterator[tuple[int, int]]:
    """Of each segment, but for those that its worker removes at this moment."""
    for number in folder.segments():
        with suppress(FileNotFoundError):
            yield number, segment_path(folder.path, number).stat().st_size


def worker_folders(root: Path) -> list[Path]:
    """Sorted, which is the order in which their workers started."""
    return sorted(path for path in root.iterdir() if path.is_dir() and path.name != _DAMAGED)


@contextmanager
def _everybody_waits(root: Path) -> Iterator[None]:
    """Between making a folder and locking it, nobody may take it for a dead worker's."""
    descriptor = os.open(root / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _try_lock(folder: Path) -> int | None:
    """
    The lock's descriptor, or None if another holds it.

    flock belongs to the open file and goes when its last descriptor is closed, however the
    process ends (flock(2)); Python's descriptors do not leak into children (PEP 446).
    """
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
