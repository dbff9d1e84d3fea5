"""A POST of a face: who calls, for what; everything wrong with it is told in the face's shape."""

import asyncio
import os

import pytest
from msgspec import json, structs

from tests.gateway import head, world
from trunkline.canon.errors import Forbidden, Malformed, Unauthenticated, UnknownKey
from trunkline.faces.endpoint import decode_envelope, token_of
from trunkline.flow.base import Head
from trunkline.storage.sqlite.backend import open_sqlite
from trunkline.tenancy.keys import mint
from trunkline.tenancy.service import KeyService
from trunkline.tenancy.wishes import NewKey
from trunkline.testing.fakes import FakeReply
from trunkline.wiring.serving import endpoints

CHAT = "/v1/chat/completions"


def headers(**named):
    given = {name.replace("_", "-").encode(): value.encode() for name, value in named.items()}
    return Head(b"POST", b"/", b"", given, "", 0.0, 0.0)


@pytest.mark.parametrize(
    ("named", "token"),
    (
        ({"authorization": "Bearer k"}, b"k"),
        ({"authorization": "bearer   k "}, b"k"),
        ({"x_api_key": "k"}, b"k"),
        ({"x_goog_api_key": "k"}, b"k"),
        ({"x_plexor_key": "k", "authorization": "Bearer other", "x_api_key": "third"}, b"k"),
        ({"authorization": "Bearer k", "x_api_key": "other"}, b"k"),
        ({"authorization": "Basic abc", "x_api_key": "k"}, b"k"),
        ({"authorization": "Bearer ", "x_api_key": "k"}, b"k"),
        ({"x_plexor_key": "", "x_api_key": "k"}, b"k"),
    ),
)
def test_where_the_key_may_stand(named, token):
    """Wherever an SDK puts it; an empty place does not hide a full one."""
    assert token == token_of(headers(**named))


@pytest.mark.parametrize("named", ({}, {"authorization": "Basic abc"}, {"authorization": "Bearer"}))
def test_without_a_key_the_caller_is_told_how_to_send_one(named):
    """Both ways that SDKs use."""
    with pytest.raises(Unauthenticated, match=r"Bearer <key>.*x-api-key"):
        token_of(headers(**named))


@pytest.mark.parametrize(
    ("body", "says"),
    (
        (b"", "has no body"),
        (b"{", "not valid JSON"),
        (b'{"a":1}x', "not valid JSON"),
        (b"[1]", "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'{"\xff":1}', "not UTF-8"),
    ),
)
def test_what_is_no_request(body, says):
    """Refused with the reason, whatever the bytes."""
    with pytest.raises(Malformed, match=says):
        decode_envelope(body)


def test_a_key_from_elsewhere():
    """Counts where no header has one."""
    assert b"k" == token_of(headers(authorization="Bearer k"), else_this=b"other")
    assert b"other" == token_of(headers(), else_this=b"other")


def test_an_envelope_is_one_level_deep():
    """What lies below stays as it came, to the byte."""
    envelope = decode_envelope(b'{"model": "m", "messages": [ {"x" : 1.50} ]}')

    assert ["model", "messages"] == list(envelope)
    assert b'[ {"x" : 1.50} ]' == bytes(envelope["messages"])


def ask(tmp_path, body, path=CHAT, **key):
    """What a gateway answers to this body, by a key with these limits."""

    async def main():
        async with world(tmp_path) as w:
            endpoint = endpoints(w.gateway)[b"POST", path.encode()]
            reply = FakeReply()
            await endpoint.begin(head(await w.key(**key), path, w.clock)).run(body, reply)
            assert [] == w.bugs
            return reply

    return asyncio.run(main())


def body(**changes):
    said = [{"role": "user", "content": "hi"}]
    fields = {"model": "fast", "max_tokens": 5, "messages": said, **changes}
    return json.encode({name: value for name, value in fields.items() if value is not None})


def from_elsewhere(tmp_path, length, crowd=0):
    """What a gateway answers to a key that another process made a moment ago."""

    async def main():
        async with world(tmp_path) as w:
            elsewhere = open_sqlite(tmp_path, w.clock)
            service = KeyService(elsewhere.keys, w.gateway.keys.mac, w.clock, os.urandom)
            key = (await service.create(NewKey(name="fresh"))).key
            await elsewhere.aclose()
            asked = head(key, CHAT, w.clock)
            sent = {**asked.headers, b"content-length": length}
            asked = structs.replace(asked, headers=sent)
            endpoint = endpoints(w.gateway)[b"POST", CHAT.encode()]
            waiting = [asyncio.ensure_future(w.gateway.callers.look_again(b"tl_x", crowd))]  # noqa: TID251 - ended below
            await asyncio.sleep(0)
            reply = FakeReply()
            try:
                await endpoint.begin(asked).run(body(), reply)
            finally:
                await asyncio.gather(*waiting)
            assert [] == w.bugs
            return reply

    return asyncio.run(main())


def test_a_key_made_by_another_process(tmp_path):
    """Is good at once: nobody is refused with a key that he has just been given."""
    assert 200 == from_elsewhere(tmp_path, b"99").status


@pytest.mark.parametrize(("length", "crowd"), ((b"1048577", 0), (b"99", 64 << 20)))
def test_a_key_not_known_keeps_little_waiting(tmp_path, length, crowd):
    """A large body, or one more than there is room for, is refused before it is read."""
    with pytest.raises(UnknownKey):
        from_elsewhere(tmp_path, length, crowd)


def test_a_key_that_nobody_made(tmp_path):
    """Is refused in the mount's shape once the store was asked."""

    async def main():
        async with world(tmp_path) as w:
            asked = head(mint(os.urandom).key, CHAT, w.clock)
            asked = structs.replace(asked, headers={**asked.headers, b"content-length": b"9"})
            reply = FakeReply()
            await endpoints(w.gateway)[b"POST", CHAT.encode()].begin(asked).run(b"{}", reply)
            return reply

    reply = asyncio.run(main())
    assert (401, "invalid_api_key") == (reply.status, json.decode(reply.body)["error"]["code"])


def test_a_request_is_answered(tmp_path):
    """Whole or streamed, as its `stream` says; null is no."""
    whole, stream = ask(tmp_path / "1", body()), ask(tmp_path / "2", body(stream=True))

    assert (200, "whole") == (whole.status, whole.closed)
    assert (200, "end", True) == (stream.status, stream.closed, b"data: [DONE]" in stream.body)
    assert "whole" == ask(tmp_path / "3", body()[:-1] + b',"stream":null}').closed


@pytest.mark.parametrize(
    ("wrong", "param"),
    (
        (body(model=None), "model"),
        (body(model=5), "model"),
        (body(model=""), "model"),
        (body(model="x" * 513), "model"),
        (b'{"model":"\xff"}', "model"),
        (body(stream="yes"), "stream"),
        (body(stream=1), "stream"),
        (b"{", None),
    ),
)
def test_a_wrong_field_is_refused_by_its_name(tmp_path, wrong, param):
    """400 in the dialect of the mount, with the request's id, before anybody is asked."""
    reply = ask(tmp_path, wrong)
    error = json.decode(reply.body)["error"]

    assert (400, "invalid_request_error", param) == (reply.status, error["type"], error["param"])
    assert reply.header(b"x-trunkline-request-id").startswith(b"req_")
    assert b"0" == reply.header(b"x-trunkline-attempts")
    assert b"0.000000000" == reply.header(b"x-trunkline-cost-usd")


def test_each_mount_refuses_in_its_own_shape(tmp_path):
    """What an Anthropic client reads is not what an OpenAI client reads."""
    refused = json.decode(ask(tmp_path, b"{", "/v1/messages").body)

    assert ("error", "invalid_request_error") == (refused["type"], refused["error"]["type"])


@pytest.mark.parametrize(
    ("path", "header"), ((CHAT, b"x-request-id"), ("/v1/messages", b"request-id"))
)
def test_the_mounts_dialect_tells_where_the_request_id_goes(tmp_path, path, header):
    """Each SDK finds it where it looks."""
    reply = ask(tmp_path, body(max_tokens=9), path)

    assert (200, reply.header(b"x-trunkline-request-id")) == (reply.status, reply.header(header))


HI = json.encode({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]})


def ask_google(tmp_path, method, query="", data=HI, model="fast", key_in_url=False):
    """What a gateway answers to a Gemini client."""

    async def main():
        async with world(tmp_path) as w:
            endpoint = endpoints(w.gateway)[b"POST", f"/v1beta/{{model}}:{method}".encode()]
            key = await w.key()
            sent = {} if key_in_url else {b"x-goog-api-key": key.encode()}
            query_sent = f"key={key}&{query}" if key_in_url else query
            path = f"/v1beta/models/{model}:{method}".encode()
            asked = Head(b"POST", path, query_sent.encode(), sent, "", 0.0, 0.0)
            reply = FakeReply()
            await endpoint.begin(asked).run(data, reply)
            assert [] == w.bugs
            assert not any(key in line for line in w.logged)
            return reply

    return asyncio.run(main())


@pytest.mark.parametrize("key_in_url", (False, True))
def test_googles_paths_say_model_and_stream(tmp_path, key_in_url):
    """A whole answer, or events, whatever the body says; the key in a header or in the URL."""
    whole = ask_google(tmp_path / "1", "generateContent", key_in_url=key_in_url)
    assert (200, "whole") == (whole.status, whole.closed)
    assert "STOP" == json.decode(whole.body)["candidates"][0]["finishReason"]
    stream = ask_google(tmp_path / "2", "streamGenerateContent", "alt=sse", key_in_url=key_in_url)
    assert (200, "end") == (stream.status, stream.closed)
    last = stream.body.split(b"\r\n\r\n")[-2].removeprefix(b"data: ")
    assert "STOP" == json.decode(last)["candidates"][0]["finishReason"]


def test_googles_stream_without_events(tmp_path):
    """Is one JSON array."""
    reply = ask_google(tmp_path, "streamGenerateContent")
    assert b"application/json; charset=UTF-8" == reply.header(b"content-type")
    assert "STOP" == json.decode(reply.body)[-1]["candidates"][0]["finishReason"]


@pytest.mark.parametrize(
    ("asked", "status"),
    (
        ({"model": "nobody-serves-this"}, 404),
        ({"data": b"{}"}, 400),
        ({"data": b"["}, 400),
        ({"query": "alt=proto"}, 400),
    ),
)
def test_googles_clients_are_refused_in_googles_shape(tmp_path, asked, status):
    """With the number, a word for it, and the request's id."""
    error = json.decode(ask_google(tmp_path, "streamGenerateContent", **asked).body)["error"]
    assert status == error["code"]
    assert "google.rpc.RequestInfo" in str(error["details"])


def test_who_may_not_call_is_refused_before_the_body(tmp_path):
    """An unknown key, and one whose scopes do not cover the mount."""

    async def main():
        async with world(tmp_path) as w:
            endpoint = endpoints(w.gateway)[b"POST", CHAT.encode()]
            with pytest.raises(Unauthenticated):
                endpoint.begin(head("tl_unknown", CHAT, w.clock))
            reads = await w.key(scopes=("models:read",))
            with pytest.raises(Forbidden, match="chat:write"):
                endpoint.begin(head(reads, CHAT, w.clock))
            told = endpoint.refuse(Unauthenticated("no"), "req_9")
            assert (401, b"req_9") == (told.status, dict(told.headers)[b"x-trunkline-request-id"])

    asyncio.run(main())
