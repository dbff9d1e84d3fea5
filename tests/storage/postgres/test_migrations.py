"""The schema comes up to date once, however many gateways start at the same moment."""

import threading

import pytest

from tests.storage.postgres.making import connection_to, empty_database
from trunkline.storage.base import StorageRefused
from trunkline.storage.postgres.migrations import migrate, schema_version
from trunkline.storage.sql.history import MIGRATIONS

LATEST = MIGRATIONS[-1].version


def test_each_step_is_taken_once(postgres):
    """From nothing, from the middle, and from the end."""
    with connection_to(empty_database(postgres, "steps")) as connection:
        reached = [migrate(connection, 1000.5, upto) for upto in (2, None, None)]
        rows = connection.execute("SELECT version, name, applied_at FROM migrations ORDER BY 1")

        assert [MIGRATIONS[1].version, LATEST, LATEST] == reached
        assert [(m.version, m.name, 1000.5) for m in MIGRATIONS] == rows.fetchall()


def test_many_may_start_at_once(postgres):
    """As the workers of several machines do."""
    url = empty_database(postgres, "many")
    reached, together = [], threading.Barrier(4)

    def start():
        with connection_to(url) as connection:
            together.wait()
            reached.append(migrate(connection, 1000.5))

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [LATEST] * 4 == reached


def test_a_newer_schema_is_refused(postgres):
    """An older program must not write what it does not understand."""
    with connection_to(postgres.fresh()) as connection:
        connection.execute("INSERT INTO migrations VALUES (1000, 'from the future', 0)")
        with pytest.raises(StorageRefused, match="newer Trunkline") as caught:
            migrate(connection, 0.0)

        assert 1000 == schema_version(connection)
    assert "schema 1000" in str(caught.value)


def test_text_is_ordered_by_its_bytes(postgres):
    """Every column of it, whatever order the database has of its own."""
    with connection_to(postgres.fresh()) as connection:
        rows = connection.execute(
            "SELECT DISTINCT collation_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type = 'text' AND table_name <> 'migrations'"
        )

        assert [("C",)] == rows.fetchall()
