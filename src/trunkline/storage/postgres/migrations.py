"""Brings a PostgreSQL database up to date: each step of the history once, in a transaction of its own."""

import re
from typing import Final

from msgspec import structs

from trunkline.storage.postgres.connection import Connection
from trunkline.storage.postgres.database import lock_number
from trunkline.storage.sql.history import MIGRATIONS
from trunkline.storage.sql.migration import Migration, Words, not_newer

_WORDS: Final = structs.asdict(Words(int="BIGINT", real="DOUBLE PRECISION", blob="BYTEA", table=""))
# Text is compared by its bytes, as in SQLite: an order that does not hang on the language of the
# machine that made the database, and the fastest there is.
_TEXT: Final = re.compile(r"\bTEXT\b(?! COLLATE)")
_LOCK: Final = lock_number("migrations")


def migrate(connection: Connection, now: float, upto: int | None = None) -> int:
    """
    Apply what is missing, each step in a transaction; returns the schema's version.

    Several processes may do this at once. Raises StorageRefused for a schema from the future.
    """
    with connection.transaction():
        _alone(connection)
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations (version BIGINT NOT NULL PRIMARY KEY,"
            " name TEXT NOT NULL, applied_at DOUBLE PRECISION NOT NULL)"
        )
    for migration in MIGRATIONS[:upto]:
        with connection.transaction():
            _alone(connection)
            if migration.version not in _applied(connection):
                connection.execute(_statements(migration).encode())
                connection.execute(
                    "INSERT INTO migrations VALUES ($1, $2, $3)",
                    (migration.version, migration.name, now),
                )
    reached = schema_version(connection)
    return not_newer(reached, MIGRATIONS[-1].version, "name another `database`")


def _alone(connection: Connection) -> None:
    """However long others take; and their work and ours may be long."""
    connection.execute("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0")
    connection.execute("SELECT pg_advisory_xact_lock($1)", (_LOCK,))


def _statements(migration: Migration) -> str:
    sql = migration.sql if migration.postgres is None else migration.postgres
    return _TEXT.sub('TEXT COLLATE "C"', sql.format(**_WORDS))


def _applied(connection: Connection) -> set[int]:
    return {int(row[0]) for row in connection.execute("SELECT version FROM migrations")}


def schema_version(connection: Connection) -> int:
    row = connection.execute("SELECT coalesce(max(version), 0) FROM migrations").fetchone()
    return 0 if row is None else int(row[0])
