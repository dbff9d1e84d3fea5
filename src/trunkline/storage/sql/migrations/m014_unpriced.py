"""How many requests took tokens without a known price, by hour and by day."""

from trunkline.storage.sql.migration import Migration

# From now on: of the hours before, requests may be gone, and the sums say 0.
M014 = Migration(
    14,
    "requests without a price",
    """
ALTER TABLE usage_hours ADD COLUMN unpriced_requests {int} NOT NULL DEFAULT 0;
ALTER TABLE usage_days ADD COLUMN unpriced_requests {int} NOT NULL DEFAULT 0;
""",
)
