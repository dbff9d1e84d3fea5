"""What PostgreSQL knows and SQLite does not arrives as what SQLite would have given."""

from decimal import Decimal

from tests.storage.postgres.making import connection_to


def test_a_sum_is_an_integer_where_it_is_whole(postgres):
    """PostgreSQL adds BIGINTs up in a type of its own, averages too."""
    with connection_to(postgres.fresh()) as connection:
        sql = b"SELECT sum(x), avg(x), sum(x)::text FROM (VALUES ($1), ($2)) AS n (x)"
        [row] = connection.cursor(binary=True).execute(sql, ((1 << 62), 1 - (1 << 62))).fetchall()
    total, average, _ = row

    assert (1, int, 0.5, float) == (total, type(total), average, type(average))
    assert not isinstance(total, Decimal)


def test_a_statement_is_prepared_once_for_all_numbers(postgres):
    """Small and large ones, and booleans, have one type: not a plan for each mix of them."""
    with connection_to(postgres.fresh()) as connection:
        cursor = connection.cursor(binary=True)
        for value in (1, 1 << 20, 1 << 40, True, 0, -1, 1 << 62):
            cursor.execute(b"SELECT $1 + 1", (value,))
        [(count,)] = cursor.execute(b"SELECT count(*) FROM pg_prepared_statements").fetchall()

    assert 1 == count
