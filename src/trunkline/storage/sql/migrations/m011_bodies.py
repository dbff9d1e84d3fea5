"""Bodies of requests and answers, where somebody asked for them to be logged."""

from trunkline.storage.sql.migration import Migration

_COLUMNS = """
    request_id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    key_id TEXT NOT NULL,
    received_at {int} NOT NULL,    -- Unix microseconds
    path TEXT NOT NULL,
    status {int} NOT NULL,         -- of HTTP; 0: there was no answer
    streamed {int} NOT NULL,
    complete {int} NOT NULL,
    request {blob} NOT NULL,       -- redacted; zlib, RFC 1950
    request_size {int} NOT NULL,   -- bytes, as it came
    request_cut {int} NOT NULL,    -- 1: not all of it is kept
    answer {blob} NOT NULL,
    answer_size {int} NOT NULL,
    answer_cut {int} NOT NULL
"""
_INDEX = "CREATE INDEX IF NOT EXISTS request_bodies_age ON request_bodies (received_at);"

# On one machine the rows stand in a file of their own (storage/sqlite/bodies.py), which is made by
# these same statements, and the table of the main file stays empty. Rows are too large for a table
# WITHOUT ROWID (sqlite.org/withoutrowid.html), and what is packed is not packed again (EXTERNAL).
M011 = Migration(
    11,
    "logged bodies",
    f"CREATE TABLE IF NOT EXISTS request_bodies ({_COLUMNS}) STRICT; {_INDEX}",
    f"CREATE TABLE request_bodies ({_COLUMNS});"
    " ALTER TABLE request_bodies ALTER request SET STORAGE EXTERNAL,"
    f" ALTER answer SET STORAGE EXTERNAL; {_INDEX}",
)
