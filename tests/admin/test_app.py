"""The control plane as a whole: who may call, and in which shape it refuses."""

import asyncio
import re

import pytest

from tests.gateway import ADMIN_KEY, World, entropy, within, world
from trunkline.admin.app import ROUTES, control_app
from trunkline.admin.base import Policy
from trunkline.canon.errors import Unauthenticated
from trunkline.wiring.gateway import Gateway


def test_nothing_is_open(tmp_path):
    """Every route refuses a caller without a key, and a route of the admin a client's key, too."""

    async def test(w: World) -> None:
        key = await w.key()
        for route in ROUTES:
            path = re.sub(r"\{.*?\}", "fast", route.path)
            nobody = await w.ask(route.method, path, key="")
            assert 401 == nobody.status, route
            client = await w.ask(route.method, path, key=key)
            assert (401 == client.status) == (route.policy is Policy.ADMIN), route

    within(tmp_path, test)


@pytest.mark.parametrize("path", ("/admin/v1/keys", "/metrics"))
@pytest.mark.parametrize("key", ("", "wrong"))
def test_a_refusal_says_where_the_admin_key_is(tmp_path, path, key):
    """A stranger at the door learns which key fits, how it is sent and where it lies."""

    async def test(w: World) -> None:
        refused = await w.ask("GET", path, key=key)

        told = refused.json["error"]["message"]
        assert "This needs the admin key, as `Authorization: Bearer <key>`: it is in TRUNKL" in told
        assert "application/json" == refused.headers["content-type"]

    within(tmp_path, test)


def test_the_admin_key_asks_no_models(tmp_path):
    """Whoever tries is told which key that is, and how to make the other."""

    async def test(w: World) -> None:
        with pytest.raises(Unauthenticated, match=r"the admin key: .* POST /admin/v1/keys"):
            await w.chat(ADMIN_KEY)

    within(tmp_path, test)


def test_the_admin_may_call_what_keys_may(tmp_path):
    """One key manages everything, and sees what clients see."""

    async def test(w: World) -> None:
        assert 200 == (await w.ask("GET", "/v1/models", key=ADMIN_KEY)).status

    within(tmp_path, test)


def test_a_key_with_scopes_needs_the_routes_scope(tmp_path):
    """Not a scope for chatting, but the one to read models."""

    async def test(w: World) -> None:
        chats, reads = await w.key(scopes=("chat:write",)), await w.key(scopes=("models:read",))
        refused = await w.ask("GET", "/v1/models", key=chats)

        assert (403, "permission_denied") == (refused.status, refused.json["error"]["code"])
        assert "models:read" in refused.json["error"]["message"]
        assert 200 == (await w.ask("GET", "/v1/models", key=reads)).status

    within(tmp_path, test)


def test_anthropics_clients_are_refused_in_their_shape(tmp_path):
    """By the header that their SDK sends with every request."""

    async def test(w: World) -> None:
        named = {"anthropic-version": "2023-06-01"}
        refused = await w.ask("GET", "/v1/models/nope", headers=named)

        assert ("error", "not_found_error") == (refused.json["type"], refused.json["error"]["type"])

    within(tmp_path, test)


@pytest.mark.parametrize("meant", ("/admin/v1/keys", "/admin/v1/usage", "/metrics"))
def test_a_slash_too_many_leads_nowhere(tmp_path, meant):
    """An unknown path like any other: nobody is sent to what a Host header names."""

    async def test(w: World) -> None:
        told = await w.ask("GET", f"{meant}/", key="", headers={"host": "evil.example"})
        assert (404, False) == (told.status, "location" in told.headers)
        assert f"; did you mean {meant}" in told.json["error"]["message"]
        assert told.headers["x-trunkline-request-id"].startswith("req_")

    within(tmp_path, test)


def test_an_unknown_path_is_told_in_the_callers_shape(tmp_path):
    """With what is near, of the control plane and of the hot paths beside it."""
    anthropics = {"anthropic-version": "2023-06-01"}

    async def test(w: World) -> None:
        w.app = control_app(w.gateway, entropy(), print, ("/v1/messages",))
        openai = await w.ask("GET", "/v1/model", key="")
        claude = await w.ask("POST", "/messages", key="", headers=anthropics)

        assert (404, "invalid_request_error") == (openai.status, openai.json["error"]["type"])
        assert "; did you mean /v1/models" in openai.json["error"]["message"]
        assert (404, "error", "not_found_error") == (
            claude.status,
            claude.json["type"],
            claude.json["error"]["type"],
        )
        assert "; did you mean /v1/messages" in claude.json["error"]["message"]
        assert claude.headers["x-trunkline-request-id"].startswith("req_")

    within(tmp_path, test)


def test_every_answer_carries_a_request_id(tmp_path):
    """Good and bad ones, each a fresh one."""

    async def test(w: World) -> None:
        answers = [
            await w.ask("GET", "/admin/v1/keys"),
            await w.ask("GET", "/admin/v1/keys/nope"),
            await w.ask("PUT", "/admin/v1/keys"),
        ]
        ids = {answer.headers["x-trunkline-request-id"] for answer in answers}

        assert 3 == len(ids)
        assert all(name.startswith("req_") for name in ids)

    within(tmp_path, test)


def test_a_wrong_method_is_told_in_json(tmp_path):
    """With all methods that the path has, not only those of one route."""

    async def test(w: World) -> None:
        refused = await w.ask("PUT", "/admin/v1/keys")

        assert (405, "GET, POST") == (refused.status, refused.headers["allow"])
        assert "use GET, POST" in refused.json["error"]["message"]

    within(tmp_path, test)


def test_a_bad_configuration_is_refused_with_its_place(tmp_path):
    """400, the caller's to mend: file, line, key and what was expected."""

    async def test(w: World) -> None:
        w.config[0] = "[server]\nport = 'x'\n"
        error = (await w.ask("POST", "/admin/v1/config/reload")).json["error"]

        assert ("invalid_request_error", "invalid_config") == (error["type"], error["code"])
        assert "server.port" == error["param"]
        assert error["message"].startswith("t.toml:2: server.port: expected")

    within(tmp_path, test)


def test_a_bug_is_logged_under_the_id_that_the_caller_got(tmp_path):
    """The caller learns nothing of it but where to find it."""

    class Broken:
        def __init__(self, gateway: Gateway) -> None:
            self._gateway = gateway

        def __getattr__(self, name: str) -> object:
            return getattr(self._gateway, name)

        def statistics(self) -> object:
            raise ZeroDivisionError("planted")

    async def main() -> None:
        async with world(tmp_path) as real:
            w = World(Broken(real.gateway), real.clock, real.config, real.logged)
            told = await w.ask("GET", "/admin/v1/statistics")
            ((where, bug),) = w.bugs

            assert 500 == told.status
            assert b"planted" not in told.body
            assert told.headers["x-trunkline-request-id"] in where
            assert isinstance(bug, ZeroDivisionError)

    asyncio.run(main())


@pytest.mark.parametrize("header", ("x-api-key", "x-plexor-key"))
def test_a_key_may_come_as_each_sdk_sends_it(tmp_path, header):
    """The same places as on the hot path."""

    async def test(w: World) -> None:
        key = await w.key()

        assert 200 == (await w.ask("GET", "/v1/models", key="", headers={header: key})).status

    within(tmp_path, test)
