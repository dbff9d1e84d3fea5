"""A connection that comes back: as soon as the server does, and without telling its password."""

import asyncio
import threading

import psycopg
import pytest

from tests.ledger.making import FakeClock
from tests.storage.postgres.making import connection_to, database_at
from tests.storage.postgres_server import PASSWORD, running
from trunkline.canon.errors import LedgerUnavailable
from trunkline.storage.base import StorageRefused
from trunkline.storage.postgres.connection import Address, PostgresThread

PUT = "INSERT INTO settings (name, value) VALUES (?, ?)"
GET_A = "SELECT value FROM settings WHERE name = 'a'"
COUNT = "SELECT count(*) FROM settings"


def put(database, name):
    return database.write(lambda session: session.run(PUT, (name, b"")))


def count(database):
    return database.read(lambda session: session.one(COUNT))


def test_a_connection_lost_while_idle_is_nobodys_business(postgres):
    """An administrator's kill, a proxy that tidies up: the next one to come gets a new connection."""
    url = postgres.fresh()

    async def work(database):
        await put(database, "a")
        await count(database)
        with postgres.connect() as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                (url.rpartition("/")[2],),
            )
        await put(database, "b")
        return await count(database)

    with database_at(url) as database:
        before = asyncio.run(count(database))[0]
        assert (before + 2,) == asyncio.run(work(database))


def test_what_was_begun_on_a_lost_connection_is_not_begun_again(postgres):
    """Who knows whether it was done: its caller is told, and decides."""
    url, runs = postgres.fresh(), []

    def work(session):
        runs.append(session.run(PUT, ("a", b"")))
        with postgres.connect() as admin:
            [pid] = session.one("SELECT pg_backend_pid()")
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        session.run(PUT, ("b", b""))

    async def main(database):
        with pytest.raises(LedgerUnavailable):
            await database.write(work)
        return await database.write(lambda session: session.one(GET_A))

    with database_at(url) as database:
        assert asyncio.run(main(database)) is None
    assert [1] == runs


@pytest.mark.slow
def test_a_server_that_is_away_is_told_of_at_once_and_found_when_it_is_back():
    """It is asked again after a pause, and not by everybody who comes meanwhile."""
    clock = FakeClock()

    async def work(server, database):
        await put(database, "a")
        server.stop()
        with pytest.raises(LedgerUnavailable) as caught:
            await put(database, "b")
        server.start()
        with pytest.raises(LedgerUnavailable):  # no time has passed: not asked again
            await put(database, "b")
        clock.now += 1.0
        await put(database, "b")
        return caught.value

    with running() as server, database_at(server.fresh(), clock) as database:
        before = asyncio.run(count(database))[0]
        told = asyncio.run(work(server, database))
        assert (before + 2,) == asyncio.run(count(database))
    assert "The database cannot be used right now; try again in a moment." == str(told)
    assert told.detail.startswith("writer: ")
    assert PASSWORD not in told.detail


@pytest.mark.slow
def test_a_server_that_hangs_is_hung_up_on():
    """Its machine answers, it does not: no caller waits for ever, nor does a shutdown."""

    async def work(server, thread):
        begin = "BEGIN"
        await thread.run(begin, lambda connection: connection.execute("SELECT 1"))
        server.freeze(frozen=True)
        try:
            with pytest.raises(LedgerUnavailable) as caught:
                await thread.run(begin, lambda connection: connection.execute("SELECT 1"))
        finally:
            server.freeze(frozen=False)
        await thread.aclose()
        return caught.value.detail

    class Hurried:
        """Each look at it is ten seconds later."""

        now = 1000.0

        def monotonic(self):
            self.now += 10.0
            return self.now

        def unix(self):
            return self.now

    with running() as server:
        thread = PostgresThread("writer", Address(server.fresh()), Hurried(), 1.0)
        assert asyncio.run(work(server, thread)).startswith("writer: ConnectionTimeout")


def test_an_address_keeps_its_password_to_itself(postgres):
    """Whatever the server or its client says of it, and however it is shown."""
    address = Address(postgres.url("nowhere"))
    with pytest.raises(psycopg.OperationalError) as caught:
        address.connect()

    assert "<PostgreSQL nowhere at 127.0.0.1>" == repr(address)
    assert 'database "nowhere" does not exist' in address.told(caught.value)
    assert "password *** is wrong" == address.told(
        psycopg.OperationalError(f"password {PASSWORD}\n is wrong")
    )


def test_what_was_written_is_in_no_error(postgres):
    """PostgreSQL's details tell whole rows."""

    async def work(database):
        await put(database, "canary")
        with pytest.raises(LedgerUnavailable) as caught:
            await put(database, "canary")
        return caught.value

    with database_at(postgres.fresh()) as database:
        told = asyncio.run(work(database))
    assert told.detail.startswith("writer: UniqueViolation: duplicate key")
    assert "canary" not in told.detail + str(told)


@pytest.mark.parametrize(
    "url", ("postgresql://u:s3cret@h:5432/x?nothing=1", "s3cret", "postgresql://u:s3cret@[::/x")
)
def test_what_is_no_address_is_refused_without_repeating_it(url):
    """It has a password in it, most likely."""
    with pytest.raises(StorageRefused) as caught:
        Address(url)

    assert "s3cret" not in str(caught.value)
    assert "server.database" in str(caught.value)


def test_one_thing_at_a_time(postgres):
    """In a thread that is not the event loop's."""
    seen = []

    def work(connection):
        seen.append(threading.current_thread().name)

    async def main():
        thread = PostgresThread("writer", Address(postgres.fresh()), FakeClock(), 1.0)
        await asyncio.gather(*(thread.run("BEGIN", work) for _ in range(3)))
        await thread.aclose()
        return repr(thread)

    assert "<PostgresThread writer>" == asyncio.run(main())
    assert ["postgres-writer_0"] * 3 == seen


def test_statements_are_their_own_transactions_until_one_is_begun(postgres):
    """So that one round trip begins a transaction with all its settings."""
    with connection_to(postgres.fresh()) as connection:
        assert connection.autocommit
