"""Limits and budgets in the bodies of requests."""

import pytest
from msgspec import json

from trunkline.admin.limits import LimitedBody, changed_limits, limits_in
from trunkline.storage.holders import NO_LIMITS, LimitSet
from trunkline.tenancy.limits import LimitChanges

TENTH = LimitSet(cost_per_day=100_000_000)
TOTAL = LimitSet(cost_total=10**9)


@pytest.mark.parametrize(
    ("text", "changes"),
    (
        (b"{}", LimitChanges()),
        (b'{"limits": {}}', LimitChanges(NO_LIMITS)),
        (b'{"limits": null, "budget": null}', LimitChanges(NO_LIMITS)),
        (b'{"limits": {"cost_per_day_usd": 0.1}}', LimitChanges(TENTH)),
        (b'{"budget": {"usd": 1}}', LimitChanges(None, TOTAL)),
        (
            b'{"limits": {"cost_per_day_usd": 0.1}, "budget": {"usd": 1}}',
            LimitChanges(TENTH, TOTAL),
        ),
    ),
)
def test_what_a_body_says_of_limits(text: bytes, changes: LimitChanges) -> None:
    """Amounts by their digits; what it does not say is not changed."""
    body = json.decode(text, type=LimitedBody)

    assert changes == changed_limits(body)
    assert changes.of(NO_LIMITS) == limits_in(body)
