"""Tests of tenancy/facts.py: what webhooks tell of keys and subscriptions."""

import re

from msgspec import json
from msgspec.structs import replace

from tests.ledger.making import NOON, FakeClock
from tests.tenancy.making import entropy, made
from trunkline.storage.holders import SubscriptionRecord
from trunkline.tenancy.facts import Facts

MINTED, KEY = made(1, user="ann", created_at=5.5, expires_at=NOON)
SUBSCRIPTION = SubscriptionRecord(
    id="sub_1",
    tenant="acme",
    plan="gold",
    period_start=5_500_000,
    period_end=9_000_000,
    created_at=5_000_000,
    cancelled_at=7_000_000,
)


def facts() -> Facts:
    return Facts(FakeClock(), entropy())


def test_a_key_is_told_of_without_its_secret() -> None:
    """Nor its hash: with what whoever manages keys knows it by."""
    fact = facts().key_created(KEY)

    assert ("acme", "api_key.created", int(NOON * 1e6)) == (fact.tenant, fact.type, fact.at)
    assert re.fullmatch(r"evt_[0-9A-Z]{26}", fact.id)
    assert {
        "id": MINTED.id,
        "prefix": MINTED.prefix,
        "name": "test",
        "tenant": "acme",
        "user": "ann",
        "created_at": 5,
        "expires_at": int(NOON),
        "revoked_at": None,
    } == json.decode(fact.data)


def test_each_event_has_its_name_and_id() -> None:
    """As Keyplex names them."""
    teller = facts()
    told = (
        teller.key_created(KEY),
        teller.key_revoked(replace(KEY, revoked_at=7.9)),
        teller.renewed(SUBSCRIPTION),
        teller.expired(SUBSCRIPTION),
    )

    assert [
        "api_key.created",
        "api_key.revoked",
        "subscription.renewed",
        "subscription.expired",
    ] == [fact.type for fact in told]
    assert 4 == len({fact.id for fact in told})
    assert 7 == json.decode(told[1].data)["revoked_at"]


def test_a_subscription_is_told_of() -> None:
    """In seconds."""
    assert {
        "id": "sub_1",
        "tenant": "acme",
        "plan": "gold",
        "period_start": 5,
        "period_end": 9,
        "cancelled_at": 7,
    } == json.decode(facts().renewed(SUBSCRIPTION).data)
