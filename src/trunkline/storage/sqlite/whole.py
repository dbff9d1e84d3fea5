"""A data folder's SQLite files as one database: all of it read, or all of it written."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import apsw

from trunkline.storage.base import StorageRefused
from trunkline.storage.sql.database import Row, SqlValue
from trunkline.storage.sql.history import MIGRATIONS
from trunkline.storage.sql.migration import fit_for_copy
from trunkline.storage.sql.tables import (
    MIGRATIONS_TABLE,
    UNFINISHED,
    Table,
    as_tables,
    insert,
    pieces,
    select,
)
from trunkline.storage.sqlite import bodies, idempotency, responses
from trunkline.storage.sqlite.connection import Options, check_version, connect, transaction
from trunkline.storage.sqlite.migrations import schema_version
from trunkline.storage.whole import About, Source, Target

FILE: Final = "trunkline.db"
FILES: Final = (FILE, responses.FILE, idempotency.FILE, bodies.FILE)
"""The first has the tables that no other has; a table that two have is the later's."""
_TABLES: Final = """
SELECT m.name FROM sqlite_schema AS m WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
"""
_COLUMNS: Final = f"""
SELECT m.name, c.name, c.type FROM ({_TABLES}) AS m, pragma_table_info(m.name) AS c
ORDER BY m.name, c.cid
"""  # noqa: S608 - our own SQL
_KEYS: Final = f"""
SELECT m.name, c.name FROM ({_TABLES}) AS m, pragma_table_info(m.name) AS c
WHERE c.pk > 0 ORDER BY m.name, c.pk
"""  # noqa: S608 - our own SQL
# Of a table that is told apart by its rowid: what else no two rows share.
_OTHER_KEYS: Final = f"""
SELECT m.name, c.name FROM ({_TABLES}) AS m, pragma_index_list(m.name) AS i,
    pragma_index_info(i.name) AS c
WHERE i.origin = 'u' AND NOT EXISTS (SELECT 1 FROM pragma_table_info(m.name) WHERE pk > 0)
ORDER BY m.name, c.seqno
"""  # noqa: S608 - our own SQL
# Rows come in the order of their keys; other indexes take them anywhere, and want pages at hand.
_CACHE_KIB: Final = 128 * 1024
_CHECKPOINT_PAGES: Final = 16_384
# A kill loses nothing, a power cut the last moments; `finish` makes all of it durable.
_BUSY_TIMEOUT_MS: Final = 5000
_BULK: Final = Options(synchronous="NORMAL")


class _Files:
    """Open connections by file, and which table is in which."""

    def __init__(self, folder: Path, connections: Mapping[str, apsw.Connection]) -> None:
        self._folder = folder
        self._connections = connections
        self._of: dict[str, apsw.Connection] = {}
        tables: dict[str, Table] = {}
        for connection in connections.values():
            for table in tables_of(connection):
                tables[table.name] = table
                self._of[table.name] = connection
        self.tables: Sequence[Table] = tuple(tables.values())
        self.about = About(
            str(folder), "sqlite", apsw.sqlite_lib_version(), _schema(self.main), size(folder)
        )

    @property
    def main(self) -> apsw.Connection:
        return self._connections[FILE]

    def of(self, table: str) -> apsw.Connection:
        return self._of.get(table, self.main)

    def ask(self, table: str, sql: str, values: Sequence[SqlValue] = ()) -> Sequence[Row]:
        with refusing(self._folder):
            return self.of(table).execute(sql, values).fetchall()

    def marked(self) -> bool:
        return has_table(self.main, UNFINISHED)

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()


class SqliteSource(_Files):
    def __init__(self, folder: Path, connections: Mapping[str, apsw.Connection]) -> None:
        self._versions = [_version(connection) for connection in connections.values()]
        for connection in connections.values():
            connection.execute("BEGIN; SELECT 1 FROM sqlite_schema")
        super().__init__(folder, connections)

    def rows(self, table: Table, after: Row | None) -> Iterator[Sequence[Row]]:
        with refusing(self._folder):
            yield from pieces(self.of(table.name).execute(*select(table, after)), table)

    def connected(self) -> int:
        """SQLite does not know; the locks of journals tell."""
        return 0

    def changed(self) -> bool:
        with refusing(self._folder):
            for connection in self._connections.values():
                connection.execute("ROLLBACK")
            return self._versions != [_version(each) for each in self._connections.values()]


class SqliteTarget(_Files):
    def __init__(self, folder: Path, connections: Mapping[str, apsw.Connection]) -> None:
        super().__init__(folder, connections)
        for connection in connections.values():
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
            with transaction(connection):
                pass  # the lock is taken, and kept

    def change(self, table: str, sql: str, values: Sequence[SqlValue] = ()) -> None:
        with refusing(self._folder), transaction(self.of(table)):
            self.of(table).execute(sql, values)

    def put(self, table: Table, rows: Sequence[Row], *, first: str = "") -> None:
        connection = self.of(table.name)
        with refusing(self._folder), transaction(connection):
            if first:
                connection.execute(first)
            connection.executemany(insert(table), rows)

    def clear(self, tables: Sequence[Table]) -> None:
        for table in tables:
            self.change(table.name, f'DELETE FROM "{table.name}"')  # noqa: S608 - our own names

    def make_months(self, moments: Sequence[int]) -> None:
        """One table has them all."""

    def finish(self) -> None:
        with refusing(self._folder):
            self._sync()
            self.main.execute(f"DROP TABLE IF EXISTS {UNFINISHED}")
            self._sync()

    def _sync(self) -> None:
        for connection in self._connections.values():
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def open_source(folder: Path) -> SqliteSource:
    """Raises StorageRefused."""
    check_version(apsw.sqlite_lib_version())
    if not (folder / FILE).is_file():
        raise StorageRefused(f"there is no database in {folder} (`trunkline serve` makes one)")
    with refusing(folder), _opened() as connections:
        for name in FILES:
            if (folder / name).is_file():
                connections[name] = looking(folder / name)
        if not has_table(connections[FILE], MIGRATIONS_TABLE):
            raise StorageRefused(f"{folder / FILE} is no database of Trunkline's")
        return SqliteSource(folder, connections)


def open_target(folder: Path) -> SqliteTarget:
    """Of files that are there, and up to date. Raises StorageRefused."""
    with refusing(folder), _opened() as connections:
        for name in FILES:
            connections[name] = connect(folder / name, _BULK)
        return SqliteTarget(folder, connections)


@contextmanager
def _opened() -> Iterator[dict[str, apsw.Connection]]:
    """To be filled; closed where what is to own them is not made."""
    connections: dict[str, apsw.Connection] = {}
    try:
        yield connections
    except BaseException:
        for connection in connections.values():
            connection.close()
        raise


def tables_of(connection: apsw.Connection) -> Sequence[Table]:
    keys = [*connection.execute(_KEYS), *connection.execute(_OTHER_KEYS)]
    return as_tables(connection.execute(_COLUMNS), keys)


def has_table(connection: apsw.Connection, name: str) -> bool:
    found = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (name,))
    return found.fetchone() is not None


def begun(folder: Path) -> bool:
    """
    A copy into it was begun, and not finished.

    Raises StorageRefused where there is a database that a copy must not touch.
    """
    if not (folder / FILE).exists():
        return False
    with refusing(folder):
        connection = looking(folder / FILE)
        try:
            fit_for_copy(_schema(connection), MIGRATIONS[-1].version, str(folder))
            return has_table(connection, UNFINISHED)
        finally:
            connection.close()


def size(folder: Path) -> int:
    """Bytes of the files, and of what is not in them yet."""
    paths = (folder / f"{name}{more}" for name in FILES for more in ("", "-wal"))
    return sum(path.stat().st_size for path in paths if path.exists())


@contextmanager
def refusing(folder: Path) -> Iterator[None]:
    """What SQLite or the file system says becomes StorageRefused."""
    try:
        yield
    except (apsw.Error, OSError) as error:
        raise StorageRefused(f"the database in {folder} cannot be used: {error}") from error


def looking(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    connection.set_busy_timeout(_BUSY_TIMEOUT_MS)
    connection.execute("PRAGMA query_only = 1")
    return connection


def _schema(connection: apsw.Connection) -> int:
    return schema_version(connection) if has_table(connection, MIGRATIONS_TABLE) else 0


def _version(connection: apsw.Connection) -> int:
    """Another one whenever another connection has changed the file."""
    return int(connection.execute("PRAGMA data_version").get)


def _guards(source: SqliteSource, target: SqliteTarget) -> tuple[Source, Target]:
    """Never called: a type error of either implementation shows here, in its own file."""
    return source, target
