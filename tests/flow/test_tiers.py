"""Tests of flow/tiers.py: which service tier a request asks for."""

import pytest
from msgspec import Raw

from trunkline.flow.tiers import tier_of


@pytest.mark.parametrize(
    ("raw", "tier"),
    (
        (None, None),
        (b'"flex"', "flex"),
        (b'"priority"', "priority"),
        (rb'"\u0070riority"', "priority"),
        (b'"auto"', None),
        (b'"standard_only"', None),
        (b"null", None),
        (b"7", None),
        (b'{"priority":1}', None),
        (b'"\xff"', None),
    ),
)
def test_tiers_that_may_have_a_price_of_their_own(raw, tier):
    """However they are written; others cost what is usual."""
    assert tier == tier_of({} if raw is None else {"service_tier": Raw(raw)})
