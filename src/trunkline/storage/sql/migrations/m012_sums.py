"""A sum of BIGINTs that is one, for PostgreSQL: its own is a NUMERIC."""

from trunkline.storage.sql.migration import Migration

# Of the 35 ms of the server's processor that a month by day, key and model took, 17 went into
# making 96,000 NUMERICs and casting them back (measured 2026-11-21). storage/postgres/database.py
# puts it where `CAST(sum(x) AS BIGINT)` stands. What does not fit is an error, as it was with the cast.
M012 = Migration(
    12,
    "sums in BIGINT",
    "",
    """
CREATE AGGREGATE bigint_sum (BIGINT) (
    SFUNC = int8pl, STYPE = BIGINT, COMBINEFUNC = int8pl, PARALLEL = SAFE
);
""",
)
