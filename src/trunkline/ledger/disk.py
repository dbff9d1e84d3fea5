"""The few file operations a journal lives by, as a seam: tests put a failing disk in their place."""

import os
from pathlib import Path
from typing import Protocol


class Disk(Protocol):
    """Every method raises OSError."""

    def create(self, path: Path) -> int:
        """A new file for appending, for its owner alone; returns the descriptor."""

    def write(self, descriptor: int, data: bytes, /) -> int:
        """One unbuffered append; may write less than asked."""

    def truncate(self, descriptor: int, size: int, /) -> None: ...
    def sync(self, descriptor: int, /) -> None:
        """Return once the file's bytes would survive a power cut."""

    def sync_folder(self, folder: Path) -> None:
        """The same for the names in a folder."""

    def close(self, descriptor: int, /) -> None: ...


class SystemDisk:
    """The operating system's own."""

    write = staticmethod(os.write)
    truncate = staticmethod(os.ftruncate)
    close = staticmethod(os.close)
    # macOS has no fdatasync.
    sync = staticmethod(getattr(os, "fdatasync", os.fsync))

    def create(self, path: Path) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        return os.open(path, flags, 0o600)

    def sync_folder(self, folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


_disk: Disk = SystemDisk()
