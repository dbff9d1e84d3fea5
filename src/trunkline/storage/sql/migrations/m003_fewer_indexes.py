"""Fewer indexes on requests."""

from trunkline.storage.sql.migration import Migration

# Each cost a request half a microsecond or more (a fifth of moving it to the database, measured
# 2026-11-21), and reports read by time or tenant and time.
M003 = Migration(
    3,
    "fewer indexes",
    """
DROP INDEX requests_key;
DROP INDEX requests_model;
DROP INDEX requests_provider;
""",
)
