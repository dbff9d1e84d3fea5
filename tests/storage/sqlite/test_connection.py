"""Tests of storage/sqlite/connection.py: safe settings, own thread, honest errors."""

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw
import pytest

from trunkline.canon.errors import LedgerUnavailable
from trunkline.storage.base import StorageRefused
from trunkline.storage.sqlite.connection import (
    Options,
    SqliteThread,
    check_version,
    connect,
    transaction,
)


@pytest.mark.parametrize("version", ("3.7.0", "3.40.1", "3.51.2"))
def test_a_sqlite_that_may_corrupt_is_refused(version: str) -> None:
    """The message tells the version found, the one needed, and what to do."""
    with pytest.raises(StorageRefused, match=rf"SQLite {version} .* 3\.51\.3.*install"):
        check_version(version)


@pytest.mark.parametrize("version", ("3.51.3", "3.54.1", "4.0.0", apsw.sqlite_lib_version()))
def test_a_mended_sqlite_is_taken(version: str) -> None:
    """So is the one this very test runs on."""
    check_version(version)


def test_a_connection_has_our_settings(tmp_path: Path) -> None:
    """Write-ahead log, synced at every commit, in a file for its owner alone."""
    path = tmp_path / "x.db"
    connection = connect(path, Options())

    assert "wal" == connection.execute("PRAGMA journal_mode").get
    assert 2 == connection.execute("PRAGMA synchronous").get
    assert 5000 == connection.execute("PRAGMA busy_timeout").get
    connection.execute("CREATE TABLE t (x)")
    assert {0o600} == {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    connection.close()


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    """What was written before an error in the block is gone."""
    connection = connect(tmp_path / "x.db", Options())
    connection.execute("CREATE TABLE t (x)")

    with pytest.raises(apsw.SQLError, match="no such table"), transaction(connection):
        connection.execute("INSERT INTO t VALUES (1); INSERT INTO nowhere VALUES (1)")

    assert 0 == connection.execute("SELECT count(*) FROM t").get
    assert not connection.in_transaction
    connection.close()


def test_work_runs_beside_the_event_loop(tmp_path: Path) -> None:
    """The loop goes on while a query waits: here the query waits for the loop itself."""

    async def run() -> bool:
        thread = SqliteThread("test", connect(tmp_path / "x.db", Options()))
        gate = threading.Event()

        def work(connection: apsw.Connection) -> bool:
            return gate.wait(10) and threading.current_thread() is not threading.main_thread()

        waiting = asyncio.gather(thread.run(work))
        await asyncio.sleep(0)
        gate.set()
        (beside,) = await waiting
        await thread.aclose()
        return beside

    assert asyncio.run(run())


def test_what_sqlite_says_becomes_our_error(tmp_path: Path) -> None:
    """A full database is LedgerUnavailable, with the reason in the detail for the log alone."""

    def fill(connection: apsw.Connection) -> None:
        connection.execute("CREATE TABLE t (x)")
        connection.execute("PRAGMA max_page_count = 2")
        connection.execute("INSERT INTO t VALUES (zeroblob(100000))")

    async def run() -> LedgerUnavailable:
        thread = SqliteThread("test", connect(tmp_path / "x.db", Options()))
        with pytest.raises(LedgerUnavailable) as caught:
            await thread.run(fill)
        # The thread goes on working.
        assert 0 == await thread.run(lambda connection: connection.execute("SELECT 0").get)
        await thread.aclose()
        return caught.value

    error = asyncio.run(run())

    assert "FullError" in error.detail
    assert "FullError" not in error.message


def test_many_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    """Whoever finds it locked while another makes it a WAL database tries again."""

    def mode(_: int) -> object:
        connection = connect(tmp_path / "x.db", Options())
        try:
            return connection.execute("PRAGMA journal_mode").get
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert {"wal"} == set(pool.map(mode, range(64)))


# What SQLite locks, for as long as a connection is open, says that somebody is there
# (sqlite.org/fileformat.html, 1.3.1, and its source's SHARED_FIRST and SHARED_SIZE; seen 2026-11-22).
_ALONE = """
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 510, 0x40000002)
"""


def test_a_second_connection_leaves_the_locks_of_the_first(tmp_path: Path) -> None:
    """Who finds none, in another process, takes the log for nobody's, and away from under us."""
    path = tmp_path / "x.db"

    def alone() -> bool:
        asked = [sys.executable, "-c", _ALONE, str(path)]
        return not subprocess.run(asked, stderr=subprocess.DEVNULL, check=False).returncode

    first = connect(path, Options())
    first.execute("CREATE TABLE t (a INTEGER)")
    second = connect(path, Options())
    found = alone()
    first.close()
    second.close()

    assert (False, True) == (found, alone())
