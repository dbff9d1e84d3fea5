"""Tenants and users over HTTP: made, limited, disabled."""

import pytest

from tests.gateway import World, within


def test_a_tenant_is_made_and_changed(tmp_path):
    """Shown with its limits as they were said; there once."""

    async def test(w: World) -> None:
        wish = {"name": "acme", "limits": {"requests_per_minute": 5, "cost_per_day_usd": "2.50"}}
        made = await w.ask("POST", "/admin/v1/tenants", wish)
        twice = await w.ask("POST", "/admin/v1/tenants", wish)
        capped = await w.ask(
            "PATCH", "/admin/v1/tenants/acme", {"budget": {"usd": 9}, "description": "d"}
        )
        replaced = await w.ask(
            "PATCH", "/admin/v1/tenants/acme", {"limits": {"concurrent_requests": 1}}
        )
        bare = await w.ask("PATCH", "/admin/v1/tenants/acme", {"limits": None})

        assert (201, "acme", False) == (made.status, made.json["id"], made.json["disabled"])
        limits = {"requests_per_minute": 5, "cost_per_day_usd": "2.5"}
        assert limits == made.json["limits"]
        assert (409, "conflict") == (twice.status, twice.json["error"]["code"])
        assert {**limits, "cost_total_usd": "9"} == capped.json["limits"]
        assert ({"concurrent_requests": 1}, {}) == (replaced.json["limits"], bare.json["limits"])
        assert "d" == bare.json["description"]
        assert bare.json == (await w.ask("GET", "/admin/v1/tenants/acme")).json

    within(tmp_path, test)


def test_a_tenant_is_made_by_a_key_that_names_it(tmp_path):
    """As is its user; both can be listed, page by page."""

    async def test(w: World) -> None:
        for name in ("b", "a", "c"):
            await w.key(tenant=name, user="ann")
        first = (await w.ask("GET", "/admin/v1/tenants?limit=2")).json
        rest = (await w.ask("GET", "/admin/v1/tenants?limit=2&after=b")).json
        users = (await w.ask("GET", "/admin/v1/tenants/a/users")).json

        assert ("list", ["a", "b"], True) == (
            first["object"],
            [tenant["id"] for tenant in first["data"]],
            first["has_more"],
        )
        assert (["c"], False) == ([tenant["id"] for tenant in rest["data"]], rest["has_more"])
        assert [("ann", "a")] == [(user["id"], user["tenant"]) for user in users["data"]]

    within(tmp_path, test)


@pytest.mark.parametrize(
    ("path", "wish"),
    (
        ("/admin/v1/keys", {"name": "ci"}),
        ("/admin/v1/subscriptions", {"plan": "keyplex-monthly", "period_end": "2100-01-01"}),
        ("/admin/v1/webhooks", {"url": "https://hooks.example.com/", "events": ["*"]}),
        ("/admin/v1/credentials", {"provider": "sim", "api_key": "sk-0123456789"}),
    ),
)
def test_whatever_is_first_made_for_a_tenant_makes_it(tmp_path, path, wish):
    """The same wherever a tenant is named; a name that can be none is refused, and makes nothing."""

    async def test(w: World) -> None:
        refused = await w.ask("POST", path, {**wish, "tenant": "a b"})
        missing = await w.ask("GET", "/admin/v1/tenants/acme")
        made = await w.ask("POST", path, {**wish, "tenant": "acme"})
        tenants = (await w.ask("GET", "/admin/v1/tenants")).json["data"]
        disabled = await w.ask("DELETE", "/admin/v1/tenants/acme")

        assert (400, "tenant") == (refused.status, refused.json["error"]["param"])
        assert 404 == missing.status
        assert "`trunkline tenants create` makes one" in missing.json["error"]["message"]
        assert (201, ["acme"]) == (made.status, [tenant["id"] for tenant in tenants])
        assert (200, True) == (disabled.status, disabled.json["disabled"])

    within(tmp_path, test)


def test_a_webhook_of_the_platform_makes_no_tenant(tmp_path):
    """It is nobody's in particular."""

    async def test(w: World) -> None:
        made = await w.ask(
            "POST", "/admin/v1/webhooks", {"url": "https://hooks.example.com/", "events": ["*"]}
        )

        assert 201 == made.status
        assert [] == (await w.ask("GET", "/admin/v1/tenants")).json["data"]

    within(tmp_path, test)


def test_a_disabled_tenant_is_refused(tmp_path):
    """403 on the hot path and on the control plane, and let in again when it is enabled."""

    async def test(w: World) -> None:
        key = await w.key(tenant="acme")
        shut = await w.ask("DELETE", "/admin/v1/tenants/acme")
        refused = await w.ask("GET", "/v1/models", key=key)
        again = await w.ask("PATCH", "/admin/v1/tenants/acme", {"disabled": False})

        assert (200, True, 403) == (shut.status, shut.json["disabled"], refused.status)
        assert "disabled" in refused.json["error"]["message"]
        assert (False, 200) == (
            again.json["disabled"],
            (await w.ask("GET", "/v1/models", key=key)).status,
        )

    within(tmp_path, test)


def test_a_user_is_made_changed_and_disabled(tmp_path):
    """Its keys are refused, its tenant's others are not."""

    async def test(w: World) -> None:
        users, one = "/admin/v1/tenants/acme/users", "/admin/v1/tenants/acme/users/ann@x.org"
        nowhere = await w.ask("POST", users, {"name": "ann@x.org"})
        await w.ask("POST", "/admin/v1/tenants", {"name": "acme"})
        made = await w.ask("POST", users, {"name": "ann@x.org", "budget": {"usd": 1}})
        key, other = await w.key(tenant="acme", user="ann@x.org"), await w.key(tenant="acme")
        changed = await w.ask("PATCH", one, {"limits": {"requests_per_day": 3}})
        await w.ask("DELETE", one)

        assert (404, 201, {"cost_total_usd": "1"}) == (
            nowhere.status,
            made.status,
            made.json["limits"],
        )
        assert {"requests_per_day": 3} == changed.json["limits"]
        assert [403, 200] == [
            (await w.ask("GET", "/v1/models", key=k)).status for k in (key, other)
        ]
        assert (await w.ask("GET", one)).json["disabled"]

    within(tmp_path, test)


@pytest.mark.parametrize(
    ("method", "path", "body", "param"),
    (
        ("POST", "/admin/v1/tenants", {"name": "a b"}, "name"),
        ("POST", "/admin/v1/tenants", {"name": "a", "limit": {}}, "limit"),
        ("POST", "/admin/v1/tenants", {"name": "a", "limits": {"x": 1}}, "limits.x"),
        ("POST", "/admin/v1/tenants", {"name": "a", "budget": {"usd": -1}}, "budget.usd"),
        ("PATCH", "/admin/v1/tenants/acme", {"name": "b"}, "name"),
        ("PATCH", "/admin/v1/tenants/acme", {"disabled": "yes"}, "disabled"),
        ("GET", "/admin/v1/tenants?limit=0", None, "limit"),
        ("GET", "/admin/v1/tenants?limit=1001", None, "limit"),
        ("GET", "/admin/v1/tenants?page=2", None, "page"),
        ("GET", "/admin/v1/tenants/acme/users?name=x", None, "name"),
    ),
)
def test_what_makes_no_sense_is_refused(tmp_path, method, path, body, param):
    """400, naming the field."""

    async def test(w: World) -> None:
        await w.ask("POST", "/admin/v1/tenants", {"name": "acme"})
        refused = await w.ask(method, path, body)

        assert (400, param) == (refused.status, refused.json["error"]["param"])

    within(tmp_path, test)
