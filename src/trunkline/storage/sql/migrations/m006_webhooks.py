"""Webhooks: endpoints and what they listen to, events, and one delivery of each to each."""

from trunkline.storage.sql.migration import Migration

# Event ids sort by time and a delivery's id begins with its event's, so those tables grow at their
# end. Times are Unix microseconds. A delivery that is being made is one whose next_at lies in the
# future and whose claim is somebody's: where that sender dies it is due again by itself.
M006 = Migration(
    6,
    "webhooks",
    """
CREATE TABLE webhook_endpoints (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,        -- '*': the platform's own, which hears of every tenant
    face TEXT NOT NULL,
    url TEXT NOT NULL,
    secret {blob} NOT NULL,
    former {blob},               -- the secret before, which signs too until former_until
    former_until {int},
    enabled {int} NOT NULL,
    disabled_because TEXT NOT NULL,
    created_at {int} NOT NULL
) {table};
CREATE INDEX webhook_endpoints_tenant ON webhook_endpoints (tenant);
CREATE TABLE webhook_subscriptions (
    endpoint TEXT NOT NULL,
    type TEXT NOT NULL,          -- '*': every type
    PRIMARY KEY (endpoint, type)
) {table};
CREATE TABLE webhook_events (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    type TEXT NOT NULL,
    data {blob} NOT NULL,        -- a JSON object
    once TEXT NOT NULL,
    created_at {int} NOT NULL
) {table};
CREATE UNIQUE INDEX webhook_events_once ON webhook_events (tenant, once) WHERE once <> '';
CREATE TABLE webhook_deliveries (
    id TEXT NOT NULL PRIMARY KEY,
    event TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    status TEXT NOT NULL,        -- pending, delivered, dead
    attempts {int} NOT NULL,
    next_at {int} NOT NULL,
    claim TEXT NOT NULL,
    answered {int},              -- the status of the last answer
    error TEXT NOT NULL,
    took_ms {real},
    created_at {int} NOT NULL,
    ended_at {int}
) {table};
CREATE INDEX webhook_deliveries_endpoint ON webhook_deliveries (endpoint, id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint, next_at)
    WHERE status = 'pending';
""",
)
