"""
The file of stored responses: beside the ledger's, for they are large, and none of them is money.

NORMAL is enough here: a commit is in the kernel at once, and a power cut loses the last moments.
"""

from pathlib import Path
from typing import Final

from trunkline.storage.sqlite.connection import Options, SqliteThread, connect
from trunkline.storage.sqlite.database import SqliteDatabase

FILE: Final = "responses.db"
_OPTIONS: Final = Options(synchronous="NORMAL", shrinks=True)
# Pages given back to the file system per sweep: 16 MiB.
VACUUM: Final = "PRAGMA incremental_vacuum(4096)"

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS responses (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    previous_id TEXT,
    status TEXT NOT NULL,
    created_at REAL NOT NULL,   -- Unix seconds
    input BLOB NOT NULL,        -- this and the next three: zlib, RFC 1950
    body BLOB NOT NULL,
    events BLOB NOT NULL,
    job BLOB NOT NULL,
    attempts INTEGER NOT NULL,
    held_until REAL NOT NULL,   -- by the worker that makes it; 0: nobody does
    UNIQUE (tenant, id)
) STRICT;
CREATE INDEX IF NOT EXISTS responses_age ON responses (created_at);
CREATE INDEX IF NOT EXISTS responses_open ON responses (held_until)
    WHERE status IN ('queued', 'in_progress');
CREATE TABLE IF NOT EXISTS items (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    response_id TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS items_of ON items (tenant, response_id);
CREATE TRIGGER IF NOT EXISTS responses_gone AFTER DELETE ON responses BEGIN
    DELETE FROM items WHERE tenant = old.tenant AND response_id = old.id;
END;
"""


def open_responses(folder: Path) -> SqliteDatabase:
    """Raises apsw.Error and OSError."""
    path = folder / FILE
    connection = connect(path, _OPTIONS)
    try:
        connection.execute(_SCHEMA)
    finally:
        connection.close()
    writer, reader = (
        SqliteThread(f"responses-{name}", connect(path, _OPTIONS)) for name in ("writer", "reader")
    )
    return SqliteDatabase(writer, reader, reader)
