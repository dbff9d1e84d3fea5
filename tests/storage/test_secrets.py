"""Tests of storage/secrets.py: made once, readable by their owner alone."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from trunkline.storage.secrets import PEPPER_FILE, load_node, load_or_create, load_pepper, replace


def test_a_pepper_is_made_once(tmp_path: Path) -> None:
    """32 bytes, in a file and a folder for their owner alone, the same ever after."""
    folder = tmp_path / "data"

    first = load_pepper(folder, os.urandom)
    second = load_pepper(folder, os.urandom)

    assert 32 == len(first)
    assert first == second
    assert 0o600 == (folder / PEPPER_FILE).stat().st_mode & 0o777
    assert 0o700 == folder.stat().st_mode & 0o777
    assert [PEPPER_FILE] == [path.name for path in folder.iterdir()]


def test_a_node_keeps_its_name(tmp_path: Path) -> None:
    """Two folders have two, in letters and digits; a worker's name can be told from it."""
    one, other = tmp_path / "one", tmp_path / "other"
    names = [load_node(folder, os.urandom) for folder in (one, other, one)]

    assert names[0] == names[2]
    assert names[0] != names[1]
    assert names[0].isalnum()


def test_others_lose_their_permission(tmp_path: Path) -> None:
    """A secret that a restored backup left readable for all is closed again."""
    path = tmp_path / "secret"
    path.write_bytes(b"x" * 32)
    path.chmod(0o644)

    assert b"x" * 32 == load_or_create(path, lambda: b"", os.urandom)
    assert 0o600 == path.stat().st_mode & 0o777


def test_all_who_start_at_once_get_the_same(tmp_path: Path) -> None:
    """Workers that start together agree on one secret and leave nothing else behind."""
    path = tmp_path / "secret"

    with ThreadPoolExecutor(8) as pool:
        made = set(
            pool.map(lambda _: load_or_create(path, lambda: os.urandom(32), os.urandom), range(32))
        )

    assert 1 == len(made)
    assert ["secret"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize("content", (b"", b"short", b"x" * 33))
def test_a_pepper_of_another_length_is_refused(tmp_path: Path, content: bytes) -> None:
    """An emptied file must not become a key under which anybody can forge."""
    (tmp_path / PEPPER_FILE).write_bytes(content)

    with pytest.raises(ValueError, match="exactly 32 bytes"):
        load_pepper(tmp_path, os.urandom)


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    """Readable by its owner alone, with nothing left beside it."""
    path = tmp_path / "secret"
    path.write_bytes(b"old")

    replace(path, b"new", os.urandom)

    assert (b"new", 0o600) == (path.read_bytes(), path.stat().st_mode & 0o777)
    assert [path] == list(tmp_path.iterdir())
