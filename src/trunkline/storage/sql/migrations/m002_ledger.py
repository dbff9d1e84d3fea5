"""The ledger: requests, their attempts, and how far each journal has been read."""

from trunkline.storage.sql.migration import Migration

# Request ids sort by time, so both tables grow at their end. The partial indexes hold only
# what is running; the others cost about half a microsecond a row each (measured 2026-11-21).
M002 = Migration(
    2,
    "ledger",
    """
CREATE TABLE requests (
    request_id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    key_id TEXT NOT NULL,
    face TEXT NOT NULL,
    dialect TEXT NOT NULL,
    operation TEXT NOT NULL,
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    upstream_model TEXT NOT NULL,
    stream {int} NOT NULL,
    status TEXT NOT NULL,
    received_at {int} NOT NULL,  -- Unix microseconds
    first_content_ms {real},
    total_ms {real},
    input {int} NOT NULL,
    cache_read {int} NOT NULL,
    cache_write {int} NOT NULL,
    cache_write_1h {int} NOT NULL,
    output {int} NOT NULL,
    reasoning {int} NOT NULL,
    audio_input {int} NOT NULL,
    audio_output {int} NOT NULL,
    cost_nanousd {int} NOT NULL,
    price_version TEXT NOT NULL,
    estimated {int} NOT NULL,
    attempts {int} NOT NULL,
    notes {int} NOT NULL,
    error_code TEXT NOT NULL,
    worker TEXT NOT NULL
) {table};
CREATE INDEX requests_time ON requests (received_at);
CREATE INDEX requests_tenant ON requests (tenant, received_at);
CREATE INDEX requests_key ON requests (key_id, received_at);
CREATE INDEX requests_model ON requests (model, received_at);
CREATE INDEX requests_provider ON requests (provider, received_at);
CREATE INDEX requests_open ON requests (worker) WHERE status = 'open';
CREATE TABLE attempts (
    request_id TEXT NOT NULL,
    attempt {int} NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    deployment TEXT NOT NULL,
    status TEXT NOT NULL,
    started_at {int} NOT NULL,  -- Unix microseconds
    first_event_ms {real},
    total_ms {real},
    error_code TEXT NOT NULL,
    error_status {int},
    upstream_code TEXT NOT NULL,
    input {int} NOT NULL,
    cache_read {int} NOT NULL,
    cache_write {int} NOT NULL,
    cache_write_1h {int} NOT NULL,
    output {int} NOT NULL,
    reasoning {int} NOT NULL,
    audio_input {int} NOT NULL,
    audio_output {int} NOT NULL,
    cost_nanousd {int} NOT NULL,
    price_version TEXT NOT NULL,
    estimated {int} NOT NULL,
    worker TEXT NOT NULL,
    UNIQUE (request_id, attempt),
    PRIMARY KEY (request_id, attempt)
) {table};
CREATE INDEX attempts_open ON attempts (worker) WHERE status = 'open';
CREATE TABLE journals (
    worker TEXT NOT NULL PRIMARY KEY,
    segment {int} NOT NULL,
    "offset" {int} NOT NULL
) {table};
""",
)
