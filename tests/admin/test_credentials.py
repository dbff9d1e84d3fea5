"""Tenants' own credentials over the admin API: never shown, in force at once, billed to nobody else."""

import asyncio
import os
from pathlib import Path

import pytest
from msgspec import json

from tests.gateway import ADMIN_KEY, CONFIG, World, within, world
from tests.tenancy.sealed import Process
from trunkline.config.errors import ConfigError
from trunkline.storage.keks import KEK_FILE

SECRET = "sk-canary-0123456789-wxyz"
PATH = "/admin/v1/credentials"
BRINGING = f"""{CONFIG}
[providers.box]
dialect = "openai-chat"
base_url = "http://127.0.0.1:1/v1"
byok = true
[models.boxed]
targets = ["box/m"]
[models.both]
targets = ["box/m", "sim/sim-chat"]
"""


def body(**more):
    return {"tenant": "acme", "provider": "sim", "api_key": SECRET, **more}


def test_it_is_added_told_and_removed(tmp_path):
    """The secret goes in and never comes out."""

    async def test(w: World) -> None:
        made = await w.ask("POST", PATH, body(label="ours"))
        listed = await w.ask("GET", PATH)
        others = await w.ask("GET", f"{PATH}?tenant=globex")
        gone = await w.ask("DELETE", f"{PATH}/{made.json['id']}")
        again = await w.ask("DELETE", f"{PATH}/{made.json['id']}")

        assert (201, 200, 200, 404) == (made.status, listed.status, gone.status, again.status)
        assert ([made.json], []) == (listed.json["data"], others.json["data"])
        assert ("wxyz", "ours", False, "sim") == (
            made.json["last4"],
            made.json["label"],
            made.json["fallback"],
            made.json["provider"],
        )
        assert gone.json == made.json
        for answer in (made, listed, gone):
            assert b"canary" not in answer.body

    within(tmp_path, test)


@pytest.mark.parametrize(
    ("wrong", "param"),
    (
        ({"provider": "nobody"}, "provider"),
        ({"tenant": "a b"}, "tenant"),
        ({"api_key": "x"}, "api_key"),
        ({"api_key": ["sk-canary"]}, "api_key"),
        ({"fallbck": True}, "fallbck"),
    ),
)
def test_what_would_come_to_nothing_is_refused(tmp_path, wrong, param):
    """By its field, and without the secret."""

    async def test(w: World) -> None:
        refused = await w.ask("POST", PATH, body(**wrong))
        assert (400, param) == (refused.status, refused.json["error"]["param"])
        assert b"canary" not in refused.body

    within(tmp_path, test)


def test_a_key_is_not_enough(tmp_path):
    """It is the admin's."""

    async def test(w: World) -> None:
        key = await w.key()
        routes = (
            ("POST", PATH),
            ("GET", PATH),
            ("DELETE", f"{PATH}/x"),
            ("POST", f"{PATH}/rotate-kek"),
        )
        for method, path in routes:
            assert 401 == (await w.ask(method, path, body(), key=key)).status

    within(tmp_path, test)


async def seen(w: World, reply):
    request_id = reply.header(b"x-trunkline-request-id").decode()
    return (await w.ask("GET", f"/admin/v1/requests/{request_id}")).json


def test_sums_can_leave_out_what_tenants_paid_themselves(tmp_path):
    """For whoever charges them for the rest; its own key can ask the same."""

    async def test(w: World) -> None:
        key = await w.key(tenant="acme")
        await w.chat(key)
        await w.ask("POST", PATH, body())
        for _ in range(2):
            await w.chat(key)

        async def count(query: str, path: str = "/admin/v1/usage", **more) -> int:
            return (await w.ask("GET", f"{path}{query}", **more)).json["total"]["requests"]

        assert [3, 2, 1] == [await count(q) for q in ("", "?byok=true", "?byok=false")]
        assert 2 == await count("?byok=true", "/v1/usage", key=key)
        wrong = await w.ask("GET", "/admin/v1/usage?byok=1")
        assert (400, "byok") == (wrong.status, wrong.json["error"]["param"])

    within(tmp_path, test)


def test_the_tenants_requests_are_asked_with_it_from_now_on(tmp_path):
    """The attempt knows; others' requests are the platform's as before."""

    async def test(w: World) -> None:
        made = await w.ask("POST", PATH, body())
        own = [key.id for key in w.gateway.rooms.own_keys("acme")["sim"]]
        assert [made.json["id"]] == own
        assert w.gateway.rooms.own_keys("default") is None
        reply = await w.chat(await w.key(tenant="acme"))
        assert 200 == reply.status
        assert 1 == len((await seen(w, reply))["attempts"])

    within(tmp_path, test)


def test_a_provider_that_tenants_bring_the_keys_for(tmp_path):
    """Served to those who did; others are told why, or served by the next target."""

    async def test(w: World) -> None:
        await w.ask("POST", PATH, body(provider="box"))
        without, with_one = await w.key(), await w.key(tenant="acme")
        refused = await w.chat(without, "boxed")
        tried = await w.chat(with_one, "boxed")
        fallen = await w.chat(without, "both")
        assert (403, 502, 200) == (refused.status, tried.status, fallen.status)
        assert "yours has brought none" in json.decode(refused.body)["error"]["message"]
        assert b"no connection" in tried.body or b"connect" in tried.body

    within(tmp_path, test, BRINGING)


def test_the_key_it_rests_under_is_changed_in_use(tmp_path):
    """And the next start opens everything."""

    async def main():
        async with world(tmp_path) as w:
            await w.ask("POST", PATH, body())
            before = (tmp_path / KEK_FILE).read_bytes()
            rotated = await w.ask("POST", f"{PATH}/rotate-kek")
            assert (200, 1, True) == (
                rotated.status,
                rotated.json["rewrapped"],
                rotated.json["removed"],
            )
            assert before != (tmp_path / KEK_FILE).read_bytes()
        async with world(tmp_path) as w:
            return w.gateway.rooms.own_keys("acme")["sim"][0].key

    assert SECRET == asyncio.run(main())


@pytest.mark.parametrize("environ", ({}, {"TRUNKLINE_KEK": "11" * 32}))
def test_without_its_key_the_gateway_does_not_start(tmp_path, environ):
    """It says which key it misses, and where it looked."""

    async def main():
        async with world(tmp_path) as w:
            await w.ask("POST", PATH, body())
        (tmp_path / KEK_FILE).unlink()
        async with world(tmp_path, environ={"TRUNKLINE_ADMIN_KEY": ADMIN_KEY, **environ}):
            pass

    with pytest.raises(ConfigError, match="Put it back"):
        asyncio.run(main())


def test_a_given_key_leaves_no_file(tmp_path):
    """And one that is none is refused before anything is opened."""
    around = {"TRUNKLINE_ADMIN_KEY": ADMIN_KEY}

    async def main():
        async with world(tmp_path, environ={**around, "TRUNKLINE_KEK": "11" * 32}) as w:
            assert 201 == (await w.ask("POST", PATH, body())).status
        assert not (tmp_path / KEK_FILE).exists()
        async with world(tmp_path, environ={**around, "TRUNKLINE_KEK": "nonsense"}):
            pass

    with pytest.raises(ConfigError, match="TRUNKLINE_KEK: expected keys of 32 bytes"):
        asyncio.run(main())


def test_another_worker_has_it_within_a_second(tmp_path):
    """Added and removed; it looks four times a second."""

    async def main():
        async with world(tmp_path) as w, Process(tmp_path, os.urandom) as other:
            made = await other.create()
            async with asyncio.timeout(1.0):
                while w.gateway.rooms.own_keys("acme") is None:  # noqa: ASYNC110 - a worker's memory has no Event
                    await asyncio.sleep(0.01)
            await other.service.delete(made.id)
            async with asyncio.timeout(1.0):
                while w.gateway.rooms.own_keys("acme") is not None:  # noqa: ASYNC110 - as above
                    await asyncio.sleep(0.01)

    asyncio.run(main())


def files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_the_secret_appears_nowhere(tmp_path):
    """No log, error, statistic, metric, answer, database column, journal or repr."""

    async def test(w: World) -> None:
        told = [await w.ask("POST", PATH, body(provider=name)) for name in ("sim", "box")]
        key = await w.key(tenant="acme")
        replies = [await w.chat(key, model) for model in ("fast", "boxed", "boxed", "nobody")]
        told += [
            await w.ask("POST", PATH, json.encode(body())[:-3]),
            await w.ask("POST", PATH, body(extra=1)),
            await w.ask("POST", PATH, body(tenant=SECRET + "/")),
            await w.ask("GET", PATH),
            await w.ask("POST", f"{PATH}/rotate-kek"),
            await w.ask("GET", "/admin/v1/statistics"),
            await w.ask("GET", "/metrics"),
            await w.ask("GET", "/admin/v1/usage?group_by=provider"),
            await w.ask("GET", "/admin/v1/openapi.json"),
            *[
                await w.ask("GET", f"/admin/v1/requests/{(await seen(w, r))['id']}")
                for r in replies[:2]
            ],
        ]
        written = b"".join(answer.body for answer in told)
        written += b"".join(piece for reply in replies for piece in reply.written)
        written += b"".join(value for reply in replies for _, value in reply.headers)
        gateway = w.gateway
        own = gateway.rooms.own_keys("acme")
        shown = repr(
            (gateway, gateway.statistics(), own, gateway.credentials, gateway.rooms.providers)
        )
        shown += "".join(w.logged)
        assert b"canary" not in written
        assert "canary" not in shown

    within(tmp_path, test, BRINGING)
    assert b"canary" not in files(tmp_path)
    assert 0o600 == (tmp_path / KEK_FILE).stat().st_mode & 0o777
