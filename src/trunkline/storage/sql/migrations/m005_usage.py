"""Usage by hour and by day, and what finance tells requests apart by."""

from trunkline.storage.sql.migration import Migration

# Both tables are written with the rows they count (storage/sql/rollup.py). Whatever groups by days
# reads thirty times fewer rows than hours would be: a month of ten million requests is 12,000 of
# them (40 keys, 5 models, 2 providers), and 288,000 hours.
_COLUMNS = """
    begins {int} NOT NULL,  -- Unix microseconds
    tenant TEXT NOT NULL,
    key_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    upstream_model TEXT NOT NULL,
    face TEXT NOT NULL,
    mode TEXT NOT NULL,
    tags TEXT NOT NULL,     -- a sorted JSON array; '': none
    status TEXT NOT NULL,
    byok {int} NOT NULL,    -- 1: paid with the tenant's own credential
    requests {int} NOT NULL,
    input {int} NOT NULL,
    cache_read {int} NOT NULL,
    cache_write {int} NOT NULL,
    cache_write_1h {int} NOT NULL,
    output {int} NOT NULL,
    reasoning {int} NOT NULL,
    audio_input {int} NOT NULL,
    audio_output {int} NOT NULL,
    cost_nanousd {int} NOT NULL,
    baseline_nanousd {int} NOT NULL,
    errors {int} NOT NULL,
    first_content_us {int} NOT NULL,  -- the sum over first_content_count of them; so the next two
    first_content_count {int} NOT NULL,
    total_us {int} NOT NULL,
    total_count {int} NOT NULL,
    PRIMARY KEY (begins, tenant, key_id, user_id, model, provider, upstream_model, face, mode, tags,
        status, byok)
) {table};
"""

_USAGE = f"""
CREATE TABLE usage_hours ({_COLUMNS}
CREATE INDEX usage_hours_tenant ON usage_hours (tenant, begins);
CREATE TABLE usage_days ({_COLUMNS}
CREATE INDEX usage_days_tenant ON usage_days (tenant, begins);
"""
_REST = """
ALTER TABLE requests ADD COLUMN user_id TEXT NOT NULL DEFAULT '';
ALTER TABLE requests ADD COLUMN mode TEXT NOT NULL DEFAULT '';
ALTER TABLE requests ADD COLUMN tags TEXT NOT NULL DEFAULT '';
ALTER TABLE requests ADD COLUMN session TEXT NOT NULL DEFAULT '';
ALTER TABLE requests ADD COLUMN baseline_nanousd {int} NOT NULL DEFAULT 0;
ALTER TABLE requests ADD COLUMN rolled {int} NOT NULL DEFAULT 0;
CREATE TABLE ledger_marks (
    name TEXT NOT NULL PRIMARY KEY,
    place TEXT NOT NULL,
    number {int} NOT NULL
) {table};
-- What was written before is added up in pieces once the gateway runs: see rollup.backfill.
INSERT INTO ledger_marks SELECT 'backfill', '', 0 WHERE EXISTS (SELECT 1 FROM requests);
"""

# Each month of requests becomes a table of its own, so that it can be dropped as a whole.
_PARTITIONED = """
ALTER TABLE requests RENAME TO requests_whole;
ALTER TABLE attempts RENAME TO attempts_whole;
CREATE TABLE requests (LIKE requests_whole INCLUDING DEFAULTS) PARTITION BY RANGE (request_id);
CREATE TABLE attempts (LIKE attempts_whole INCLUDING DEFAULTS) PARTITION BY RANGE (request_id);
CREATE TABLE requests_rest PARTITION OF requests DEFAULT;
CREATE TABLE attempts_rest PARTITION OF attempts DEFAULT;
INSERT INTO requests SELECT * FROM requests_whole;
INSERT INTO attempts SELECT * FROM attempts_whole;
DROP TABLE requests_whole, attempts_whole;
ALTER TABLE requests ADD PRIMARY KEY (request_id);
ALTER TABLE attempts ADD PRIMARY KEY (request_id, attempt);
CREATE INDEX requests_time ON requests (received_at);
CREATE INDEX requests_tenant ON requests (tenant, received_at);
CREATE INDEX requests_open ON requests (worker) WHERE status = 'open';
CREATE INDEX attempts_open ON attempts (worker) WHERE status = 'open';
INSERT INTO ledger_marks VALUES ('partitioned', '', 1);
"""

M005 = Migration(5, "usage by hour and day", _USAGE + _REST, postgres=_USAGE + _REST + _PARTITIONED)
