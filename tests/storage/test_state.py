"""Tests of storage/state.py: what a claim asks of a limit."""

import pytest

from trunkline.canon.limit import Limit, Unit
from trunkline.storage.state import Claim, amount_of


@pytest.mark.parametrize(
    ("unit", "amount"),
    ((Unit.REQUESTS, 1), (Unit.CONCURRENT, 1), (Unit.TOKENS, 70), (Unit.COST, 900)),
)
def test_a_claim_asks_in_the_limits_unit(unit, amount):
    """One request, one place, its tokens, its nano-dollars."""
    limit = Limit(counter="c", unit=unit, most=9, field="f", scope="key")

    assert amount == amount_of(limit, Claim("r", [limit], tokens=70, cost=900))
