"""Plans: limits with a name. Some are built in; the configuration changes them and adds others."""

from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct, json, structs

from trunkline.canon.errors import Malformed
from trunkline.config.errors import ConfigError
from trunkline.config.schema import PlanConfig
from trunkline.storage.holders import NO_LIMITS, KeySet, LimitSet
from trunkline.tenancy.limits import LimitView, inherited, parse_limits, view_of
from trunkline.tenancy.views import status_of

_MICROS = 1_000_000


class Plan(Struct, frozen=True):
    name: str
    description: str
    limits: LimitSet


class PlanView(Struct, frozen=True):
    name: str
    description: str
    limits: LimitView
    object: str = "plan"


Plans = Mapping[str, Plan]
"""By name."""


def _keyplex(name: str, words: str, requests: int, tokens: int, daily: int) -> Plan:
    limits = LimitSet(requests_per_minute=requests, tokens_per_minute=tokens, tokens_per_day=daily)
    return Plan(f"keyplex-{name}", f"Keyplex, {words}", limits)


def _plutosai(name: str, words: str, minute: int, hour: int, together: int) -> Plan:
    limits = LimitSet(
        requests_per_minute=minute, requests_per_hour=hour, concurrent_requests=together
    )
    return Plan(f"plutosai-{name}", f"PlutosAI, {words}", limits)


# The tables "Rate limits" of the Keyplex documentation and of the PlutosAI API reference (seen
# 2026-11-21); what Keyplex's enterprises get is agreed with each.
_BUILT_IN = (
    _keyplex("free-trial", "free trial", 20, 40_000, 100_000),
    _keyplex("monthly", "by the month", 60, 150_000, 1_000_000),
    _keyplex("3-months", "three months", 100, 250_000, 2_000_000),
    _keyplex("12-months", "twelve months", 200, 500_000, 5_000_000),
    Plan("keyplex-enterprise", "Keyplex, enterprise: no limits but those you set", NO_LIMITS),
    _plutosai("free", "free", 60, 1000, 5),
    _plutosai("pro", "pro", 300, 10_000, 20),
    _plutosai("enterprise", "enterprise", 1000, 100_000, 100),
)
BUILT_IN: Plans = {plan.name: plan for plan in _BUILT_IN}


def plans_of(config: Mapping[str, PlanConfig]) -> Plans:
    """The built-in plans as the configuration changes them, and its own. Raises ConfigError."""
    plans = {**BUILT_IN}
    for name, table in config.items():
        # The text of a TOML float is the shortest that gives it: what was written.
        said = json.encode(structs.replace(table, description=""))
        try:
            limits = parse_limits(said, f"plans.{name}")
        except Malformed as error:
            raise ConfigError(error.param or "", error.message) from None
        base = plans.get(name, Plan(name, "", NO_LIMITS))
        plans[name] = Plan(
            name, table.description or base.description, inherited(limits, base.limits)
        )
    return plans


def plan_view(plan: Plan) -> PlanView:
    return PlanView(plan.name, plan.description, view_of(plan.limits))


def check_plan(name: str, plans: Plans) -> None:
    """Raises Malformed."""
    if name not in plans:
        raise Malformed(f"There is no plan `{name}`; there are {', '.join(plans)}.", param="plan")


def lost_plans(known: KeySet, plans: Plans, now: float) -> Sequence[str]:
    """
    A sentence about each plan that is gone while somebody is under it. `now`: Unix seconds.

    Of keys, those count that are active; of a tenant's subscriptions, the one in force.
    """
    in_force = {s.tenant: s for s in known.subscriptions if now * _MICROS < s.period_end}
    keys = Counter(key.plan for key in known.keys if status_of(key, now) == "active")
    subscriptions = Counter(subscription.plan for subscription in in_force.values())
    lost = sorted({*keys, *subscriptions} - {"", *plans})
    return [_lost(name, keys[name], subscriptions[name]) for name in lost]


def _lost(name: str, keys: int, subscriptions: int) -> str:
    told = [
        f"{count} {noun}{'' if count == 1 else 's'}"
        for count, noun in ((keys, "key"), (subscriptions, "subscription"))
        if count
    ]
    return (
        f"the plan `{name}` is not configured, and there is somebody under it: {', '.join(told)};"
        " their requests are refused (`unknown_plan`) until it is configured again or they are under"
        " another"
    )
