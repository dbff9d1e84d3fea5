"""Tests of tenancy/plans.py: the plans there are, and what the configuration makes of them."""

import pytest

from tests.tenancy.making import made
from trunkline.canon.errors import Malformed
from trunkline.config.errors import ConfigError
from trunkline.config.load import parse
from trunkline.storage.holders import NO_LIMITS, KeySet, LimitSet, SubscriptionRecord
from trunkline.tenancy.limits import LimitView
from trunkline.tenancy.plans import (
    BUILT_IN,
    Plan,
    Plans,
    PlanView,
    check_plan,
    lost_plans,
    plan_view,
    plans_of,
)


def configured(text: str) -> Plans:
    return plans_of(parse(text, {}).plans)


def test_the_built_in_plans() -> None:
    """As Keyplex and PlutosAI publish them."""
    told = {
        name: (
            *(plan.limits.requests_per_minute, plan.limits.requests_per_hour),
            *(plan.limits.concurrent_requests, plan.limits.tokens_per_minute),
            plan.limits.tokens_per_day,
        )
        for name, plan in BUILT_IN.items()
    }

    assert told == {
        "keyplex-free-trial": (20, None, None, 40_000, 100_000),
        "keyplex-monthly": (60, None, None, 150_000, 1_000_000),
        "keyplex-3-months": (100, None, None, 250_000, 2_000_000),
        "keyplex-12-months": (200, None, None, 500_000, 5_000_000),
        "keyplex-enterprise": (None, None, None, None, None),
        "plutosai-free": (60, 1000, 5, None, None),
        "plutosai-pro": (300, 10_000, 20, None, None),
        "plutosai-enterprise": (1000, 100_000, 100, None, None),
    }
    assert BUILT_IN == configured("")


def test_the_configuration_changes_and_adds_plans() -> None:
    """What it does not name of a built-in plan stays; money may be a number or text."""
    plans = configured("""
[plans.keyplex-monthly]
requests_per_minute = 90
[plans.gold]
description = "for friends"
cost_per_day_usd = 0.1
cost_total_usd = "123.000000001"
[plans.gold.models."openai/gpt-4o"]
requests_per_day = 10
""")

    assert LimitSet(
        requests_per_minute=90, tokens_per_minute=150_000, tokens_per_day=1_000_000
    ) == (plans["keyplex-monthly"].limits)
    assert BUILT_IN["keyplex-monthly"].description == plans["keyplex-monthly"].description
    assert ("for friends", {"openai/gpt-4o": LimitSet(requests_per_day=10)}) == (
        plans["gold"].description,
        plans["gold"].limits.models,
    )
    assert (100_000_000, 123_000_000_001) == (
        plans["gold"].limits.cost_per_day,
        plans["gold"].limits.cost_total,
    )


@pytest.mark.parametrize(
    ("text", "key"),
    (
        ("[plans.gold]\nrequests_per_minute = -1\n", "plans.gold.requests_per_minute"),
        ('[plans.gold]\ncost_total_usd = "NaN"\n', "plans.gold.cost_total_usd"),
        ("[plans.gold]\ncost_total_usd = nan\n", "plans.gold.cost_total_usd"),
        ("[plans.gold]\ncost_total_usd = inf\n", "plans.gold.cost_total_usd"),
        ("[plans.gold.models.m]\nrequests_per_day = -1\n", "plans.gold.models.m.requests_per_day"),
    ),
)
def test_a_plan_that_makes_no_sense_is_refused(text: str, key: str) -> None:
    """With its place in the file."""
    with pytest.raises(ConfigError) as refused:
        configured(text)

    assert key == refused.value.key


def test_a_plan_that_is_not_there_is_refused() -> None:
    """Naming those that are."""
    check_plan("plutosai-free", BUILT_IN)
    with pytest.raises(Malformed, match=r"`gold`.*keyplex-free-trial, ") as refused:
        check_plan("gold", BUILT_IN)
    assert "plan" == refused.value.param


def test_a_plan_is_shown() -> None:
    """By its limits as they can be said."""
    shown = plan_view(BUILT_IN["plutosai-free"])

    assert LimitView(requests_per_minute=60, requests_per_hour=1000, concurrent_requests=5) == (
        shown.limits
    )
    assert PlanView(
        "keyplex-enterprise", BUILT_IN["keyplex-enterprise"].description, LimitView()
    ) == plan_view(BUILT_IN["keyplex-enterprise"])
    assert NO_LIMITS == BUILT_IN["keyplex-enterprise"].limits


def subscription(number: int, tenant: str, plan: str, end: float) -> SubscriptionRecord:
    return SubscriptionRecord(
        id=f"sub_{number}",
        tenant=tenant,
        plan=plan,
        period_start=0,
        period_end=int(end * 1e6),
        created_at=number,
    )


def test_plans_that_are_gone_are_told_of() -> None:
    """By name, with how many are under them; what is over, or has another plan by now, is not."""
    keys = [
        made(1, plan="gold")[1],
        made(2, plan="gold")[1],
        made(3, plan="silver")[1],
        made(4, plan="lead", revoked_at=1.0)[1],
        made(5, plan="lead", expires_at=5.0)[1],
        made(6, plan="keyplex-monthly")[1],
        made(7)[1],
    ]
    subscriptions = [
        subscription(1, "acme", "gold", 9.0),
        subscription(2, "globex", "lead", 9.0),
        subscription(3, "globex", "plutosai-free", 9.0),
        subscription(4, "initech", "lead", 5.0),
    ]
    known = KeySet(1, keys, subscriptions=subscriptions)
    gold, silver = lost_plans(known, BUILT_IN, 5.0)

    assert gold.startswith(
        "the plan `gold` is not configured, and there is somebody under it: 2 keys, 1 subscription;"
    )
    assert silver.startswith(
        "the plan `silver` is not configured, and there is somebody under it: 1 key; "
    )
    assert [silver] == lost_plans(known, {**BUILT_IN, "gold": Plan("gold", "", NO_LIMITS)}, 5.0)
    assert not any(key.id in gold + silver or key.prefix in gold + silver for key in keys)
