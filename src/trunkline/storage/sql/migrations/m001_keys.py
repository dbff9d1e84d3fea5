"""Keys and settings."""

from trunkline.storage.sql.migration import Migration

M001 = Migration(
    1,
    "keys and settings",
    """
CREATE TABLE keys (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    mac {blob} NOT NULL,
    scopes TEXT NOT NULL,      -- a JSON array
    models TEXT,               -- a JSON array; NULL: any
    created_at {real} NOT NULL,  -- Unix seconds
    expires_at {real},
    revoked_at {real}
) {table};
CREATE TABLE settings (name TEXT NOT NULL PRIMARY KEY, value {blob} NOT NULL) {table};
CREATE TABLE versions (name TEXT NOT NULL PRIMARY KEY, value {int} NOT NULL) {table};
INSERT INTO versions VALUES ('keys', 1);
""",
)
