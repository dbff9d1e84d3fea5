"""A PostgreSQL database as one: all of it read in a snapshot, or all of it written by COPY."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg import RawServerCursor

from trunkline.kernel.clock import Clock
from trunkline.storage.base import StorageRefused
from trunkline.storage.postgres.connection import Address, Connection
from trunkline.storage.postgres.database import (
    PostgresSession,
    lock_number,
    numbered,
    without_nul,
)
from trunkline.storage.postgres.migrations import migrate, schema_version
from trunkline.storage.postgres.storage import examined, settings_of
from trunkline.storage.sql.columns import quoted
from trunkline.storage.sql.database import Row, SqlValue
from trunkline.storage.sql.history import MIGRATIONS
from trunkline.storage.sql.migration import fit_for_copy
from trunkline.storage.sql.partitions import make, month
from trunkline.storage.sql.tables import (
    MIGRATIONS_TABLE,
    UNFINISHED,
    Table,
    as_tables,
    pieces,
    select,
)
from trunkline.storage.whole import About, Source, Target

# Our tables alone: a month's is a part of another.
_OURS: Final = """
pg_class AS t WHERE t.relnamespace = current_schema()::regnamespace
    AND t.relkind IN ('r', 'p') AND NOT t.relispartition
"""
_COLUMNS: Final = f"""
SELECT t.relname::text, a.attname::text, format_type(a.atttypid, NULL)
FROM pg_attribute AS a JOIN (SELECT * FROM {_OURS}) AS t ON t.oid = a.attrelid
WHERE a.attnum > 0 AND NOT a.attisdropped ORDER BY t.relname, a.attnum
"""  # noqa: S608 - our own SQL
_KEYS: Final = f"""
SELECT t.relname::text, a.attname::text
FROM pg_index AS i JOIN (SELECT * FROM {_OURS}) AS t ON t.oid = i.indrelid
CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (number, place)
JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.number
WHERE i.indisprimary ORDER BY t.relname, k.place
"""  # noqa: S608 - our own SQL
_SNAPSHOT: Final = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0;"
    " SET LOCAL idle_in_transaction_session_timeout = 0"
)
# `finish` makes all of it durable.
_PATIENT: Final = (
    "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '5s';"
    " SET LOCAL synchronous_commit = off"
)
_CONNECTED: Final = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
    AND application_name = 'trunkline' AND pid <> pg_backend_pid()
"""
_CHANGES: Final = """
SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables
"""
_FETCH, _FETCH_HEAVY = 2_000, 16
_LOOKS, _PAUSE = 20, "SELECT pg_sleep(0.05)"
_LOCK: Final = lock_number("copy")
_BINARY: Final = {"int": "int8", "real": "float8", "text": "text", "blob": "bytea"}


class _Whole:
    def __init__(self, address: Address, connection: Connection, version: str) -> None:
        self._address = address
        self._connection = connection
        with self._refusing():
            schema = 0
            if has_table(connection, MIGRATIONS_TABLE):
                schema = schema_version(connection)
            [[size]] = self.ask("", "SELECT pg_database_size(current_database())")
            self.about = About(address.place, "postgres", version, schema, int(size or 0))
            self.tables: Sequence[Table] = tables_of(connection)

    def ask(self, _table: str, sql: str, values: Sequence[SqlValue] = ()) -> Sequence[Row]:
        with self._refusing():
            return PostgresSession(self._connection).all(sql, values)

    def marked(self) -> bool:
        with self._refusing():
            return has_table(self._connection, UNFINISHED)

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        with refusing(self._address):
            yield


class PostgresSource(_Whole):
    def __init__(self, address: Address, connection: Connection, version: str) -> None:
        with refusing(address):
            self._changes = _count(connection, _CHANGES)
            connection.execute(_SNAPSHOT)
        super().__init__(address, connection, version)

    def rows(self, table: Table, after: Row | None) -> Iterator[Sequence[Row]]:
        sql, values = select(table, after)
        with self._refusing(), RawServerCursor(self._connection, "copied") as cursor:
            cursor.itersize = _FETCH_HEAVY if table.heavy else _FETCH
            cursor.execute(numbered(sql), values, binary=True)
            yield from pieces(cursor, table)

    def connected(self) -> int:
        with self._refusing():
            return _count(self._connection, _CONNECTED)

    def changed(self) -> bool:
        with self._refusing():
            self._connection.execute("ROLLBACK")
            return self._changes != _count(self._connection, _CHANGES)


class PostgresTarget(_Whole):
    def change(self, _table: str, sql: str, values: Sequence[SqlValue] = ()) -> None:
        with self._writing():
            PostgresSession(self._connection).run(sql, values)

    def put(self, table: Table, rows: Sequence[Row], *, first: str = "") -> None:
        try:
            self._put(table, rows, first, 0)
        except psycopg.DataError:
            # Found before it is sent; see PostgresSession.
            plain = [tuple(map(without_nul, row)) for row in rows]
            found = sum(
                value.count("\0") for row in rows for value in row if isinstance(value, str)
            )
            with self._refusing():
                self._put(table, plain, first, found)

    def _put(self, table: Table, rows: Sequence[Row], first: str, replaced: int) -> None:
        with refusing(self._address, but=psycopg.DataError), self._connection.transaction():
            self._connection.execute(_PATIENT)
            session = PostgresSession(self._connection)
            if first:
                session.run(first)
            if replaced:
                session.run(
                    f"UPDATE {UNFINISHED} SET replaced = replaced + ? WHERE name = ?",  # noqa: S608 - our own name
                    (replaced, table.name),
                )
            command = f'COPY "{table.name}" ({quoted(table.names)}) FROM STDIN (FORMAT BINARY)'
            with self._connection.cursor().copy(command.encode()) as copying:
                copying.set_types([_BINARY[column.kind] for column in table.columns])
                for row in rows:
                    copying.write_row(row)

    def clear(self, tables: Sequence[Table]) -> None:
        self.change("", f"TRUNCATE {quoted([table.name for table in tables])}")

    def make_months(self, moments: Sequence[int]) -> None:
        for moment in moments:
            with self._writing():
                make(PostgresSession(self._connection), month(moment))

    def finish(self) -> None:
        with self._refusing(), self._connection.transaction():
            # Whatever was committed before lies before this in the log, which is synced to its end.
            self._connection.execute(
                "SET LOCAL statement_timeout = 0; SET LOCAL synchronous_commit = on"
            )
            # Else the first reports would be planned for empty tables.
            self._connection.execute("ANALYZE")
            self._connection.execute(f"DROP TABLE IF EXISTS {UNFINISHED}".encode())

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._refusing(), self._connection.transaction():
            self._connection.execute(_PATIENT)
            yield


def open_source(url: str) -> PostgresSource:
    """Raises StorageRefused."""
    address = Address(url)
    with refusing(address), _closing(address.connect()) as connection:
        version = settings_of(connection)["server_version"]
        if not has_table(connection, MIGRATIONS_TABLE):
            raise StorageRefused(f"there is no database of Trunkline's in {address.place}")
        _wait_for_leavers(connection)
        return PostgresSource(address, connection, version)


def open_target(url: str, clock: Clock) -> PostgresTarget:
    """Brings it up to date; one at a time has it. Raises StorageRefused."""
    address = Address(url)
    with refusing(address), _closing(address.connect()) as connection:
        said = settings_of(connection)
        examined(said)
        if not _count(connection, f"SELECT pg_try_advisory_lock({_LOCK})::int"):
            raise StorageRefused(f"another copy into {address.place} is under way")
        if has_table(connection, MIGRATIONS_TABLE):
            fit_for_copy(schema_version(connection), MIGRATIONS[-1].version, address.place)
        migrate(connection, clock.unix())
        return PostgresTarget(address, connection, said["server_version"])


def tables_of(connection: Connection) -> Sequence[Table]:
    session = PostgresSession(connection)
    return as_tables(session.all(_COLUMNS), session.all(_KEYS))


def has_table(connection: Connection, name: str) -> bool:
    return bool(_count(connection, f"SELECT (to_regclass('{name}') IS NOT NULL)::int"))


@contextmanager
def refusing(address: Address, but: type[psycopg.Error] | tuple[()] = ()) -> Iterator[None]:
    """What PostgreSQL says becomes StorageRefused, without the password. `but`: not these."""
    try:
        yield
    except but:
        raise
    except psycopg.Error as error:
        raise StorageRefused(
            f"the database {address.place} cannot be used: {address.told(error)}"
        ) from None


def _wait_for_leavers(connection: Connection) -> None:
    """Who has just hung up is there for a moment yet, and counts what it changed only then."""
    for _ in range(_LOOKS):
        if not _count(connection, _CONNECTED):
            return
        connection.execute(_PAUSE)


@contextmanager
def _closing(connection: Connection) -> Iterator[Connection]:
    """Where what is to own it is not made."""
    try:
        yield connection
    except BaseException:
        connection.close()
        raise


def _count(connection: Connection, sql: str) -> int:
    row = connection.execute(sql.encode()).fetchone()
    return 0 if row is None else int(row[0])


def _guards(source: PostgresSource, target: PostgresTarget) -> tuple[Source, Target]:
    """Never called: a type error of either implementation shows here, in its own file."""
    return source, target
