"""Virtual keys over HTTP: shown once, listed without their secret, revoked at once."""

import pytest

from tests.gateway import World, within
from trunkline.canon.errors import Unauthenticated


def test_a_key_is_shown_once_and_works(tmp_path):
    """Created, it opens the door; nothing shows it again."""

    async def test(w: World) -> None:
        made = await w.ask("POST", "/admin/v1/keys", {"name": "ci", "tenant": "acme"})
        key = made.json["key"]
        listed = await w.ask("GET", "/admin/v1/keys")
        one = await w.ask("GET", f"/admin/v1/keys/{made.json['id']}")

        assert (201, "acme") == (made.status, made.json["tenant"])
        assert 200 == (await w.ask("GET", "/v1/models", key=key)).status
        assert [one.json] == listed.json["data"]
        assert ("ci", "active") == (one.json["name"], one.json["status"])
        assert "key" not in one.json
        assert key.encode() not in listed.body + one.body

    within(tmp_path, test)


def test_a_revoked_key_is_refused_at_once(tmp_path):
    """By this process without waiting; and revoking twice is no error."""

    async def test(w: World) -> None:
        made = (await w.ask("POST", "/admin/v1/keys", {"name": "gone"})).json
        first = await w.ask("DELETE", f"/admin/v1/keys/{made['id']}")
        second = await w.ask("DELETE", f"/admin/v1/keys/{made['id']}")

        assert (200, "revoked") == (first.status, first.json["status"])
        assert first.json == second.json
        assert 401 == (await w.ask("GET", "/v1/models", key=made["key"])).status
        with pytest.raises(Unauthenticated):
            await w.chat(made["key"])

    within(tmp_path, test)


@pytest.mark.parametrize("given", ("2026-11-30T10:00:00Z", 1_796_032_800, "1796032800"))
def test_a_key_may_expire(tmp_path, given):
    """At a date as people write it, or in Unix seconds."""

    async def test(w: World) -> None:
        wish = {"name": "short", "expires_at": given}
        made = (await w.ask("POST", "/admin/v1/keys", wish)).json
        assert 1_796_032_800.0 == made["expires_at"]

        w.clock.advance(1_796_032_800.0 - w.clock.unix())
        assert 401 == (await w.ask("GET", "/v1/models", key=made["key"])).status
        assert "expired" == (await w.ask("GET", "/admin/v1/keys")).json["data"][0]["status"]

    within(tmp_path, test)


@pytest.mark.parametrize(
    ("wish", "param"),
    (
        ({"name": "x", "expires_at": "tomorrow"}, "expires_at"),
        ({"name": "x", "expires_at": 1.0}, "expires_at"),
        ({"name": "x", "expires_at": 1_796_032_800_000}, "expires_at"),
        ({"name": " "}, "name"),
        ({"name": "x", "tenant": "a b"}, "tenant"),
        ({"name": "x", "scopes": "chat:write"}, "scopes"),
    ),
)
def test_a_wrong_wish_is_refused_by_its_field(tmp_path, wish, param):
    """And no key is made; milliseconds would have broken every later listing."""

    async def test(w: World) -> None:
        refused = await w.ask("POST", "/admin/v1/keys", wish)

        assert (400, param) == (refused.status, refused.json["error"]["param"])
        assert [] == (await w.ask("GET", "/admin/v1/keys")).json["data"]

    within(tmp_path, test)


@pytest.mark.parametrize("method", ("GET", "DELETE"))
def test_an_unknown_key_is_not_found(tmp_path, method):
    """404, naming it."""

    async def test(w: World) -> None:
        told = await w.ask(method, "/admin/v1/keys/nope")

        assert 404 == told.status
        assert "`nope`" in told.json["error"]["message"]

    within(tmp_path, test)


def test_a_key_is_replaced_by_a_successor(tmp_path):
    """Shown once; both are valid for a day, or for as long as is asked."""

    async def test(w: World) -> None:
        old = (
            await w.ask("POST", "/admin/v1/keys", {"name": "ci", "scopes": ["models:read"]})
        ).json
        path = f"/admin/v1/keys/{old['id']}/rotate"
        first = await w.ask("POST", path)
        second = await w.ask("POST", path, {"overlap_seconds": 0})

        assert (201, "ci", ["models:read"], old["id"]) == (
            first.status,
            first.json["name"],
            first.json["scopes"],
            first.json["replaces"],
        )
        assert w.clock.unix() + 86_400 == first.json["replaced_expires_at"]
        for key, status in ((old, 401), (first.json, 200), (second.json, 200)):
            assert status == (await w.ask("GET", "/v1/models", key=key["key"])).status

    within(tmp_path, test)


def test_a_rotation_that_cannot_be(tmp_path):
    """404 for nobody's key; 400 with the field that is wrong."""

    async def test(w: World) -> None:
        key = (await w.ask("POST", "/admin/v1/keys", {"name": "ci"})).json
        path = f"/admin/v1/keys/{key['id']}/rotate"
        nobody = await w.ask("POST", "/admin/v1/keys/nope/rotate")
        negative = await w.ask("POST", path, {"overlap_seconds": -1})
        mistyped = await w.ask("POST", path, {"overlap": 5})

        assert (404, 400, 400) == (nobody.status, negative.status, mistyped.status)
        assert "overlap_seconds" == negative.json["error"]["param"]
        assert "overlap" == mistyped.json["error"]["param"]

    within(tmp_path, test)


EVERYTHING = {
    "name": "ci",
    "tenant": "acme",
    "user": "ann",
    "scopes": ["chat:write"],
    "plan": "keyplex-monthly",
    "models": ["fast"],
    "providers": ["sim"],
    "modes": ["eco"],
    "pipes": ["cache"],
    "tags": ["q4"],
    "face": "plexor",
    "limits": {
        "requests_per_minute": 60,
        "tokens_per_day": 1000,
        "concurrent_requests": 2,
        "cost_per_day_usd": 0.1,
        "models": {"fast": {"requests_per_day": 5}},
    },
    "budget": {"usd": "10.00", "period": "month"},
}


def test_a_key_says_all_that_it_may(tmp_path):
    """Shown as it was asked for, money as exact text; and its principal has it."""

    async def test(w: World) -> None:
        made = await w.ask("POST", "/admin/v1/keys", EVERYTHING)
        one = (await w.ask("GET", f"/admin/v1/keys/{made.json['id']}")).json
        same = {k: v for k, v in EVERYTHING.items() if k not in ("limits", "budget")}
        principal = w.gateway.keys.authenticate(made.json["key"].encode(), w.clock.unix())

        assert 201 == made.status
        assert same == {name: one[name] for name in same}
        assert {
            **EVERYTHING["limits"],
            "cost_per_day_usd": "0.1",
            "cost_per_month_usd": "10",
        } == one["limits"]
        assert made.json["key"].startswith("plx_ann_")
        assert {
            "requests_per_minute": 60,
            "tokens_per_minute": 150_000,
            "tokens_per_day": 1000,
            "concurrent_requests": 2,
            "cost_per_day_usd": 100_000_000,
            "cost_per_month_usd": 10_000_000_000,
        } == {limit.field: limit.most for limit in principal.limits}
        assert [5] == [limit.most for limit in principal.model_limits["fast"]]

    within(tmp_path, test)


@pytest.mark.parametrize(
    ("face", "prefix"),
    (
        ("trunkline", "tl_"),
        ("plexor", "plx_acme_"),
        ("keyplex", "kpx_"),
        ("prxy", "prxy_live_"),
    ),
)
def test_a_key_of_any_face_opens_every_face(tmp_path, face, prefix):
    """Whatever it looks like."""

    async def test(w: World) -> None:
        wish = {"name": "n", "tenant": "acme", "face": face}
        key = (await w.ask("POST", "/admin/v1/keys", wish)).json["key"]

        assert key.startswith(prefix)
        assert 200 == (await w.ask("GET", "/v1/models", key=key)).status
        assert 200 == (await w.chat(key, path="/api/v1/chat/completions")).status

    within(tmp_path, test)


def test_a_key_is_changed(tmp_path):
    """What is named alone; null and a star are any; at once."""

    async def test(w: World) -> None:
        made = (await w.ask("POST", "/admin/v1/keys", EVERYTHING)).json
        path = f"/admin/v1/keys/{made['id']}"
        same = await w.ask("PATCH", path, {})
        changed = await w.ask(
            "PATCH",
            path,
            {
                "name": "new",
                "plan": None,
                "user": None,
                "scopes": ["models:read"],
                "models": None,
                "pipes": ["*"],
                "limits": {"requests_per_day": 1},
                "expires_at": "2100-01-01",
            },
        )
        capped = await w.ask("PATCH", path, {"budget": {"usd": 1, "period": "day"}})

        assert {k: v for k, v in made.items() if k != "key"} == same.json
        assert (
            "new",
            None,
            None,
            ["models:read"],
            None,
            None,
            ["eco"],
            {"requests_per_day": 1},
        ) == (
            *(changed.json[name] for name in ("name", "plan", "user", "scopes", "models", "pipes")),
            changed.json["modes"],
            changed.json["limits"],
        )
        assert 4_102_444_800.0 == changed.json["expires_at"]
        assert {"requests_per_day": 1, "cost_per_day_usd": "1"} == capped.json["limits"]
        assert 200 == (await w.ask("GET", "/v1/models", key=made["key"])).status

    within(tmp_path, test)


@pytest.mark.parametrize(
    ("change", "status", "param"),
    (
        ({"tenant": "other"}, 400, "tenant"),
        ({"mac": ""}, 400, "mac"),
        ({"revoked_at": None}, 400, "revoked_at"),
        ({"scopes": ["admin"]}, 400, "scopes"),
        ({"limits": {"requests_per_day": -1}}, 400, "limits.requests_per_day"),
        ({"plan": "lead"}, 400, "plan"),
        ({"expires_at": 5}, 400, "expires_at"),
    ),
)
def test_a_change_that_cannot_be(tmp_path, change, status, param):
    """Who a key is stays; the field is named, and nothing changes."""

    async def test(w: World) -> None:
        made = (await w.ask("POST", "/admin/v1/keys", {"name": "ci"})).json
        path = f"/admin/v1/keys/{made['id']}"
        refused = await w.ask("PATCH", path, change)

        assert (status, param) == (refused.status, refused.json["error"]["param"])
        assert {k: v for k, v in made.items() if k != "key"} == (await w.ask("GET", path)).json
        assert 404 == (await w.ask("PATCH", "/admin/v1/keys/nope", {})).status

    within(tmp_path, test)


def test_keys_are_found(tmp_path):
    """By tenant, user, plan, tag and status, page by page; an unknown filter is no filter."""

    async def test(w: World) -> None:
        for number in range(3):
            await w.key(name=f"k{number}", tenant="acme", tags=(f"t{number}",))
            w.clock.advance(1)
        await w.key(name="other", user="ann", plan="plutosai-pro")

        async def names(query: str) -> list[str]:
            listed = (await w.ask("GET", f"/admin/v1/keys?{query}")).json
            return [key["name"] for key in listed["data"]]

        assert ["k0", "k1", "k2"] == await names("tenant=acme&status=active")
        assert ["k1"] == await names("tag=t1")
        assert ["other"] == await names("user=ann&plan=plutosai-pro")
        first = (await w.ask("GET", "/admin/v1/keys?limit=3")).json
        assert first["has_more"]
        assert 1 == len(await names(f"limit=3&after={first['data'][-1]['id']}"))
        for query in ("status=odd", "owner=acme", "limit=x"):
            assert 400 == (await w.ask("GET", f"/admin/v1/keys?{query}")).status

    within(tmp_path, test)


@pytest.mark.parametrize(
    ("wish", "param"),
    (
        ({"limits": {"cost_total_usd": "NaN"}}, "limits.cost_total_usd"),
        ({"limits": [1]}, "limits"),
        ({"budget": {"usd": "10", "period": "year"}}, "budget.period"),
        ({"budget": 10}, "budget"),
        ({"plan": "lead"}, "plan"),
        ({"face": "openai"}, "face"),
        ({"user": "a/b"}, "user"),
        ({"modes": ["fast"]}, "modes"),
    ),
)
def test_what_a_key_may_not_be_asked_for_with(tmp_path, wish, param):
    """400, naming the field."""

    async def test(w: World) -> None:
        refused = await w.ask("POST", "/admin/v1/keys", {"name": "x", **wish})

        assert (400, param) == (refused.status, refused.json["error"]["param"])

    within(tmp_path, test)
