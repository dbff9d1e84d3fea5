"""Tests of tenancy/plans.py: the plans there are, and what the configuration makes of them."""

import pytest

from trunkline.canon.errors import Malformed
from trunkline.config.errors import ConfigError
from trunkline.config.load import parse
from trunkline.storage.holders import NO_LIMITS, LimitSet
from trunkline.tenancy.limits import LimitView
from trunkline.tenancy.plans import BUILT_IN, Plans, PlanView, check_plan, plan_view, plans_of


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
