"""Keys that manage keys, under the keyplex face: a tenant's own, and never more than they are."""

from tests.gateway import ADMIN_KEY, World, within
from trunkline.tenancy.wishes import NewKey

KEYS = "/api/v1/keys"
MANAGER = ("keys:read", "keys:write", "chat:write", "models:read")


def test_a_key_makes_a_key(tmp_path):
    """Of its tenant, with its scopes but for making keys, in the format that is asked for."""

    async def test(w: World) -> None:
        manager = await w.key(tenant="acme", scopes=MANAGER, models=("fast",))
        w.clock.advance(1)
        made = await w.ask("POST", KEYS, {"name": "ci", "face": "keyplex"}, key=manager)
        own = (await w.ask("GET", KEYS, key=manager)).json["data"]

        assert 201 == made.status
        assert ("acme", ["chat:write", "models:read"], ["fast"]) == (
            made.json["tenant"],
            made.json["scopes"],
            made.json["models"],
        )
        assert made.json["key"].startswith("kpx_")
        assert ["test", "ci"] == [key["name"] for key in own]
        assert own[0]["id"] == own[1]["created_by"] == made.json["created_by"]
        assert not any("key" in key for key in own)
        assert 200 == (await w.ask("GET", "/v1/models", key=made.json["key"])).status
        refused = await w.ask("POST", KEYS, {"name": "more"}, key=made.json["key"])
        assert 403 == refused.status

    within(tmp_path, test)


def test_a_key_cannot_grant_what_it_has_not(tmp_path):
    """403, naming the field; its own tenant it may name."""

    async def test(w: World) -> None:
        manager = await w.key(tenant="acme", scopes=MANAGER, models=("fast",))
        for wish, param in (
            ({"tenant": "other"}, "tenant"),
            ({"tenant": "default"}, "tenant"),
            ({"scopes": ["usage:read"]}, "scopes"),
            ({"models": ["*"]}, "models"),
            ({"pipes": ["*"]}, "pipes"),
        ):
            refused = await w.ask("POST", KEYS, {"name": "x", **wish}, key=manager)
            assert (403, param) == (refused.status, refused.json["error"]["param"])
        for wish in ({}, {"tenant": "acme"}):
            made = await w.ask("POST", KEYS, {"name": "x", **wish}, key=manager)
            assert (201, "acme") == (made.status, made.json["tenant"])

    within(tmp_path, test)


def test_a_revoked_key_takes_those_with_it_that_it_made(tmp_path):
    """At once; and a key can revoke what it made, and be rotated by it."""

    async def test(w: World) -> None:
        manager = await w.gateway.key_service.create(NewKey(name="manager", scopes=MANAGER))
        one, two = [
            (await w.ask("POST", KEYS, {"name": n}, key=manager.key)).json for n in ("1", "2")
        ]
        gone = await w.ask("DELETE", f"{KEYS}/{one['id']}", key=manager.key)
        turned = await w.ask(
            "POST", f"{KEYS}/{two['id']}/rotate", {"overlap_seconds": 5}, key=manager.key
        )
        assert (200, "revoked", 201) == (gone.status, gone.json["status"], turned.status)
        assert [401, 200, 200] == [
            (await w.ask("GET", "/v1/models", key=key["key"])).status
            for key in (one, two, turned.json)
        ]

        await w.ask("DELETE", f"/admin/v1/keys/{manager.id}")
        assert [401, 401] == [
            (await w.ask("GET", "/v1/models", key=key["key"])).status for key in (two, turned.json)
        ]

    within(tmp_path, test)


def test_lists_leave_others_keys_out(tmp_path):
    """Another tenant's, and, of a key that is a user's, other users'."""

    async def test(w: World) -> None:
        anns = await w.key(name="ann's", tenant="acme", user="ann", scopes=MANAGER)
        w.clock.advance(1)
        whole = await w.key(name="all's", tenant="acme", scopes=MANAGER)
        w.clock.advance(1)
        await w.key(name="bob's", tenant="acme", user="bob")
        await w.key(name="evil", tenant="evil")
        names = [
            [key["name"] for key in (await w.ask("GET", KEYS, key=key)).json["data"]]
            for key in (anns, whole)
        ]
        page = (await w.ask("GET", f"{KEYS}?limit=1", key=whole)).json

        assert [["ann's"], ["ann's", "all's", "bob's"]] == names
        assert (["ann's"], True) == ([key["name"] for key in page["data"]], page["has_more"])

    within(tmp_path, test)


def test_refusals_have_the_faces_shape(tmp_path):
    """Keyplex's, whatever is wrong: type, code, message, param and request_id."""

    async def test(w: World) -> None:
        manager, plain = await w.key(scopes=MANAGER), await w.key(scopes=("chat:write",))
        told = [
            await w.ask("GET", KEYS, key=plain),
            await w.ask("GET", KEYS, key=""),
            await w.ask("GET", f"{KEYS}/nope", key=manager),
            await w.ask("POST", KEYS, {"name": "x", "limits": []}, key=manager),
            await w.ask("PUT", KEYS, key=manager),
            await w.ask("GET", "/api/v1/nothing", key=manager),
        ]

        assert [
            (403, "permission_error", "permission_denied", None),
            (401, "authentication_error", "invalid_api_key", None),
            (404, "invalid_request_error", "not_found", "id"),
            (400, "invalid_request_error", "invalid_request", "limits"),
            (405, "invalid_request_error", "method_not_allowed", None),
            (404, "invalid_request_error", "not_found", None),
        ] == [
            (one.status, *(one.json["error"][name] for name in ("type", "code", "param")))
            for one in told
        ]
        assert all(one.json["error"]["request_id"].startswith("req_") for one in told)

    within(tmp_path, test)


def test_the_admin_key_is_told_where_its_own_are(tmp_path):
    """It belongs to no tenant."""

    async def test(w: World) -> None:
        told = await w.ask("GET", KEYS, key=ADMIN_KEY)

        assert 403 == told.status
        assert "/admin/v1/keys" in told.json["error"]["message"]

    within(tmp_path, test)


def test_a_key_rotates_no_key_that_it_did_not_make(tmp_path):
    """The successor's secret would let it do what that key may: 403, and the key stays as it is."""

    async def test(w: World) -> None:
        manager = await w.key(tenant="acme", scopes=MANAGER, models=("fast",))
        strong = await w.gateway.key_service.create(NewKey(name="strong", tenant="acme"))
        made = (await w.ask("POST", KEYS, {"name": "deputy", "scopes": MANAGER}, key=manager)).json
        below = (await w.ask("POST", KEYS, {"name": "below"}, key=made["key"])).json
        others = await w.ask("POST", f"{KEYS}/{strong.id}/rotate", {}, key=manager)
        upward = await w.ask("POST", f"{KEYS}/{made['created_by']}/rotate", {}, key=made["key"])
        deeper = await w.ask("POST", f"{KEYS}/{below['id']}/rotate", {}, key=manager)

        assert [(403, "id"), (403, "id"), (201, None)] == [
            (told.status, told.json.get("error", {}).get("param"))
            for told in (others, upward, deeper)
        ]
        view = await w.gateway.key_service.get(strong.id)
        assert ("active", None) == (view.status, view.expires_at)

    within(tmp_path, test)


def test_a_key_revokes_no_key_that_it_did_not_make(tmp_path):
    """Whoever stole it could lock the whole tenant out: 403, and the key goes on."""

    async def test(w: World) -> None:
        manager = await w.key(tenant="acme", scopes=MANAGER, models=("fast",))
        other = await w.gateway.key_service.create(NewKey(name="other", tenant="acme"))
        made = (await w.ask("POST", KEYS, {"name": "deputy", "scopes": MANAGER}, key=manager)).json
        below = (await w.ask("POST", KEYS, {"name": "below"}, key=made["key"])).json
        others = await w.ask("DELETE", f"{KEYS}/{other.id}", key=manager)
        upward = await w.ask("DELETE", f"{KEYS}/{made['created_by']}", key=made["key"])
        deeper = await w.ask("DELETE", f"{KEYS}/{below['id']}", key=manager)
        itself = await w.ask("DELETE", f"{KEYS}/{made['id']}", key=made["key"])

        assert [(403, "id"), (403, "id"), (200, None), (200, None)] == [
            (told.status, told.json.get("error", {}).get("param"))
            for told in (others, upward, deeper, itself)
        ]
        assert 200 == (await w.ask("GET", "/v1/models", key=other.key)).status
        assert 200 == (await w.ask("GET", "/v1/models", key=manager)).status

    within(tmp_path, test)


def test_a_successor_ends_the_key_it_succeeds(tmp_path):
    """Both are one key, and either says so by `counted_as`."""

    async def test(w: World) -> None:
        old = await w.gateway.key_service.create(NewKey(name="manager", scopes=MANAGER))
        new = (await w.ask("POST", f"{KEYS}/{old.id}/rotate", {}, key=old.key)).json
        gone = await w.ask("DELETE", f"{KEYS}/{old.id}", key=new["key"])

        assert (200, "revoked") == (gone.status, gone.json["status"])
        assert [old.id, old.id] == [gone.json["counted_as"], new["counted_as"]]
        assert 200 == (await w.ask("GET", "/v1/models", key=new["key"])).status

    within(tmp_path, test)


def test_a_key_that_rotates_itself_lives_no_longer(tmp_path):
    """Its end was set by who made it; the admin's rotation gives it another life."""

    async def test(w: World) -> None:
        end = w.clock.unix() + 1000
        manager = await w.gateway.key_service.create(
            NewKey(name="manager", scopes=MANAGER, expires_at=end)
        )
        w.clock.advance(900)
        itself = await w.ask("POST", f"{KEYS}/{manager.id}/rotate", {}, key=manager.key)
        admins = await w.ask("POST", f"/admin/v1/keys/{manager.id}/rotate", {})

        assert [(201, end), (201, end + 900)] == [
            (told.status, told.json["expires_at"]) for told in (itself, admins)
        ]

    within(tmp_path, test)
