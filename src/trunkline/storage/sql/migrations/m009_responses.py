"""Stored responses, where they lie in the same database: in SQLite they have a file of their own."""

from trunkline.storage.sql.migration import Migration

# What is packed already is not packed again (EXTERNAL). Foreign keys do here what a trigger does
# in SQLite's file.
M009 = Migration(
    9,
    "stored responses",
    "",
    """
CREATE TABLE responses (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    previous_id TEXT,
    status TEXT NOT NULL,
    created_at {real} NOT NULL,   -- Unix seconds
    input {blob} NOT NULL,        -- this and the next three: zlib, RFC 1950
    body {blob} NOT NULL,
    events {blob} NOT NULL,
    job {blob} NOT NULL,
    attempts {int} NOT NULL,
    held_until {real} NOT NULL,   -- by the worker that makes it; 0: nobody does
    PRIMARY KEY (tenant, id)
);
ALTER TABLE responses
    ALTER input SET STORAGE EXTERNAL,
    ALTER body SET STORAGE EXTERNAL,
    ALTER events SET STORAGE EXTERNAL,
    ALTER job SET STORAGE EXTERNAL;
CREATE INDEX responses_age ON responses (created_at);
CREATE INDEX responses_open ON responses (held_until) WHERE status IN ('queued', 'in_progress');
CREATE TABLE items (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    response_id TEXT NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, response_id) REFERENCES responses (tenant, id) ON DELETE CASCADE
);
CREATE INDEX items_of ON items (tenant, response_id);
""",
)
