"""A backup of a data folder's files, each of one moment, while gateways work on them."""

import os
from pathlib import Path
from typing import Final

import apsw

from trunkline.storage.base import StorageRefused
from trunkline.storage.sqlite.connection import check_version
from trunkline.storage.sqlite.whole import FILE, FILES, looking, refusing
from trunkline.storage.whole import Advance

# Pages of 4 KiB: 16 MiB between two looks at who wants to interrupt.
_STEP: Final = 4096
_PART: Final = ".part"


def save(folder: Path, to: Path, tell: Advance) -> int:
    """
    The folder then is a data folder's, but for its secrets; bytes that were written.

    A backup that was interrupted leaves files that end in ".part", and no others. Raises
    StorageRefused.
    """
    check_version(apsw.sqlite_lib_version())
    if not (folder / FILE).is_file():
        raise StorageRefused(f"there is no database in {folder} (`trunkline serve` makes one)")
    with refusing(to):
        to.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = sorted(path.name for path in to.iterdir() if path.suffix != _PART)
        if found:
            raise StorageRefused(f"{to} is not empty ({found[0]}): name a new folder")
    names = [name for name in FILES if (folder / name).is_file()]
    with refusing(to):
        written = sum(_save_file(folder / name, to / f"{name}{_PART}", tell) for name in names)
        # The main file is the last to have its name: where it is, the others are.
        for name in reversed(names):
            (to / f"{name}{_PART}").rename(to / name)
        _sync(to)
    return written


def _save_file(path: Path, to: Path, tell: Advance) -> int:
    to.unlink(missing_ok=True)
    os.close(os.open(to, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    source, target = looking(path), apsw.Connection(str(to))
    try:
        # A reader's moment: without it, each change by a gateway would begin the copy anew
        # (sqlite.org/c3ref/backup_finish.html, seen 2026-11-21).
        source.execute("BEGIN; SELECT 1 FROM sqlite_schema")
        with target.backup("main", source, "main") as backup:
            while not backup.done:
                backup.step(_STEP)
                tell(path.name, backup.page_count - backup.remaining, backup.page_count)
        damage = target.execute("PRAGMA quick_check(1)").get
    finally:
        target.close()
        source.close()
    if damage != "ok":
        raise StorageRefused(f"{path} is damaged: {damage}")
    _sync(to)
    return to.stat().st_size


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
