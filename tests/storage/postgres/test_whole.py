"""Tests of storage/postgres/whole.py: all of a database read, or written."""

import asyncio

import pytest

from tests.ledger.making import FakeClock
from tests.storage.postgres.making import connection_to, database_at, empty_database
from tests.storage.postgres_server import PASSWORD
from trunkline.storage.base import StorageRefused
from trunkline.storage.postgres.storage import open_postgres
from trunkline.storage.postgres.whole import open_source, open_target
from trunkline.storage.spec import Where
from trunkline.storage.sql.history import MIGRATIONS

USER = ("acme", "ann", "", "{}", 1, None)


def table_of(whole, name):
    [found] = [table for table in whole.tables if table.name == name]
    return found


def test_it_says_what_it_is(postgres):
    """Where, without the password; how large, and which schema."""
    source = open_source(postgres.fresh())
    about = source.about
    source.close()

    assert about.place.startswith(f"postgresql://gateway@127.0.0.1:{postgres.port}/test")
    assert ("postgres", MIGRATIONS[-1].version, True) == (
        about.backend,
        about.schema,
        about.size > 1 << 20,
    )


def test_what_is_not_there_is_told_without_the_password(postgres):
    """A database of others, one that does not exist, a server that does not answer."""
    nothing = empty_database(postgres, "of_others")
    with pytest.raises(StorageRefused, match="no database of Trunkline's in postgresql://gateway@"):
        open_source(nothing)
    for opening in (open_source, lambda url: open_target(url, FakeClock())):
        for url in (postgres.url("nowhere"), "postgresql://u:s3cret@127.0.0.1:1/x"):
            with pytest.raises(StorageRefused, match="cannot be used") as caught:
                opening(url)
            assert PASSWORD not in str(caught.value)
            assert "s3cret" not in str(caught.value)


def test_all_of_it_is_of_one_moment(postgres):
    """Whatever is written meanwhile is not seen, and told of; so is who is connected."""
    url = postgres.fresh()
    source = open_source(url)
    with database_at(url) as database:
        asyncio.run(
            database.write(lambda session: session.run("INSERT INTO settings VALUES ('a', '')"))
        )
        connected = source.connected()
    seen = source.ask("settings", "SELECT count(*) FROM settings")
    changed = source.changed()
    source.close()
    careless = open_source(url)
    with pytest.raises(StorageRefused, match="read-only"):
        careless.ask("settings", "DELETE FROM settings RETURNING 1")
    careless.close()
    untouched = open_source(url)

    assert (1, [(0,)], True) == (connected, seen, changed)
    assert (0, False) == (untouched.connected(), untouched.changed())
    untouched.close()


def test_a_target_is_brought_up_to_date_and_nobody_elses(postgres):
    """Another copy is told; a gateway, too, until it is finished."""
    url = empty_database(postgres, "to_copy_into")
    target = open_target(url, FakeClock())
    with pytest.raises(StorageRefused, match="another copy into postgresql://gateway@"):
        open_target(url, FakeClock())
    target.change("", "CREATE TABLE unfinished_copy (name TEXT, replaced BIGINT)")
    with pytest.raises(StorageRefused, match="begun and not finished"):
        open_postgres(Where(postgres.folder, url), FakeClock())
    was_marked = target.marked()
    target.finish()
    asyncio.run(open_postgres(Where(postgres.folder, url), FakeClock()).aclose())

    assert (MIGRATIONS[-1].version, True, False) == (
        target.about.schema,
        was_marked,
        target.marked(),
    )
    target.close()


def test_a_piece_is_added_as_a_whole(postgres):
    """With what is to be done before it, or not at all."""
    target = open_target(postgres.fresh(), FakeClock())
    users = table_of(target, "users")
    target.put(users, [USER])
    with pytest.raises(StorageRefused, match="duplicate key"):
        target.put(users, [("acme", "bob", "", "{}", 1, None)] * 2, first="DELETE FROM users")
    rows = target.ask("users", "SELECT name FROM users")
    target.put(users, [("acme", "bob", "", "{}", 1, None)], first="DELETE FROM users")
    replaced = target.ask("users", "SELECT name FROM users")
    target.clear([users, table_of(target, "requests")])

    assert ([("ann",)], [("bob",)], []) == (
        rows,
        replaced,
        target.ask("users", "SELECT name FROM users"),
    )
    target.close()


def test_statistics_are_there_when_it_is_finished(postgres):
    """Else the first reports would be planned for tables without rows."""
    url = postgres.fresh()
    target = open_target(url, FakeClock())
    users = table_of(target, "users")
    target.put(users, [("acme", f"{number}", "", "{}", 1, None) for number in range(500)])
    target.finish()
    target.close()
    with connection_to(url) as connection:
        sql = "SELECT reltuples::int FROM pg_class WHERE relname = 'users'"
        assert (500,) == connection.execute(sql).fetchone()
