"""Tenants, users, subscriptions, and what a key may do beside naming models."""

from trunkline.storage.sql.migration import Migration

# The tenants that keys name so far become rows; times of these tables are Unix microseconds.
# "user" and "limits" are quoted: the one is a word of PostgreSQL's.
M004 = Migration(
    4,
    "tenants",
    """
ALTER TABLE keys ADD COLUMN "user" TEXT NOT NULL DEFAULT '';
ALTER TABLE keys ADD COLUMN plan TEXT NOT NULL DEFAULT '';
ALTER TABLE keys ADD COLUMN "limits" TEXT NOT NULL DEFAULT '{{}}';  -- a LimitSet in JSON
ALTER TABLE keys ADD COLUMN providers TEXT;                       -- JSON arrays; NULL: any
ALTER TABLE keys ADD COLUMN modes TEXT;
ALTER TABLE keys ADD COLUMN pipes TEXT DEFAULT '[]';
ALTER TABLE keys ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
ALTER TABLE keys ADD COLUMN face TEXT NOT NULL DEFAULT 'trunkline';
ALTER TABLE keys ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
ALTER TABLE keys ADD COLUMN meter TEXT NOT NULL DEFAULT '';
CREATE INDEX keys_tenant ON keys (tenant, created_at, id);
CREATE INDEX keys_made ON keys (created_by) WHERE created_by <> '';
CREATE INDEX keys_meter ON keys (meter) WHERE meter <> '';
CREATE TABLE tenants (
    name TEXT NOT NULL PRIMARY KEY,
    description TEXT NOT NULL,
    "limits" TEXT NOT NULL,
    created_at {int} NOT NULL,
    disabled_at {int}
) {table};
CREATE TABLE users (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    "limits" TEXT NOT NULL,
    created_at {int} NOT NULL,
    disabled_at {int},
    PRIMARY KEY (tenant, name)
) {table};
CREATE TABLE subscriptions (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    plan TEXT NOT NULL,
    period_start {int} NOT NULL,
    period_end {int} NOT NULL,
    created_at {int} NOT NULL,
    cancelled_at {int},
    lapsed {int} NOT NULL
) {table};
CREATE INDEX subscriptions_tenant ON subscriptions (tenant, id);
CREATE INDEX subscriptions_standing ON subscriptions (period_end) WHERE lapsed = 0;
INSERT INTO tenants (name, description, "limits", created_at)
    SELECT tenant, '', '{{}}', CAST(min(created_at) * 1000000 AS {int}) FROM keys GROUP BY tenant;
""",
)
