"""Tests of storage/sqlite/whole.py: the files of a folder as one database."""

import asyncio

import apsw
import pytest

from tests.storage.filled import filled, made
from trunkline.kernel.clock import SystemClock
from trunkline.storage.base import StorageRefused
from trunkline.storage.sql.history import MIGRATIONS
from trunkline.storage.sqlite.backend import open_sqlite
from trunkline.storage.sqlite.bodies import FILE as BODIES
from trunkline.storage.sqlite.responses import FILE as RESPONSES
from trunkline.storage.sqlite.whole import FILE, FILES, begun, open_source, open_target, size


def test_it_says_what_it_is(tmp_path):
    """Where, how large, and which schema; what is not in the files yet counts, too."""
    source = open_source(filled(tmp_path))
    about = source.about
    source.close()

    assert (str(tmp_path), "sqlite", MIGRATIONS[-1].version) == (
        about.place,
        about.backend,
        about.schema,
    )
    assert sum((tmp_path / name).stat().st_size for name in FILES) == about.size
    (tmp_path / f"{FILE}-wal").write_bytes(b"x" * 100)
    assert about.size + 100 == size(tmp_path)


def test_nothing_is_changed_or_made(tmp_path):
    """By looking; where there is nothing, nothing is there afterwards."""
    with pytest.raises(StorageRefused, match="there is no database in"):
        open_source(tmp_path / "none")
    source = open_source(made(tmp_path / "some"))
    with pytest.raises(StorageRefused, match=r"readonly|read-only|query_only"):
        source.ask("users", "DELETE FROM users RETURNING 1")
    source.close()

    assert ["some"] == [path.name for path in tmp_path.iterdir()]


def test_a_file_of_others_is_refused(tmp_path):
    """One of SQLite's, and one that is none."""
    apsw.Connection(str(tmp_path / FILE)).execute("CREATE TABLE t (x)").connection.close()
    with pytest.raises(StorageRefused, match="is no database of Trunkline's"):
        open_source(tmp_path)
    (tmp_path / FILE).write_bytes(b"notes\n" * 1000)
    with pytest.raises(StorageRefused, match="cannot be used"):
        open_source(tmp_path)


def test_all_of_a_file_is_of_one_moment(tmp_path):
    """Whatever is written meanwhile is not seen, and told of."""
    source = open_source(filled(tmp_path))
    storage = open_sqlite(tmp_path, SystemClock())
    before = source.ask("settings", "SELECT count(*) FROM settings")
    asyncio.run(storage.settings.put("x", b"y"))
    after = source.ask("settings", "SELECT count(*) FROM settings")
    changed = source.changed()
    asyncio.run(storage.aclose())
    source.close()
    untouched = open_source(tmp_path)

    assert (before, True) == (after, changed)
    assert not untouched.changed()
    assert 0 == untouched.connected()
    untouched.close()


def test_a_folder_from_before_there_were_all_files(tmp_path):
    """Lacks some tables, or has them, empty, in the main file."""
    made(tmp_path)
    (tmp_path / RESPONSES).unlink()
    (tmp_path / BODIES).unlink()
    source = open_source(tmp_path)
    names = {table.name for table in source.tables}
    [[count]] = source.ask("request_bodies", "SELECT count(*) FROM request_bodies")
    source.close()

    assert 0 == count
    assert "responses" not in names


def test_a_target_is_nobody_elses(tmp_path):
    """While it is open; afterwards it is, and what was written is in its files."""
    target = open_target(made(tmp_path))
    [users] = [table for table in target.tables if table.name == "users"]
    other = apsw.Connection(str(tmp_path / FILE))
    with pytest.raises(apsw.BusyError):
        other.execute("BEGIN IMMEDIATE")
    target.change("", "CREATE TABLE unfinished_copy (x)")
    target.put(users, [("acme", name, "", "{}", 1, None) for name in ("ann", "bob")])
    target.put(users, [("acme", "eve", "", "{}", 1, None)], first="DELETE FROM users")
    was_marked = target.marked()
    target.make_months([1])
    target.finish()
    target.close()
    rows = other.execute("SELECT name FROM users").fetchall()
    other.close()

    assert ([("eve",)], True, False) == (rows, was_marked, begun(tmp_path))


def test_a_piece_is_added_as_a_whole(tmp_path):
    """Or not at all: what fails in its midst leaves nothing."""
    target = open_target(made(tmp_path))
    [users] = [table for table in target.tables if table.name == "users"]
    with pytest.raises(StorageRefused, match="UNIQUE"):
        target.put(users, [("acme", "ann", "", "{}", 1, None)] * 2)
    [[count]] = target.ask("users", "SELECT count(*) FROM users")
    target.put(users, [("acme", "ann", "", "{}", 1, None)])
    target.clear([users])
    [[cleared]] = target.ask("users", "SELECT count(*) FROM users")
    target.close()

    assert (0, 0) == (count, cleared)
