"""Tests of storage/sqlite/backend.py: opening, refusing, closing."""

import asyncio
from pathlib import Path

import apsw
import pytest

from tests.ledger.making import FakeClock
from trunkline.storage.base import StorageRefused
from trunkline.storage.spec import StorageStatistics, Where
from trunkline.storage.sql.history import MIGRATIONS
from trunkline.storage.sqlite.backend import SPEC
from trunkline.storage.sqlite.bodies import FILE as BODIES
from trunkline.storage.sqlite.connection import Options, connect
from trunkline.storage.sqlite.idempotency import FILE as IDEMPOTENCY
from trunkline.storage.sqlite.responses import FILE as RESPONSES
from trunkline.storage.sqlite.whole import FILE


def test_a_folder_becomes_a_store(tmp_path: Path) -> None:
    """The folder is made where missing, for its owner alone; the store tells what it is."""
    folder = tmp_path / "a" / "data"

    storage = SPEC.open(Where(folder), FakeClock())

    assert 0o700 == folder.stat().st_mode & 0o777
    assert (
        StorageStatistics("sqlite", apsw.sqlite_lib_version(), MIGRATIONS[-1].version)
        == storage.statistics()
    )
    asyncio.run(storage.aclose())
    # A clean end leaves no logs: each is taken over when the last connection closes.
    assert {FILE, RESPONSES, IDEMPOTENCY, BODIES} == {path.name for path in folder.iterdir()}


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    """With its path in the message, and without touching it."""
    (tmp_path / FILE).write_bytes(b"these are notes about a database\n" * 100)

    with pytest.raises(StorageRefused, match=FILE):
        SPEC.open(Where(tmp_path), FakeClock())

    assert (tmp_path / FILE).read_bytes().startswith(b"these are notes")


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """A file in its place is told in words, not as a traceback."""
    (tmp_path / "data").write_bytes(b"")

    with pytest.raises(StorageRefused, match="cannot open"):
        SPEC.open(Where(tmp_path / "data"), FakeClock())


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    """Going back to an older Trunkline must not ruin what the newer one wrote."""
    asyncio.run(SPEC.open(Where(tmp_path), FakeClock()).aclose())
    connection = connect(tmp_path / FILE, Options())
    connection.execute("INSERT INTO migrations VALUES (999, 'future', 0.0)")
    connection.close()

    with pytest.raises(StorageRefused, match="newer Trunkline"):
        SPEC.open(Where(tmp_path), FakeClock())
