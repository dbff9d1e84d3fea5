"""Tests of storage/sqlite/saving.py: a backup beside whoever writes."""

import asyncio

import apsw
import pytest

from tests.storage.filled import dump, filled, made
from trunkline.kernel.clock import SystemClock
from trunkline.storage.base import StorageRefused
from trunkline.storage.sqlite.backend import open_sqlite
from trunkline.storage.sqlite.saving import save
from trunkline.storage.sqlite.whole import FILE, FILES, open_source


def silent(what, done, total):
    pass


def test_a_backup_is_a_data_folder(tmp_path):
    """With every row of every file, for its owner alone; told how far it is."""
    source, told = filled(tmp_path / "a"), []
    written = save(source, tmp_path / "b", lambda *how_far: told.append(how_far))

    assert dump(open_source(source)) == dump(open_source(tmp_path / "b"))
    assert sorted(FILES) == sorted(path.name for path in (tmp_path / "b").iterdir())
    assert {0o600} == {path.stat().st_mode & 0o777 for path in (tmp_path / "b").iterdir()}
    assert sum(path.stat().st_size for path in (tmp_path / "b").iterdir()) == written
    assert set(FILES) == {what for what, done, total in told if done == total}
    asyncio.run(open_sqlite(tmp_path / "b", SystemClock()).aclose())


def test_it_is_of_one_moment_whoever_writes(tmp_path):
    """A change in its midst neither gets in nor has it begin anew: 16 MiB are a step."""
    folder = made(tmp_path / "a")
    storage = open_sqlite(folder, SystemClock())
    big = bytes(5 << 20)
    for number in range(8):
        asyncio.run(storage.settings.put(f"{number}", big))
    steps = []

    def tell(what, done, total):
        if what == FILE:
            steps.append((done, total))
            asyncio.run(storage.settings.put(f"late {done}", b"x"))

    save(folder, tmp_path / "b", tell)
    asyncio.run(storage.aclose())
    rows = dump(open_source(tmp_path / "b"))["settings"]

    assert [str(number) for number in range(8)] == [row[0] for row in rows]
    assert len(steps) > 2
    assert sorted(steps) == steps
    assert 1 == len({total for _, total in steps})


def test_where_something_is_nothing_is_written(tmp_path):
    """Nor where there is nothing to save."""
    source = made(tmp_path / "a")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "notes").touch()
    with pytest.raises(StorageRefused, match=r"is not empty \(notes\)"):
        save(source, tmp_path / "b", silent)
    with pytest.raises(StorageRefused, match="there is no database"):
        save(tmp_path / "none", tmp_path / "c", silent)

    assert ["notes"] == [path.name for path in (tmp_path / "b").iterdir()]
    assert not (tmp_path / "c").exists()


def test_an_interrupted_backup_does_not_look_whole(tmp_path):
    """Its files have other names; the next one begins anew."""
    source = filled(tmp_path / "a")

    def interrupted(what, done, total):
        if what == FILES[1]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save(source, tmp_path / "b", interrupted)
    assert {".part"} == {path.suffix for path in (tmp_path / "b").iterdir()}
    save(source, tmp_path / "b", silent)
    assert sorted(FILES) == sorted(path.name for path in (tmp_path / "b").iterdir())


def test_a_damaged_file_is_no_backup(tmp_path):
    """It is told, and what was there before is not replaced by it."""
    source = filled(tmp_path / "a", 200)
    with apsw.Connection(str(source / FILE)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = connection.execute("PRAGMA page_size").get
        [[page]] = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'users'")
    connection.close()
    with (source / FILE).open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    with pytest.raises(StorageRefused, match=r"is damaged|malformed"):
        save(source, tmp_path / "b", silent)
    assert not (tmp_path / "b" / FILE).exists()
