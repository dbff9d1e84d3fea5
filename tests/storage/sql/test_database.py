"""What every database owes the stores that are written once for all of them."""

import asyncio
import threading

import pytest

from trunkline.canon.errors import LedgerUnavailable
from trunkline.storage.sql.database import as_int, as_text

PUT = "INSERT INTO settings (name, value) VALUES (?, ?)"
GET = "SELECT value FROM settings WHERE name = ?"


def written(*rows):
    def work(session):
        for row in rows:
            session.run(PUT, row)

    return work


def test_what_is_written_is_read(database):
    """Bytes as bytes, text as text with whatever is in it, numbers as they are, nothing as None."""

    async def work():
        await database.write(written(("a'?%s", b"\0\xff")))
        row = ("a'?%s",)
        read = await database.read(lambda session: session.one(GET, row))
        report = await database.report(lambda session: session.all(GET, row))
        missing = await database.read(lambda session: session.one(GET, ("b",)))
        return read, report, missing

    assert ((b"\0\xff",), [(b"\0\xff",)], None) == asyncio.run(work())


def test_numbers_keep_their_kind(database):
    """Sums of integers are integers, and a question mark in quotes is one."""
    sql = (
        "WITH n (x, y) AS (VALUES (CAST(? AS BIGINT), CAST(? AS REAL)), (2, 0.25))"
        " SELECT sum(x), sum(y), '?', count(*), NULL FROM n"
    )

    async def work():
        return await database.read(lambda session: session.one(sql, (1 << 53, 0.5)))

    assert ((1 << 53) + 2, 0.75, "?", 2, None) == asyncio.run(work())


def test_booleans_are_integers(database):
    """As they go in, and as they come out; and so do very small and very large numbers."""
    put = "INSERT INTO versions (name, value) VALUES (?, ?) RETURNING value"

    async def work():
        values = (True, -1, (1 << 63) - 1, -(1 << 63))
        return await database.write(
            lambda session: [session.one(put, (str(n), value)) for n, value in enumerate(values)]
        )

    assert [(1,), (-1,), ((1 << 63) - 1,), (-(1 << 63),)] == asyncio.run(work())


def test_text_is_ordered_by_its_bytes(database):
    """On every machine the same, whatever language it speaks."""

    async def work():
        await database.write(written(*((name, b"") for name in ("b", "a", "B", "_", "é", "A"))))
        return await database.read(
            lambda session: [
                name for (name,) in session.all("SELECT name FROM settings ORDER BY name")
            ]
        )

    names = asyncio.run(work())
    assert ["A", "B", "_", "a", "b", "é"] == [name for name in names if len(name) == 1]


def test_a_change_counts_its_rows(database):
    """Those it touched."""

    async def work():
        await database.write(written(("a", b""), ("b", b"")))
        return await database.write(
            lambda session: [
                session.run("DELETE FROM settings WHERE name IN ('a', 'b')"),
                session.run("DELETE FROM settings WHERE name = 'a'"),
            ]
        )

    assert [2, 0] == asyncio.run(work())


def test_work_is_done_whole_or_not_at_all(database):
    """And its exception goes on to who asked; the next work finds nothing of it."""

    def fails(session):
        session.run(PUT, ("a", b""))
        raise ValueError("changed my mind")

    async def work():
        with pytest.raises(ValueError):
            await database.write(fails)
        return await database.write(lambda session: session.one(GET, ("a",)))

    assert asyncio.run(work()) is None


def test_what_the_database_refuses_is_told_as_such(database):
    """Nothing of it is done, and the next work finds the database as it was."""

    async def work():
        with pytest.raises(LedgerUnavailable) as caught:
            await database.write(written(("a", b""), ("a", b"")))
        found = await database.write(lambda session: session.one(GET, ("a",)))
        return str(caught.value), found

    message = "The database cannot be used right now; try again in a moment."
    assert (message, None) == asyncio.run(work())


def test_a_reading_is_of_one_moment(database):
    """What is written meanwhile is for the next one."""
    began, goes_on = threading.Event(), threading.Event()

    def reads(session):
        first = session.one(GET, ("a",))
        began.set()
        goes_on.wait(10)
        return first, session.one(GET, ("a",))

    async def work():
        reading = asyncio.gather(database.report(reads))
        await asyncio.to_thread(began.wait, 10)
        await database.write(written(("a", b"1")))
        goes_on.set()
        [both] = await reading
        return both, await database.report(lambda session: session.one(GET, ("a",)))

    assert ((None, None), (b"1",)) == asyncio.run(work())


def test_a_reading_changes_nothing(database):
    """Refused, or forgotten."""

    async def work():
        try:
            await database.read(written(("a", b"")))
        except LedgerUnavailable:
            pass
        return await database.read(lambda session: session.one(GET, ("a",)))

    assert asyncio.run(work()) is None


def test_the_schema_is_read_by_its_types():
    """A value of another type is a bug that shows at once."""
    assert (1, "a") == (as_int(1), as_text("a"))
    with pytest.raises(TypeError):
        as_int("1")
    with pytest.raises(TypeError):
        as_text(b"a")
