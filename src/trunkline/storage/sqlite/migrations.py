"""Brings a SQLite file up to date: each step of the history once, in a transaction of its own."""

import apsw
from msgspec import structs

from trunkline.storage.sql.history import MIGRATIONS
from trunkline.storage.sql.migration import Words, not_newer
from trunkline.storage.sqlite.connection import transaction

WORDS = structs.asdict(
    Words(int="INTEGER", real="REAL", blob="BLOB", table="STRICT, WITHOUT ROWID")
)


def migrate(connection: apsw.Connection, now: float, upto: int | None = None) -> int:
    """
    Apply what is missing, each step in a transaction; returns the schema's version.

    Several processes may do this at once. Raises StorageRefused for a schema from the future.
    """
    with transaction(connection):
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations"
            " (version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at REAL NOT NULL)"
            " STRICT"
        )
    for migration in MIGRATIONS[:upto]:
        with transaction(connection):
            if migration.version not in _applied(connection):
                connection.execute(migration.sql.format(**WORDS))
                connection.execute(
                    "INSERT INTO migrations VALUES (?, ?, ?)",
                    (migration.version, migration.name, now),
                )
    reached = schema_version(connection)
    return not_newer(reached, MIGRATIONS[-1].version, "point `data` to another folder")


def _applied(connection: apsw.Connection) -> set[int]:
    return {int(row[0]) for row in connection.execute("SELECT version FROM migrations")}


def schema_version(connection: apsw.Connection) -> int:
    return int(connection.execute("SELECT coalesce(max(version), 0) FROM migrations").get)
