"""Webhooks over HTTP: each tenant's own, in the shape of each face's path."""

import pytest

from tests.gateway import CONFIG, World, within

# Nobody listens there: whatever is sent is refused by this machine at once.
URL = "http://127.0.0.1:1/in"
WISH = {"url": URL, "events": ["api_key.created"]}
PATHS = (
    ("/v1/webhooks", "native"),
    ("/api/v1/webhooks", "keyplex"),
    ("/plutos/v1/webhooks", "plutosai"),
)
PRIVATE = f"[webhooks]\nallow_private = true\n{CONFIG}"


@pytest.mark.parametrize(("path", "face"), PATHS)
def test_a_webhook_lives_and_dies(tmp_path, path, face):
    """By a tenant's key: its secret is shown when it is made and by a rotation, and not else."""

    async def test(w: World) -> None:
        key = await w.key(tenant="acme")
        made = await w.ask("POST", path, WISH, key=key)
        one = f"{path}/{made.json['id']}"
        got = await w.ask("GET", one, key=key)
        listed = await w.ask("GET", path, key=key)
        changed = await w.ask("PATCH", one, {"enabled": False}, key=key)
        turned = await w.ask("POST", f"{one}/rotate", {"overlap_seconds": 60}, key=key)
        tested = await w.ask("POST", f"{one}/test", key=key)
        sent = await w.ask("GET", f"{one}/deliveries", key=key)
        again = await w.ask("POST", f"{one}/deliveries/{tested.json['id']}/redeliver", key=key)
        gone = await w.ask("DELETE", one, key=key)

        secret = made.json["secret"]
        assert (201, face, "acme") == (made.status, made.json["face"], made.json["tenant"])
        assert (200, [got.json]) == (listed.status, listed.json["data"])
        assert {**got.json, "secret": secret} == made.json
        assert (200, False) == (changed.status, changed.json["enabled"])
        assert turned.json["secret"] not in (secret, None)
        assert (202, "webhook.test") == (tested.status, tested.json["type"])
        assert [tested.json["id"]] == [delivery["id"] for delivery in sent.json["data"]]
        assert (202, tested.json["id"]) == (again.status, again.json["id"])
        assert (200, True) == (gone.status, gone.json["deleted"])
        assert 404 == (await w.ask("GET", one, key=key)).status

    within(tmp_path, test, PRIVATE)


@pytest.mark.parametrize("path", [path for path, _ in PATHS])
def test_a_neighbour_s_webhook_is_not_found(tmp_path, path):
    """By any call that names it, on any face's path; lists leave it out."""

    async def test(w: World) -> None:
        key, other = await w.key(tenant="acme"), await w.key(tenant="evil")
        made = await w.ask("POST", path, WISH, key=key)
        tested = await w.ask("POST", f"{path}/{made.json['id']}/test", key=key)
        for base, _ in PATHS:
            one = f"{base}/{made.json['id']}"
            for method, target, body in (
                ("GET", one, None),
                ("PATCH", one, {"enabled": False}),
                ("DELETE", one, None),
                ("POST", f"{one}/rotate", None),
                ("POST", f"{one}/test", None),
                ("GET", f"{one}/deliveries", None),
                ("POST", f"{one}/deliveries/{tested.json['id']}/redeliver", None),
            ):
                assert 404 == (await w.ask(method, target, body, key=other)).status, target
            assert [] == (await w.ask("GET", base, key=other)).json["data"]
        assert (await w.ask("GET", f"{path}/{made.json['id']}", key=key)).json["enabled"]

    within(tmp_path, test, PRIVATE)


def test_a_key_needs_the_scope(tmp_path):
    """To read or to write; a key without scopes may do both."""

    async def test(w: World) -> None:
        reader = await w.key(scopes=("webhooks:read",))
        writer = await w.key(scopes=("webhooks:write",))
        for path, _ in PATHS:
            assert 403 == (await w.ask("POST", path, WISH, key=reader)).status
            assert 200 == (await w.ask("GET", path, key=reader)).status
            assert 201 == (await w.ask("POST", path, WISH, key=writer)).status
            assert 403 == (await w.ask("GET", path, key=writer)).status
            assert 401 == (await w.ask("GET", path, key="")).status

    within(tmp_path, test, PRIVATE)


def test_the_admin_key_sees_everybody_s(tmp_path):
    """And makes them for any tenant, or for the platform; tenants' paths do not make nobody's."""

    async def test(w: World) -> None:
        base = "/admin/v1/webhooks"
        platform = await w.ask("POST", base, {**WISH, "events": ["provider.down", "*"]})
        acme = await w.ask("POST", base, {**WISH, "tenant": "acme", "face": "keyplex"})
        nobody = await w.ask("POST", "/v1/webhooks", WISH)
        every = await w.ask("GET", base)
        some = await w.ask("GET", f"{base}?tenant=acme")

        assert ("*", "native", ["*"]) == (
            platform.json["tenant"],
            platform.json["face"],
            platform.json["events"],
        )
        assert 403 == nobody.status
        assert [platform.json["id"], acme.json["id"]] == [one["id"] for one in every.json["data"]]
        assert [acme.json["id"]] == [one["id"] for one in some.json["data"]]
        key = await w.key(tenant="acme")
        assert 200 == (await w.ask("GET", f"/api/v1/webhooks/{acme.json['id']}", key=key)).status
        assert 200 == (await w.ask("DELETE", f"{base}/{acme.json['id']}")).status
        assert 401 == (await w.ask("GET", base, key=key)).status

    within(tmp_path, test, PRIVATE)


@pytest.mark.parametrize(
    ("wish", "param"),
    (
        ({"url": "https://127.0.0.1/"}, "url"),
        ({"url": "http://hooks.example.com/"}, "url"),
        ({"events": ["provider.down"]}, "events"),
        ({"events": []}, "events"),
        ({"secret": ""}, "secret"),
        ({"secret": "whsec_short"}, "secret"),
        ({"tenant": "evil"}, "tenant"),
        ({"face": "native"}, "face"),
    ),
)
def test_a_wrong_wish_is_refused_by_its_field(tmp_path, wish, param):
    """A tenant's key names neither tenant nor face."""

    async def test(w: World) -> None:
        right = {**WISH, "url": "https://hooks.example.com/in"}
        refused = await w.ask("POST", "/v1/webhooks", {**right, **wish}, key=await w.key())

        assert (400, param) == (refused.status, refused.json["error"]["param"])

    within(tmp_path, test)


@pytest.mark.parametrize("query", ("limit=0", "limit=201", "limit=x", "status=lost"))
def test_a_wrong_query_is_refused(tmp_path, query):
    """With what it takes."""

    async def test(w: World) -> None:
        key = await w.key()
        made = await w.ask("POST", "/v1/webhooks", WISH, key=key)
        path = f"/v1/webhooks/{made.json['id']}/deliveries?{query}"

        assert 400 == (await w.ask("GET", path, key=key)).status

    within(tmp_path, test, PRIVATE)


def test_private_targets_are_a_setting(tmp_path):
    """Off by default."""

    async def test(w: World) -> None:
        refused = await w.ask("POST", "/v1/webhooks", WISH, key=await w.key())
        assert (400, "url") == (refused.status, refused.json["error"]["param"])

    within(tmp_path, test)


def test_neither_url_nor_secret_is_logged(tmp_path):
    """A delivery that fails tells the log nothing of either."""

    async def test(w: World) -> None:
        wish = {**WISH, "url": f"{URL}?token=t0p-s3cret"}
        key = await w.key()
        made = await w.ask("POST", "/v1/webhooks", wish, key=key)
        await w.ask("POST", f"/v1/webhooks/{made.json['id']}/test", key=key)
        text = "".join(w.logged)

        assert "t0p-s3cret" not in text
        assert made.json["secret"] not in text

    within(tmp_path, test, PRIVATE)
