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
