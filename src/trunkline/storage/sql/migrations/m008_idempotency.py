"""What was asked under an Idempotency-Key."""

from trunkline.storage.sql.migration import Migration

# On one machine the rows stand in a file of their own (storage/sqlite/idempotency.py), which is made
# by these same statements, and the table of the main file stays empty.
M008 = Migration(
    8,
    "idempotency",
    """
CREATE TABLE IF NOT EXISTS idempotency (
    scope {blob} NOT NULL PRIMARY KEY,  -- SHA-256: the keys themselves are not kept
    fingerprint {blob} NOT NULL,
    request_id TEXT NOT NULL,           -- of the request that runs it, or ran it
    held_until {int} NOT NULL,          -- Unix microseconds; 0: it is over
    expires_at {int} NOT NULL,          -- the same
    answer {blob} NOT NULL              -- empty while it is under way; zlib, RFC 1950
) {table};
CREATE INDEX IF NOT EXISTS idempotency_age ON idempotency (expires_at);
""",
)
