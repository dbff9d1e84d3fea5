"""Plans and subscriptions over HTTP."""

import pytest

from tests.gateway import CONFIG, World, within
from trunkline.canon.errors import Forbidden

PLANS = f"""{CONFIG}
[plans.keyplex-monthly]
requests_per_minute = 90
[plans.gold]
description = "for friends"
cost_per_month_usd = 20
"""


def test_plans_are_listed(tmp_path):
    """The built-in ones as the configuration changes them, and its own; a reload takes effect."""

    async def test(w: World) -> None:
        listed = (await w.ask("GET", "/admin/v1/plans")).json
        plans = {plan["name"]: plan["limits"] for plan in listed["data"]}
        gold = (await w.ask("GET", "/admin/v1/plans/gold")).json

        assert {
            "requests_per_minute": 20,
            "tokens_per_minute": 40000,
            "tokens_per_day": 100000,
        } == (plans["keyplex-free-trial"])
        assert (90, 150_000) == (
            plans["keyplex-monthly"]["requests_per_minute"],
            plans["keyplex-monthly"]["tokens_per_minute"],
        )
        assert {
            "name": "gold",
            "description": "for friends",
            "limits": {"cost_per_month_usd": "20"},
            "object": "plan",
        } == gold
        assert 9 == len(plans)
        assert 404 == (await w.ask("GET", "/admin/v1/plans/lead")).status

        key = await w.key(plan="gold")
        w.config[0] = CONFIG
        await w.ask("POST", "/admin/v1/config/reload")
        refused = await w.ask("GET", "/v1/models", key=key)
        assert (403, 404) == (
            refused.status,
            (await w.ask("GET", "/admin/v1/plans/gold")).status,
        )
        assert "`gold`" in refused.json["error"]["message"]

    within(tmp_path, test, PLANS)


def test_a_subscription_is_renewed(tmp_path):
    """Once it is over its tenant is refused, on the hot path, too; renewed it is let in."""

    async def test(w: World) -> None:
        key = await w.key(tenant="acme")
        now = w.clock.unix()
        wish = {"tenant": "acme", "plan": "plutosai-free", "period_end": now + 60}
        made = await w.ask("POST", "/admin/v1/subscriptions", wish)
        one = f"/admin/v1/subscriptions/{made.json['id']}"
        assert (201, "active", now, now + 60) == (
            made.status,
            made.json["status"],
            made.json["period_start"],
            made.json["period_end"],
        )
        assert 200 == (await w.chat(key)).status

        w.clock.advance(60)
        refused = await w.ask("GET", "/v1/models", key=key)
        assert (403, "expired") == (refused.status, (await w.ask("GET", one)).json["status"])
        assert "subscription" in refused.json["error"]["message"]
        with pytest.raises(Forbidden, match="subscription"):
            await w.chat(key)

        renewed = await w.ask("POST", f"{one}/renew")
        assert (200, now + 120, 200) == (
            renewed.status,
            renewed.json["period_end"],
            (await w.chat(key)).status,
        )
        until = await w.ask("POST", f"{one}/renew", {"period_end": "2100-01-01T00:00:00Z"})
        assert 4_102_444_800.0 == until.json["period_end"]

    within(tmp_path, test)


def test_a_subscription_is_cancelled(tmp_path):
    """It ends now, and stays in the list."""

    async def test(w: World) -> None:
        key = await w.key(tenant="acme")
        ends = w.clock.unix() + 60
        for tenant in ("acme", "other"):
            wish = {"tenant": tenant, "plan": "plutosai-free", "period_end": ends}
            made = (await w.ask("POST", "/admin/v1/subscriptions", wish)).json
            if tenant == "acme":
                mine = made
        gone = await w.ask("DELETE", f"/admin/v1/subscriptions/{mine['id']}")
        again = await w.ask("POST", f"/admin/v1/subscriptions/{mine['id']}/renew")
        everybody = (await w.ask("GET", "/admin/v1/subscriptions?limit=1")).json
        listed = (await w.ask("GET", "/admin/v1/subscriptions?tenant=acme")).json

        assert (200, "cancelled", 409) == (gone.status, gone.json["status"], again.status)
        assert 403 == (await w.ask("GET", "/v1/models", key=key)).status
        assert ([gone.json], True) == (listed["data"], everybody["has_more"])

    within(tmp_path, test)


@pytest.mark.parametrize(
    ("wish", "param"),
    (
        ({"plan": "plutosai-free", "period_end": 9e9}, "tenant"),
        ({"tenant": "a b", "plan": "plutosai-free", "period_end": 9e9}, "tenant"),
        ({"tenant": "acme", "plan": "lead", "period_end": 9e9}, "plan"),
        ({"tenant": "acme", "plan": "plutosai-free", "period_end": 5}, "period_end"),
        ({"tenant": "acme", "plan": "plutosai-free", "period_end": "soon"}, "period_end"),
    ),
)
def test_what_makes_no_sense_is_refused(tmp_path, wish, param):
    """400, naming the field, and nothing is made."""

    async def test(w: World) -> None:
        refused = await w.ask("POST", "/admin/v1/subscriptions", wish)

        assert (400, param) == (refused.status, refused.json["error"]["param"])
        assert [] == (await w.ask("GET", "/admin/v1/subscriptions")).json["data"]

    within(tmp_path, test)


def test_what_is_not_there_is_not_found(tmp_path):
    """404 for each way of naming it."""

    async def test(w: World) -> None:
        one = "/admin/v1/subscriptions/sub_0"
        for method, path in (("GET", one), ("DELETE", one), ("POST", f"{one}/renew")):
            assert 404 == (await w.ask(method, path)).status

    within(tmp_path, test)
