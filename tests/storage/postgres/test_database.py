"""What is PostgreSQL's own under the portable stores."""

import asyncio
import threading

import pytest

from tests.storage.postgres.making import database_at
from trunkline.canon.errors import LedgerUnavailable
from trunkline.storage.postgres.database import lock_number, numbered

PUT = "INSERT INTO settings (name, value) VALUES (?, ?)"


def test_placeholders_are_numbered():
    """Not those in quotes; and what other drivers would take for theirs is left alone."""
    assert b"SELECT '?', $1, 'it''s ?' || $2, '%s' % 2" == numbered(
        "SELECT '?', ?, 'it''s ?' || ?, '%s' % 2"
    )


def test_sums_that_shall_be_integers_stay_so():
    """The database's own aggregate, which makes no NUMERIC on the way; not in quotes, and no others."""
    assert b"SELECT bigint_sum(a), sum(b), 'CAST(sum(a) AS BIGINT)', $1" == numbered(
        "SELECT CAST(sum(a) AS BIGINT), sum(b), 'CAST(sum(a) AS BIGINT)', ?"
    )


def test_a_sum_is_exact_or_an_error(postgres):
    """Of none it is nothing; of what does not fit, nobody gets a wrong one."""
    asked = "SELECT CAST(sum(x) AS BIGINT) FROM (VALUES (CAST(NULL AS BIGINT)), (?), (?)) AS t (x)"

    async def work(database, *values):
        return await database.read(lambda session: session.one(asked, values))

    with database_at(postgres.fresh()) as database:
        assert (None,) == asyncio.run(work(database, None, None))
        assert ((1 << 63) - 1,) == asyncio.run(work(database, (1 << 63) - 2, 1))
        with pytest.raises(LedgerUnavailable, match="cannot be used") as caught:
            asyncio.run(work(database, (1 << 63) - 1, 1))
    assert "out of range" in caught.value.detail


def test_a_name_has_the_same_lock_everywhere():
    """Whatever the process and its version of Python."""
    assert 7942945369308278006 == lock_number("migrations")
    assert lock_number("a") != lock_number("b")


def test_of_one_name_one_works_at_a_time(postgres):
    """Over two gateways that read before they write, no change is lost."""
    url, rounds = postgres.fresh(), 50

    def one_more(session):
        [value] = session.one("SELECT value FROM versions WHERE name = 'n'") or (None,)
        if value is None:
            session.run("INSERT INTO versions VALUES ('n', 1)")
        else:
            session.run("UPDATE versions SET value = ? WHERE name = 'n'", (value + 1,))

    async def work(databases):
        for _ in range(rounds):
            await asyncio.gather(*(one.write(one_more, alone="n") for one in databases))
        return await databases[0].read(
            lambda session: session.one("SELECT value FROM versions WHERE name = 'n'")
        )

    with database_at(url) as one, database_at(url) as other:
        assert (2 * rounds,) == asyncio.run(work((one, other)))


def test_without_a_name_changes_are_lost(postgres):
    """So the test above can fail: two that read before either has written."""
    url, meeting = postgres.fresh(), threading.Barrier(2, timeout=10)

    def one_more(session):
        [value] = session.one("SELECT value FROM versions WHERE name = 'keys'")
        meeting.wait()
        session.run("UPDATE versions SET value = ? WHERE name = 'keys'", (value + 1,))

    async def work(databases):
        before = await databases[0].read(value)
        await asyncio.gather(*(one.write(one_more) for one in databases))
        return before, await databases[0].read(value)

    def value(session):
        return session.one("SELECT value FROM versions WHERE name = 'keys'")[0]

    with database_at(url) as one, database_at(url) as other:
        before, after = asyncio.run(work((one, other)))
    assert before + 1 == after


def test_what_is_written_is_durable_whatever_the_server_says(postgres):
    """Each transaction asks for it: the server's own word may be `off`."""
    url = postgres.fresh()
    with postgres.connect() as connection:
        name = url.rpartition("/")[2]
        connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off".encode())

    async def work(database):
        return await database.write(lambda session: session.one("SHOW synchronous_commit"))

    with database_at(url) as database:
        assert ("on",) == asyncio.run(work(database))


def test_a_character_that_postgresql_has_no_room_for(postgres):
    """NUL in a name that a client made up must not keep a whole batch from the books."""

    async def work(database):
        await database.write(lambda session: session.run(PUT, ("a\0b", b"\0")))
        return await database.read(
            lambda session: session.one(
                "SELECT name, value FROM settings WHERE name = ?", ("a\0b",)
            )
        )

    with database_at(postgres.fresh()) as database:
        assert ("a\ufffdb", b"\0") == asyncio.run(work(database))


def test_who_waits_for_a_lock_too_long_is_told(postgres):
    """As with SQLite's busy file; the database is there for the next."""
    url = postgres.fresh()

    async def work(database):
        with pytest.raises(LedgerUnavailable) as caught:
            await database.write(
                lambda session: (
                    session.run("SET LOCAL lock_timeout = '50ms'"),
                    session.run(PUT, ("a", b"")),
                )
            )
        return caught.value.detail

    with postgres.connect(url.rpartition("/")[2]) as other, database_at(url) as database:
        other.execute("BEGIN")
        other.execute("LOCK TABLE settings")
        assert "LockNotAvailable" in asyncio.run(work(database))
        other.execute("ROLLBACK")
        asyncio.run(database.write(lambda session: session.run(PUT, ("a", b""))))
