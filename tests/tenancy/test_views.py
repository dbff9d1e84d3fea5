"""Tests of tenancy/views.py: a key as it may be shown."""

import pytest
from msgspec import json
from msgspec.structs import replace

from tests.tenancy.making import made
from trunkline.storage.holders import LimitSet
from trunkline.tenancy.views import key_view, status_of

MINTED, KEY = made(1)


def test_a_key_is_shown_without_secret_and_hash() -> None:
    """Nothing is null that means something else than nothing."""
    record = replace(
        KEY, user="ann", plan="gold", limits=LimitSet(cost_total=5), created_by="maker", pipes=None
    )
    shown = json.decode(json.encode(key_view(record, 5.0)))

    assert shown == {
        "object": "key",
        "id": MINTED.id,
        "prefix": MINTED.prefix,
        "name": "test",
        "tenant": "acme",
        "user": "ann",
        "face": "trunkline",
        "scopes": [],
        "models": None,
        "providers": None,
        "modes": None,
        "pipes": None,
        "plan": "gold",
        "limits": {"cost_total_usd": "0.000000005"},
        "tags": [],
        "created_by": "maker",
        "counted_as": MINTED.id,
        "created_at": 1.0,
        "expires_at": None,
        "revoked_at": None,
        "status": "active",
    }
    plain = key_view(KEY, 5.0)
    assert "first" == key_view(replace(KEY, meter="first"), 5.0).counted_as
    assert (None, None, None, ()) == (plain.user, plain.plan, plain.created_by, plain.pipes)


@pytest.mark.parametrize(
    ("changes", "status"),
    (
        ({}, "active"),
        ({"expires_at": 5.1}, "active"),
        ({"expires_at": 5.0}, "expired"),
        ({"expires_at": 5.0, "revoked_at": 9.0}, "revoked"),
    ),
)
def test_a_key_has_a_status(changes: dict[str, float], status: str) -> None:
    """Revoked is more than expired."""
    assert status == status_of(replace(KEY, **changes), 5.0)
