"""Tokens of a configured issuer, from the client's request to the books, over every face."""

import asyncio
import hashlib
import hmac

import pytest
from msgspec import json

from tests.gateway import CONFIG, World, endpoints, head, world
from tests.tenancy.signers import (
    AUDIENCE,
    ISSUER,
    SECRET,
    claims,
    ec_key,
    forged,
    jwk,
    jwks,
    pem,
    rsa_key,
    signed,
)
from trunkline.canon.errors import GatewayError
from trunkline.testing.fakes import FakeReply

TRUSTING = f"""{CONFIG}
[[auth.issuers]]
issuer = "{ISSUER}"
audience = "{AUDIENCE}"
name = "login"
secret = "{SECRET}"
"""
FOREIGN = "http://127.0.0.1:1/jwks"
CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
PATHS = (
    CHAT,
    MESSAGES,
    "/api/v1/chat/completions",
    "/gateway/openai/v1/chat/completions",
    "/gateway/anthropic/v1/messages",
    "/v1beta/models/fast:generateContent",
)


def within(folder, test, config=TRUSTING):
    async def main():
        async with world(folder, config) as w:
            result = await test(w)
            assert [] == w.bugs
            return result

    return asyncio.run(main())


def token(w: World, key=SECRET, algorithm="HS256", header=None, **said) -> str:
    return signed(claims(w.clock.unix(), **said), key, algorithm, **(header or {})).decode()


async def ask(w: World, shown: str, path: str = CHAT):
    """As the edge does: what `begin` raises is told in the mount's own shape."""
    said = [{"role": "user", "content": "Say hello."}]
    body = json.encode({"model": "fast", "max_tokens": 20, "messages": said})
    if "v1beta" in path:
        body = json.encode({"contents": [{"role": "user", "parts": [{"text": "hello"}]}]})
    hot = endpoints(w.gateway)
    endpoint = hot.get((b"POST", path.encode())) or hot[b"POST", b"/v1beta/{model}:generateContent"]
    reply = FakeReply()
    asked = head(shown, path, w.clock)
    asked.headers[b"content-length"] = b"%d" % len(body)
    try:
        await endpoint.begin(asked).run(body, reply)
    except GatewayError as error:
        told = endpoint.refuse(error, "req_1")
        reply.whole(told.status, told.headers, told.body)
    return reply


@pytest.mark.parametrize("path", PATHS)
def test_a_token_is_as_good_as_a_key_on_every_face(tmp_path, path):
    """As a bearer token, where a key would stand."""

    async def test(w):
        mounted = {p for _, p in endpoints(w.gateway)}
        if path.encode() not in mounted and "v1beta" not in path:
            pytest.fail(f"{path} is not mounted; there are {sorted(mounted)}")
        return await ask(w, token(w), path)

    assert 200 == within(tmp_path, test).status


def test_the_books_say_who_called(tmp_path):
    """The tenant, and a key id that names issuer and subject; a key-level route shows its own."""

    async def test(w):
        shown = token(w, scope="chat:write usage:read")
        reply = await ask(w, shown)
        request_id = reply.header(b"x-trunkline-request-id").decode()
        seen = await w.ask("GET", f"/v1/requests/{request_id}", key=shown)
        others = await w.ask("GET", f"/v1/requests/{request_id}", key=token(w, sub="bob"))
        return seen, others

    seen, others = within(tmp_path, test)
    assert (200, "acme", "jwt:login:alice") == (
        seen.status,
        seen.json["tenant"],
        seen.json["key_id"],
    )
    assert 404 == others.status


def test_scopes_and_models_bind(tmp_path):
    """403, as for a key."""

    async def test(w):
        return [
            (await ask(w, shown)).status
            for shown in (
                token(w, scope="models:read"),
                token(w, scope="openid"),
                token(w, models=["another"]),
                token(w, scope="chat:write", models=["fast"]),
            )
        ]

    assert [403, 403, 403, 200] == within(tmp_path, test)


REFUSED = {
    "expired": lambda w: token(w, exp=int(w.clock.unix()) - 60),
    "not valid yet": lambda w: token(w, nbf=int(w.clock.unix()) + 60),
    "audience is `trunkline`": lambda w: token(w, aud="other"),
    "issuer (iss) is none": lambda w: token(w, iss="https://evil.example/"),
    "signature is wrong": lambda w: token(w, "x" * 40),
    "takes HS256": lambda w: forged({"alg": "none"}, claims(w.clock.unix()), b"").decode(),
    "lacks the claim `tenant`": lambda w: token(w, tenant=None),
    "at most 8192": lambda w: token(w, more="x" * 9000),
    "three parts": lambda w: "eyJ.!.x",
}


@pytest.mark.parametrize("told", REFUSED)
@pytest.mark.parametrize("path", (CHAT, MESSAGES))
def test_a_refusal_is_told_in_the_clients_dialect(tmp_path, path, told):
    """401 in its own shape, with what to do; on the control plane as well."""

    async def test(w):
        shown = REFUSED[told](w)
        reply = await ask(w, shown, path)
        shape = {"anthropic-version": "2023-06-01"} if path == MESSAGES else {}
        listed = await w.ask("GET", "/v1/models", key=shown, headers=shape)
        return reply, listed

    reply, listed = within(tmp_path, test)
    assert (401, 401) == (reply.status, listed.status)
    for body in (json.decode(reply.body), listed.json):
        assert told in body["error"]["message"]
        kind = "authentication_error" if path == MESSAGES else "invalid_request_error"
        assert kind == body["error"]["type"]


def test_a_public_key_is_no_secret_on_the_wire_either(tmp_path):
    """A token signed with the text of the public key is refused; one of its other half is not."""
    config = TRUSTING.replace(f'secret = "{SECRET}"', f"public_key = '''{pem(rsa_key())}'''")

    async def test(w):
        head_, said = {"alg": "HS256", "typ": "JWT"}, claims(w.clock.unix())
        unsigned = forged(head_, said, b"").rstrip(b".")
        mac = hmac.digest(pem(rsa_key()).encode(), unsigned, hashlib.sha256)
        confused = await ask(w, forged(head_, said, mac).decode())
        good = await ask(w, token(w, rsa_key(), "RS256"))
        return confused.status, good.status

    assert (401, 200) == within(tmp_path, test, config)


def test_keys_are_fetched_when_a_token_names_one_that_is_not_known(tmp_path):
    """By a real request of ours to the issuer; the client waits for that once, and not again."""
    documents = [jwks(jwk(ec_key(), kid="one"))]
    asked = []

    async def main():
        async def serve(reader, writer):
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            body = documents[-1]
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        config = TRUSTING.replace(
            f'secret = "{SECRET}"', f'jwks_url = "http://127.0.0.1:{port}/jwks"'
        )
        async with world(tmp_path, config) as w:
            one = {"key": ec_key(), "algorithm": "ES256", "header": {"kid": "one"}}
            two = {"key": rsa_key(), "algorithm": "RS256", "header": {"kid": "two"}}
            first = [(await ask(w, token(w, **one))).status for _ in range(2)]
            seen = len(asked)
            documents.append(jwks(jwk(rsa_key(), kid="two")))
            w.clock.advance(11)
            second = [(await ask(w, token(w, **two))).status for _ in range(2)]
            withdrawn = await ask(w, token(w, **one))
            listed = await w.ask("GET", "/v1/models", key=token(w, **two))
            assert [] == w.bugs
        server.close()
        return first, seen, second, withdrawn.status, listed.status

    assert ([200, 200], 1, [200, 200], 401, 200) == asyncio.run(main())
    assert asked[0].startswith(b"GET /jwks HTTP/1.1\r\n")
    assert b"authorization" not in asked[0].lower()
    assert 2 == len(asked)


def test_an_issuer_that_was_never_reached_is_not_the_callers_fault(tmp_path):
    """503 and when to come back; nothing else of the gateway suffers."""
    config = TRUSTING.replace(f'secret = "{SECRET}"', f'jwks_url = "{FOREIGN}"')

    async def test(w):
        reply = await ask(w, token(w, ec_key(), "ES256", {"kid": "e"}))
        return reply, (await ask(w, await w.key())).status

    reply, others = within(tmp_path, test, config)
    assert (503, 200) == (reply.status, others)
    assert b"10" == reply.header(b"retry-after")


def test_a_reload_trusts_and_mistrusts(tmp_path):
    """At once; a bad table changes nothing."""

    async def test(w):
        shown = token(w)
        statuses = [(await ask(w, shown)).status]
        w.config[0] = CONFIG
        await w.gateway.reload()
        statuses.append((await ask(w, shown)).status)
        w.config[0] = TRUSTING.replace(SECRET, "short")
        refused = await w.ask("POST", "/admin/v1/config/reload")
        w.config[0] = TRUSTING
        await w.gateway.reload()
        statuses.append((await ask(w, shown)).status)
        return statuses, refused

    statuses, refused = within(tmp_path, test)
    assert [200, 401, 200] == statuses
    assert 400 == refused.status
    assert "t.toml" in refused.json["error"]["message"]
    assert "at least 32 bytes" in refused.json["error"]["message"]


def test_a_disabled_tenants_tokens_are_refused(tmp_path):
    """Also those that were found good before."""

    async def test(w):
        shown = token(w)
        before = (await ask(w, shown)).status
        await w.ask("POST", "/admin/v1/tenants", {"name": "acme"})
        await w.ask("PATCH", "/admin/v1/tenants/acme", {"disabled": True})
        after = await ask(w, shown)
        return before, after

    before, after = within(tmp_path, test)
    assert (200, 403) == (before, after.status)
    assert b"disabled" in after.body


def test_a_tokens_plan_limits_it(tmp_path):
    """As a key under that plan; a plan that is not there allows nothing."""

    async def test(w):
        shown = token(w, plan="keyplex-free-trial")
        statuses = [(await ask(w, shown)).status for _ in range(21)]
        unknown = await ask(w, token(w, sub="bob", plan="no-such-plan"))
        return statuses, unknown.status

    statuses, unknown = within(tmp_path, test)
    assert [200] * 20 + [429] == statuses
    assert 403 == unknown


def test_nothing_of_a_token_is_kept(tmp_path):
    """No log, no database, no journal, no statistic has it, whether it was good or not."""

    async def test(w):
        shown = [token(w), token(w, "x" * 40), token(w, aud="other")]
        for one in shown:
            await ask(w, one)
            await w.ask("GET", "/v1/models", key=one)
        told = "".join(w.logged) + repr(w.gateway.statistics()) + repr(w.gateway.callers)
        return shown, told

    shown, told = within(tmp_path, test)
    files = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    for one in (*shown, SECRET):
        assert one[-40:] not in told
        assert one[-40:].encode() not in files
