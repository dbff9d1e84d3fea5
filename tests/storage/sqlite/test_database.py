"""What is SQLite's own under the portable stores (all else: tests/storage/sql/test_database.py)."""

import asyncio
import threading

from tests.storage.sqlite.making import with_storage
from trunkline.storage.sqlite.connection import Options, SqliteThread, connect
from trunkline.storage.sqlite.database import SqliteDatabase

GET = "SELECT value FROM settings WHERE name = 'a'"
PUT = "INSERT INTO settings (name, value) VALUES ('a', x'01')"


def test_readers_and_the_writer_do_not_wait_for_each_other(tmp_path):
    """While one adds up, another writes, and a third looks up what was written."""
    began, goes_on = threading.Event(), threading.Event()

    def adds_up(session):
        began.set()
        assert goes_on.wait(10)
        return session.one(GET)

    async def work(storage):
        database = storage.database
        adding = asyncio.gather(database.report(adds_up))
        await asyncio.to_thread(began.wait, 10)
        await database.write(lambda session: session.run(PUT))
        found = await database.read(lambda session: session.one(GET))
        goes_on.set()
        await adding
        return found

    assert (b"\x01",) == with_storage(tmp_path, work)


def test_two_may_be_one(tmp_path):
    """A connection that serves for two purposes is closed once."""
    path = tmp_path / "file.db"
    writer, reader = (SqliteThread(name, connect(path, Options())) for name in ("writer", "reader"))
    database = SqliteDatabase(writer, reader, reader)

    async def work():
        one = await database.report(lambda session: session.one("SELECT 1"))
        await database.aclose()
        return one

    assert (1,) == asyncio.run(work())
