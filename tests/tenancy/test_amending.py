"""Tests of tenancy/amending.py: the same, in the same order, as who reads everybody has it."""

from msgspec.structs import replace

from trunkline.storage.holders import (
    KeyChanges,
    KeyRecord,
    KeySet,
    SubscriptionRecord,
    TenantRecord,
    UserRecord,
)
from trunkline.tenancy.amending import amended

NOTHING = KeyChanges(4, 5, {}, {}, {}, {})


def key(name: str, at: float) -> KeyRecord:
    return KeyRecord(id=name, tenant="t", name="n", prefix="p", mac=b"", created_at=at)


def bought(name: str, at: int) -> SubscriptionRecord:
    return SubscriptionRecord(
        id=name, tenant="t", plan="p", period_start=0, period_end=9, created_at=at
    )


TENANT = TenantRecord(name="t", created_at=1)
ANN, BOB = (UserRecord(tenant="t", name=name, created_at=1) for name in ("ann", "bob"))
KNOWN = KeySet(
    4, (key("a", 1.0), key("c", 2.0)), (TENANT,), (ANN, BOB), (bought("x", 1), bought("y", 3))
)


def test_somebody_comes_changes_and_goes() -> None:
    """Each in its place: keys and subscriptions by when they were made."""
    revoked, disabled = replace(key("a", 1.0), revoked_at=3.0), replace(ANN, disabled_at=4)
    changes = KeyChanges(
        4,
        7,
        {"a": revoked, "b": key("b", 2.0), "d": key("d", 0.5), "never": None},
        {"new": TenantRecord(name="new", created_at=2)},
        {("t", "ann"): disabled, ("t", "bob"): None},
        {"x": None, "z": bought("z", 2)},
    )

    assert KeySet(
        7,
        (key("d", 0.5), revoked, key("b", 2.0), key("c", 2.0)),
        (TENANT, TenantRecord(name="new", created_at=2)),
        (disabled,),
        (bought("z", 2), bought("y", 3)),
    ) == amended(KNOWN, changes)


def test_a_version_may_change_nothing() -> None:
    """But its number."""
    assert replace(KNOWN, version=5) == amended(KNOWN, NOTHING)


def test_changes_of_another_version_are_refused() -> None:
    """What lies between is not in them."""
    assert amended(KNOWN, replace(NOTHING, since=5, version=6)) is None
    assert amended(KNOWN, replace(NOTHING, since=3)) is None
