"""
A simulated power cut: files as a disk might hold them when it stops.

What was synced is there. Of what was not, any part may be: writes in any order, torn between
sectors. File names are there once their folder was synced; a removed file stays removed. It
is a simulator, not a disk: disks that lie about syncing are beyond it.
"""

import random  # noqa: TID251 - seeded: the same cuts in every run
import threading
from collections.abc import Callable
from pathlib import Path

import apsw

from trunkline.ledger.disk import SystemDisk

SECTOR = 512

Write = tuple[int, bytes]


class File:
    """What is safe, and what is on its way."""

    def __init__(self, content: bytes, named: bool) -> None:
        self.safe = bytearray(content)
        self.pending: list[Write | int] = []
        """Writes, and truncations to a size."""
        self.named = named
        self.size = len(content)

    def sync(self) -> None:
        for change in self.pending:
            _apply(self.safe, change)
        self.pending.clear()

    def after_a_cut(self, dice: random.Random) -> bytes:
        content = bytearray(self.safe)
        for change in self.pending:
            if isinstance(change, int) or dice.random() < 0.5:
                _apply(content, change)
            elif dice.random() < 0.5:
                offset, data = change
                torn = dice.randrange(0, len(data) + 1) // SECTOR * SECTOR
                _apply(content, (offset, data[:torn]))
        return bytes(content)


def _apply(content: bytearray, change: Write | int) -> None:
    if isinstance(change, int):
        del content[change:]
        return
    offset, data = change
    if len(content) < offset:
        content += bytes(offset - len(content))
    content[offset : offset + len(data)] = data


class World:
    """All files of one data folder, and the moments at which the power is cut."""

    def __init__(self, root: Path, moments: list[int], seed: int) -> None:
        self.root = root
        self.lock = threading.RLock()
        self.files: dict[Path, File] = {}
        self.images: list[tuple[dict[Path, bytes], list[int]]] = []
        """What the disk held at each cut, and what had been acknowledged by then."""
        self.acknowledged: list[int] = []
        self.operations = 0
        self._moments = set(moments)
        self._dice = random.Random(seed)

    def open(self, path: Path, *, named: bool) -> File:
        with self.lock:
            if path not in self.files:
                self.files[path] = File(path.read_bytes() if path.exists() else b"", named)
            return self.files[path]

    def act(self, action: Callable[[], object]) -> None:
        """One operation; the power may be cut before it."""
        with self.lock:
            if self.operations in self._moments:
                self._cut()
            self.operations += 1
            action()

    def _cut(self) -> None:
        image = {
            path.relative_to(self.root): file.after_a_cut(self._dice)
            for path, file in self.files.items()
            if path.exists() and (file.named or self._dice.random() < 0.5)
        }
        self.images.append((image, list(self.acknowledged)))


class PowerDisk(SystemDisk):
    """The journal's disk in that world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._open: dict[int, File] = {}

    def create(self, path: Path) -> int:
        descriptor = super().create(path)
        self._open[descriptor] = self._world.open(path, named=False)
        return descriptor

    def write(self, descriptor: int, data: bytes, /) -> int:
        file = self._open[descriptor]

        def action() -> None:
            SystemDisk.write(descriptor, data)
            file.pending.append((file.size, data))
            file.size += len(data)

        self._world.act(action)
        return len(data)

    def sync(self, descriptor: int, /) -> None:
        self._world.act(self._open[descriptor].sync)

    def sync_folder(self, folder: Path) -> None:
        def action() -> None:
            for path, file in self._world.files.items():
                if path.parent == folder:
                    file.named = True

        self._world.act(action)


class PowerVfs(apsw.VFS):
    """SQLite's files in that world."""

    def __init__(self, name: str, world: World) -> None:
        self.world = world
        super().__init__(name, "")

    def xOpen(  # noqa: N802 - SQLite's name
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> apsw.VFSFile:
        return PowerFile(self.world, name, flags)

    def xDelete(self, name: str, syncdir: bool) -> None:  # noqa: N802 - SQLite's name
        with self.world.lock:
            self.world.files.pop(Path(name), None)
            super().xDelete(name, syncdir)


class PowerFile(apsw.VFSFile):
    def __init__(self, world: World, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        super().__init__("", name, flags)
        assert name is not None
        path = Path(name if isinstance(name, str) else name.filename())
        self._world = world
        self._file = world.open(path, named=True)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        kept = bytes(data)

        def action() -> None:
            super(PowerFile, self).xWrite(kept, offset)
            self._file.pending.append((offset, kept))

        self._world.act(action)

    def xTruncate(self, size: int) -> None:  # noqa: N802 - SQLite's name
        def action() -> None:
            super(PowerFile, self).xTruncate(size)
            self._file.pending.append(size)

        self._world.act(action)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        self._world.act(self._file.sync)
