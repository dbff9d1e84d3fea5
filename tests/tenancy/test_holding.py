"""Tests of tenancy/holding.py: what a key may do, by everything around it."""

import math
from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from trunkline.canon.errors import Forbidden, GatewayError, Unauthenticated
from trunkline.canon.exchange import Principal
from trunkline.storage.holders import (
    KeyRecord,
    KeySet,
    LimitSet,
    SubscriptionRecord,
    TenantRecord,
    UserRecord,
)
from trunkline.tenancy.holding import Holdings
from trunkline.tenancy.plans import Plan

KEY = KeyRecord(id="k", tenant="acme", name="k", prefix="tl_k", mac=bytes(32), created_at=0.0)
TENANT = TenantRecord(name="acme", created_at=0)
USER = UserRecord(tenant="acme", name="ann", created_at=0)
SUBSCRIPTION = SubscriptionRecord(
    id="s", tenant="acme", plan="gold", period_start=0, period_end=10_000_000, created_at=0
)
PLANS = {
    "gold": Plan("gold", "", LimitSet(requests_per_day=50, models={"m": LimitSet(cost_total=5)})),
    "iron": Plan("iron", "", LimitSet(requests_per_day=5, concurrent_requests=1)),
}


Known = KeyRecord | TenantRecord | UserRecord | SubscriptionRecord


def holdings(*known: Known) -> Holdings:
    return Holdings(
        KeySet(
            1,
            [one for one in known if isinstance(one, KeyRecord)],
            [one for one in known if isinstance(one, TenantRecord)],
            [one for one in known if isinstance(one, UserRecord)],
            [one for one in known if isinstance(one, SubscriptionRecord)],
        ),
        PLANS,
    )


def counted(principal: Principal) -> Mapping[str, int]:
    return {limit.counter: limit.most for limit in principal.limits}


def test_a_key_by_itself() -> None:
    """Everything it says of itself, and for ever."""
    key = replace(
        KEY,
        scopes=("chat:write",),
        models=("m",),
        providers=(),
        modes=("eco",),
        pipes=("cache",),
        tags=("t",),
        user="ann",
        expires_at=7.5,
    )
    hold = holdings(key, TENANT, USER).hold(key, 7.0)

    assert 7.5 == hold.until
    assert hold.principal == Principal(
        key_id="k",
        tenant="acme",
        scopes=frozenset({"chat:write"}),
        models=frozenset({"m"}),
        providers=frozenset(),
        modes=frozenset({"eco"}),
        pipes=frozenset({"cache"}),
        tags=("t",),
        user="ann",
    )
    open_key = replace(KEY, pipes=None)
    plain = holdings(open_key).hold(open_key, 0.0)
    assert (None, None, None, None, math.inf) == (
        plain.principal.models,
        plain.principal.providers,
        plain.principal.modes,
        plain.principal.pipes,
        plain.until,
    )


def test_limits_of_all_around_it_count() -> None:
    """Its own and its plan's for the key, its user's for the user, the rest for the tenant."""
    key = replace(KEY, user="ann", plan="iron", limits=LimitSet(requests_per_day=9))
    user = replace(USER, limits=LimitSet(tokens_per_day=8))
    tenant = replace(TENANT, limits=LimitSet(requests_per_day=70, cost_total=6))
    hold = holdings(key, user, tenant, SUBSCRIPTION).hold(key, 1.0)

    assert {
        "key/k/requests/86400": 5,
        "key/k/concurrent/0": 1,
        "user/acme/ann/tokens/86400": 8,
        "tenant/acme/requests/86400": 50,
        "tenant/acme/cost/0": 6,
    } == counted(hold.principal)
    assert {"m": ["tenant/acme/model/m/cost/0"]} == {
        model: [limit.counter for limit in limits]
        for model, limits in hold.principal.model_limits.items()
    }
    assert ("iron", 10.0) == (hold.principal.plan, hold.until)


def test_another_tenants_user_of_that_name_is_somebody_else() -> None:
    """Its limits do not count, and that it is disabled does not matter."""
    key = replace(KEY, user="ann")
    elsewhere = replace(USER, tenant="other", limits=LimitSet(requests_per_day=1), disabled_at=1)

    assert {} == counted(holdings(key, elsewhere).hold(key, 0.0).principal)


def test_what_a_key_uses_counts_for_those_who_made_it() -> None:
    """Or else a key with a limit could make a hundred with that limit each."""
    maker = replace(KEY, id="maker", plan="iron", limits=LimitSet(requests_per_hour=7))
    middle = replace(KEY, id="middle", created_by="maker", limits=LimitSet(requests_per_hour=6))
    key = replace(KEY, created_by="middle")

    assert {
        "key/middle/requests/3600": 6,
        "key/maker/requests/3600": 7,
        "key/maker/requests/86400": 5,
        "key/maker/concurrent/0": 1,
    } == counted(holdings(maker, middle, key).hold(key, 0.0).principal)


def test_a_key_never_may_more_than_its_maker() -> None:
    """Whatever became of that since: it is both lists at once, and the sooner end."""
    maker = replace(
        KEY,
        id="maker",
        scopes=("chat:write", "keys:write"),
        models=("a", "b"),
        pipes=("p",),
        expires_at=9.0,
    )
    key = replace(
        KEY,
        created_by="maker",
        scopes=("chat:write", "usage:read"),
        models=("b", "c"),
        pipes=None,
        modes=("eco",),
    )
    hold = holdings(maker, key).hold(key, 0.0)

    assert ({"chat:write"}, {"b"}, {"p"}, {"eco"}, None, 9.0) == (
        hold.principal.scopes,
        hold.principal.models,
        hold.principal.pipes,
        hold.principal.modes,
        hold.principal.providers,
        hold.until,
    )
    with pytest.raises(Unauthenticated, match="expired"):
        holdings(maker, key).hold(key, 9.0)
    other = replace(maker, scopes=("keys:write",))
    with pytest.raises(Forbidden, match="nothing of what"):
        holdings(other, key).hold(key, 0.0)


def test_a_successor_counts_as_the_key_it_succeeds() -> None:
    """Or else each rotation would be a full budget anew."""
    old = replace(KEY, id="old", limits=LimitSet(cost_total=7))
    new = replace(old, id="new", meter="old")
    made = replace(KEY, created_by="new")
    known = holdings(old, new, made)

    assert [{"key/old/cost/0": 7}] * 3 == [
        counted(known.hold(key, 0.0).principal) for key in (old, new, made)
    ]


def test_keys_that_made_each_other_come_to_an_end() -> None:
    """No row can say so, but no row shall hang a worker either."""
    one, two = replace(KEY, id="a", created_by="b"), replace(KEY, id="b", created_by="a")

    assert "a" == holdings(one, two).hold(one, 0.0).principal.key_id


REFUSALS: tuple[tuple[tuple[Known, ...], type[GatewayError], str], ...] = (
    ((replace(KEY, revoked_at=99.0),), Unauthenticated, "was revoked"),
    ((replace(KEY, expires_at=5.0),), Unauthenticated, "has expired"),
    ((KEY, replace(TENANT, disabled_at=1)), Forbidden, "tenant `acme`.*disabled"),
    (
        (replace(KEY, user="ann"), TENANT, replace(USER, disabled_at=1)),
        Forbidden,
        "user `ann`.*disabled",
    ),
    ((KEY, replace(SUBSCRIPTION, period_end=5_000_000)), Forbidden, "subscription.*has expired"),
    ((replace(KEY, plan="gone"),), Forbidden, "plan `gone`.*not configured"),
    ((KEY, replace(SUBSCRIPTION, plan="gone")), Forbidden, "plan `gone`.*not configured"),
)


@pytest.mark.parametrize(("known", "error", "message"), REFUSALS)
def test_what_is_in_the_way(
    known: tuple[Known, ...], error: type[GatewayError], message: str
) -> None:
    """Of the key itself: who are you? Of others: you may not."""
    key = known[0]
    assert isinstance(key, KeyRecord)

    with pytest.raises(error, match=message):
        holdings(*known).hold(key, 5.0)


def test_the_subscription_made_last_counts() -> None:
    """As long as its period is; then the one before, if that is not over."""
    second = replace(SUBSCRIPTION, id="s2", plan="iron", period_end=4_000_000)
    known = holdings(KEY, SUBSCRIPTION, second)

    assert [("iron", 4.0), ("gold", 10.0)] == [
        (hold.principal.plan, hold.until) for hold in (known.hold(KEY, t) for t in (3.999, 4.0))
    ]
    with pytest.raises(Forbidden):
        known.hold(KEY, 10.0)


def test_another_tenants_subscription_is_not_ours() -> None:
    """Neither its limits nor its end."""
    elsewhere = replace(SUBSCRIPTION, tenant="other", period_end=1)

    assert {} == counted(holdings(KEY, elsewhere).hold(KEY, 5.0).principal)
