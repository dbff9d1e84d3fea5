"""Tests of ledger/disk.py: the operating system's own files."""

import os
from pathlib import Path

import pytest

from trunkline.ledger.disk import SystemDisk


def test_a_file_is_appended_to_by_its_owner_alone(tmp_path: Path) -> None:
    """Made with mode 0600, and written at its end even after it was cut."""
    disk = SystemDisk()
    path = tmp_path / "x"

    descriptor = disk.create(path)
    assert 5 == disk.write(descriptor, b"12345")
    disk.truncate(descriptor, 3)
    disk.write(descriptor, b"678")
    disk.sync(descriptor)
    disk.sync_folder(tmp_path)
    disk.close(descriptor)

    assert b"123678" == path.read_bytes()
    assert 0o600 == path.stat().st_mode & 0o777
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_an_existing_file_is_never_taken_over(tmp_path: Path) -> None:
    """A segment's name is used once."""
    (tmp_path / "x").write_bytes(b"somebody's")

    with pytest.raises(FileExistsError):
        SystemDisk().create(tmp_path / "x")
