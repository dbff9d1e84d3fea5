"""Disks that are full soon: small file systems of their own, where such may be mounted."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def mountable(folder: Path) -> bool:
    """Whether a file system may be mounted there."""
    try:
        with small(folder / "tried", 1):
            return True
    except PermissionError:
        return False


@contextmanager
def small(folder: Path, megabytes: int) -> Iterator[None]:
    """`folder`, made here, is such a disk. Raises PermissionError where none may be mounted."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        folder.rmdir()
        raise PermissionError("no file system may be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(path: Path) -> None:
    """Until not one byte more fits."""
    with path.open("wb", buffering=0) as file:
        for size in (4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
