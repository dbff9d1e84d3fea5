"""Who was changed by which version of the keys, so that not all of them are read again."""

from trunkline.storage.sql.migration import Migration

# Only the last versions are kept: see storage/sql/versions.py. A version without a row was made by a
# gateway that did not write any yet, or by hand, and whoever meets one reads everything.
M013 = Migration(
    13,
    "what each version changed",
    """
CREATE TABLE holder_changes (
    version {int} NOT NULL,
    kind TEXT NOT NULL,      -- key, tenant, user, subscription
    tenant TEXT NOT NULL,    -- of a user; else empty
    name TEXT NOT NULL,      -- an id, or a name
    PRIMARY KEY (version, kind, tenant, name)
) {table};
""",
)
