"""Tenants' own credentials of providers, sealed, and what was paid with them."""

from trunkline.storage.sql.migration import Migration

# A tenant's data key lies beside what it seals, itself sealed by a key that is not in the database.
M007 = Migration(
    7,
    "tenants' own credentials",
    """
CREATE TABLE data_keys (
    tenant TEXT NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    kek TEXT NOT NULL,       -- the id of the key that wraps it
    wrapped {blob} NOT NULL
) {table};
CREATE TABLE credentials (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    provider TEXT NOT NULL,
    label TEXT NOT NULL,
    ending TEXT NOT NULL,      -- its last characters, to be told by
    fingerprint TEXT NOT NULL,
    fallback {int} NOT NULL,
    key_version {int} NOT NULL,
    sealed {blob} NOT NULL,
    created_at {int} NOT NULL  -- Unix microseconds
) {table};
CREATE INDEX credentials_tenant ON credentials (tenant);
INSERT INTO versions VALUES ('credentials', 1);
ALTER TABLE requests ADD COLUMN byok {int} NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN byok {int} NOT NULL DEFAULT 0;
""",
)
