"""Tests of storage/sql/tables.py: what a database is made of, and sums that copies share."""

import apsw
import pytest

from tests.storage.filled import made
from tests.storage.postgres.making import connection_to
from trunkline.storage.base import StorageRefused
from trunkline.storage.postgres.whole import tables_of as tables_of_postgres
from trunkline.storage.sql import tables
from trunkline.storage.sql.tables import Column, Sums, Table, in_order, moments, pieces, sums
from trunkline.storage.sqlite.whole import open_source

LIGHT = Table("t", (Column("a", "int"), Column("b", "text")), ("a",))
HEAVY = Table("t", (Column("a", "int"), Column("b", "blob"), Column("c", "blob")), ("a",))


@pytest.fixture
def memory():
    connection = apsw.Connection(":memory:")
    connection.execute("CREATE TABLE t (a INTEGER NOT NULL PRIMARY KEY, b TEXT) STRICT")
    connection.execute("CREATE TABLE requests (received_at INTEGER) STRICT")
    yield lambda sql, values: connection.execute(sql, values).fetchall()
    connection.close()


def test_both_databases_have_the_same_tables(tmp_path, postgres):
    """With the same columns, types and keys; so rows of the one are rows of the other."""
    source = open_source(made(tmp_path))
    with connection_to(postgres.fresh()) as connection:
        theirs = {table.name: table for table in tables_of_postgres(connection)}
    ours = {table.name: table for table in source.tables}
    source.close()

    assert {"keys", "requests", "responses", "items", "request_bodies"} <= ours.keys()
    assert ours.keys() == theirs.keys()
    for name, table in ours.items():
        assert table.key
        assert (set(table.columns), table.key) == (set(theirs[name].columns), theirs[name].key)


def test_no_table_draws_numbers_by_itself(postgres):
    """A copy would have to set where such a sequence goes on: see storage/copying.py."""
    with connection_to(postgres.fresh()) as connection:
        found = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'S' UNION ALL"
            " SELECT attname FROM pg_attribute WHERE attidentity <> ''"
        ).fetchall()

    assert [] == found


def test_sums_of_more_than_64_bits(memory):
    """Exact, whatever their signs; of an empty table they are 0."""
    values = [2**63 - 1, 2**63 - 2, -(2**63), -7, 1_795_000_000_000_000]
    assert Sums(0, 0, {"a": 0}) == sums(LIGHT, memory)
    for value in values:
        memory("INSERT INTO t VALUES (?, 'ü')", (value,))

    assert Sums(5, 10, {"a": sum(values)}) == sums(LIGHT, memory)


def test_pieces_fit_into_memory():
    """So many rows; of heavy ones fewer, and not more bytes than that."""
    light = [(number, "x") for number in range(2 * tables._ROWS + 1)]
    heavy = [(number, b"x" * tables._SIZE, b"") for number in range(3)]

    assert [tables._ROWS, tables._ROWS, 1] == [len(piece) for piece in pieces(light, LIGHT)]
    assert [1, 1, 1] == [len(piece) for piece in pieces(heavy, HEAVY)]
    assert [tables._HEAVY_ROWS, 1] == [
        len(piece) for piece in pieces([(1, b"", None)] * (tables._HEAVY_ROWS + 1), HEAVY)
    ]
    assert [] == list(pieces([], LIGHT))


def test_each_month_is_found_once(memory):
    """However many requests it has, and months without any are none."""
    for at in (5, 7, 12, 38, 39):
        memory("INSERT INTO requests VALUES (?)", (at,))

    assert [5, 12, 38] == moments(memory, lambda at: at - at % 10 + 10)


def test_whoever_names_others_comes_later():
    """Rows of items name responses, which PostgreSQL wants to be there."""
    some = [Table(name, (), ()) for name in ("items", "responses", "attempts")]

    assert ["attempts", "responses", "items"] == [table.name for table in in_order(some)]


def test_a_type_without_a_word_is_refused():
    """Rather than guessed."""
    with pytest.raises(StorageRefused, match=r"t\.x is NUMERIC"):
        tables.known_kind("t", "x", "NUMERIC")
