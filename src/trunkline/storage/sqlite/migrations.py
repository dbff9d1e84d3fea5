"""The schema's history: numbered steps, each applied once and never changed afterwards."""

import apsw
from msgspec import Struct

from trunkline.storage.base import StorageRefused
from trunkline.storage.sqlite.connection import transaction


class Migration(Struct, frozen=True):
    version: int
    name: str
    sql: str


_KEYS = """
CREATE TABLE keys (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    mac BLOB NOT NULL,
    scopes TEXT NOT NULL,      -- a JSON array
    models TEXT,               -- a JSON array; NULL: any
    created_at REAL NOT NULL,  -- Unix seconds
    expires_at REAL,
    revoked_at REAL
) STRICT, WITHOUT ROWID;
CREATE TABLE settings (name TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE versions (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO versions VALUES ('keys', 1);
"""

# Request ids sort by time, so both tables grow at their end. The partial indexes hold only
# what is running; the others cost about half a microsecond a row each (measured 2026-11-21).
_LEDGER = """
CREATE TABLE requests (
    request_id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    key_id TEXT NOT NULL,
    face TEXT NOT NULL,
    dialect TEXT NOT NULL,
    operation TEXT NOT NULL,
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    upstream_model TEXT NOT NULL,
    stream INTEGER NOT NULL,
    status TEXT NOT NULL,
    received_at INTEGER NOT NULL,  -- Unix microseconds
    first_content_ms REAL,
    total_ms REAL,
    input INTEGER NOT NULL,
    cache_read INTEGER NOT NULL,
    cache_write INTEGER NOT NULL,
    cache_write_1h INTEGER NOT NULL,
    output INTEGER NOT NULL,
    reasoning INTEGER NOT NULL,
    audio_input INTEGER NOT NULL,
    audio_output INTEGER NOT NULL,
    cost_nanousd INTEGER NOT NULL,
    price_version TEXT NOT NULL,
    estimated INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    notes INTEGER NOT NULL,
    error_code TEXT NOT NULL,
    worker TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX requests_time ON requests (received_at);
CREATE INDEX requests_tenant ON requests (tenant, received_at);
CREATE INDEX requests_key ON requests (key_id, received_at);
CREATE INDEX requests_model ON requests (model, received_at);
CREATE INDEX requests_provider ON requests (provider, received_at);
CREATE INDEX requests_open ON requests (worker) WHERE status = 'open';
CREATE TABLE attempts (
    request_id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    deployment TEXT NOT NULL,
    status TEXT NOT NULL,
    started_at INTEGER NOT NULL,  -- Unix microseconds
    first_event_ms REAL,
    total_ms REAL,
    error_code TEXT NOT NULL,
    error_status INTEGER,
    upstream_code TEXT NOT NULL,
    input INTEGER NOT NULL,
    cache_read INTEGER NOT NULL,
    cache_write INTEGER NOT NULL,
    cache_write_1h INTEGER NOT NULL,
    output INTEGER NOT NULL,
    reasoning INTEGER NOT NULL,
    audio_input INTEGER NOT NULL,
    audio_output INTEGER NOT NULL,
    cost_nanousd INTEGER NOT NULL,
    price_version TEXT NOT NULL,
    estimated INTEGER NOT NULL,
    worker TEXT NOT NULL,
    UNIQUE (request_id, attempt),
    PRIMARY KEY (request_id, attempt)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempts_open ON attempts (worker) WHERE status = 'open';
CREATE TABLE journals (
    worker TEXT NOT NULL PRIMARY KEY,
    segment INTEGER NOT NULL,
    "offset" INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""

# Each cost a request half a microsecond or more (a fifth of moving it to the database, measured
# 2026-11-21), and reports read by time or tenant and time.
_FEWER_INDEXES = """
DROP INDEX requests_key;
DROP INDEX requests_model;
DROP INDEX requests_provider;
"""

MIGRATIONS = (
    Migration(1, "keys and settings", _KEYS),
    Migration(2, "ledger", _LEDGER),
    Migration(3, "fewer indexes", _FEWER_INDEXES),
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
            if migration.version > schema_version(connection):
                connection.execute(migration.sql)
                connection.execute(
                    "INSERT INTO migrations VALUES (?, ?, ?)",
                    (migration.version, migration.name, now),
                )
    reached = schema_version(connection)
    if reached > MIGRATIONS[-1].version:
        raise StorageRefused(
            f"the database was written by a newer Trunkline (schema {reached}, this one knows"
            f" {MIGRATIONS[-1].version}); run that version, or point `data` to another folder"
        )
    return reached


def schema_version(connection: apsw.Connection) -> int:
    return int(connection.execute("SELECT coalesce(max(version), 0) FROM migrations").get)
