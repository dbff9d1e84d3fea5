"""Which long windows of limits are open: what lost counters are built anew by."""

from trunkline.storage.sql.migration import Migration

M010 = Migration(
    10,
    "windows of limits",
    """
CREATE TABLE limit_windows (
    counter TEXT NOT NULL PRIMARY KEY,
    unit TEXT NOT NULL,
    opened {int} NOT NULL,  -- Unix microseconds
    closes {int} NOT NULL   -- the same; 0: never
) {table};
CREATE INDEX limit_windows_closes ON limit_windows (closes) WHERE closes > 0;
""",
)
