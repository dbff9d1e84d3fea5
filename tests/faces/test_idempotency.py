"""Whose an Idempotency-Key is, what is asked under it; and that an endpoint minds both."""

import asyncio

import pytest
from msgspec import json, structs

from tests.flow.test_recording import exchange
from tests.gateway import head, world
from trunkline.canon.errors import Malformed
from trunkline.canon.exchange import Principal
from trunkline.faces.idempotency import asked, canonical
from trunkline.testing.fakes import FakeReply, ManualClock
from trunkline.wiring.serving import endpoints

CHAT = "/v1/chat/completions"
BODY = b'{"model": "fast", "messages": []}'


def ask(key=b"k", path=CHAT, body=BODY, array=False, **principal):
    of = exchange()
    of.principal = Principal(**{"key_id": "k1", "tenant": "acme", **principal})
    return asked(key, head("", path, ManualClock()), body, of, array=array)


@pytest.mark.parametrize(
    "other",
    (
        {"key": b"k2"},
        {"path": "/v1/completions"},
        {"tenant": "other"},
        {"key_id": "k2"},
        {"tenant": "acmek", "key_id": "1"},
    ),
)
def test_a_key_is_its_callers_alone(other):
    """Of one tenant, one virtual key and one path."""
    assert ask().scope != ask(**other).scope
    assert ask().scope == ask().scope


def test_what_is_asked_is_the_body():
    """And whether its stream comes as an array."""
    same = b'{\n"messages":[],"model":"fast"}'

    assert ask().fingerprint == ask(body=same).fingerprint
    assert ask().fingerprint != ask(body=b'{"model":"fast","messages":[1]}').fingerprint
    assert ask().fingerprint != ask(array=True).fingerprint
    assert "req_1" == ask().request_id


@pytest.mark.parametrize(
    ("left", "right", "same"),
    (
        (b'{"a":1,"b":[{"c":1,"d":2}]}', b'{"b": [{"d": 2, "c": 1}], "a": 1}', True),
        (b'{"a":[1,2]}', b'{"a":[2,1]}', False),
        (b'{"a":"x"}', b'{"a":"x "}', False),
        (b'{"a":"\\u00e9"}', '{"a":"é"}'.encode(), True),
        (b'{"a":null}', b"{}", False),
        (b'{"a":1}', b'{"a":"1"}', False),
        (b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}", b"{}", False),
        (b"nonsense", b"nonsense", True),
        (b'"\xff"', b'"\xff"', True),
    ),
)
def test_the_same_in_other_words(left, right, same):
    """Spaces, the order of fields and how a letter is written mean nothing; all else does."""
    assert same == (canonical(left) == canonical(right))


def test_a_large_body_is_taken_as_it_is():
    """Nobody waits until it has been sorted."""
    body = b'{"b":1, "a":"' + b"x" * (256 << 10) + b'"}'

    assert body is canonical(body)


@pytest.mark.parametrize("key", (b"", b"k" * 256))
def test_a_key_that_is_none(key):
    """From 1 to 255 characters."""
    with pytest.raises(Malformed, match="1 to 255"):
        ask(key)
    assert ask(b"k" * 255).scope


class Asking:
    """Requests to one gateway, all alike but in what is said here."""

    def __init__(self, w):
        self.w = w

    async def __call__(self, key, path=CHAT, idem=b"one", model="sim/sim-chat", **more):
        said = [{"role": "user", "content": "Say hello."}]
        if path in {"/v1/embeddings", "/v1/responses"}:
            fields = {"input": "Say hello."}
        elif path == "/v1/completions":
            fields = {"prompt": "Say hello."}
        else:
            fields = {"max_tokens": 20, "messages": said}
        body = json.encode({"model": model, **fields, **more})
        where = path
        if "models/" in path:
            where = "/v1beta/{model}:" + path.partition(":")[2]
            text = {"parts": [{"text": "hi"}]}
            body = json.encode({"content": text} if "embed" in path else {"contents": [text]})
        made = head(key, path, self.w.clock)
        named = {**made.headers, b"idempotency-key": idem}
        made = structs.replace(made, headers=named)
        reply = FakeReply()
        await endpoints(self.w.gateway)[b"POST", where.encode()].begin(made).run(body, reply)
        return reply

    async def requests(self):
        return (await self.w.gateway.reports.totals()).requests


def within(folder, work):
    async def main():
        async with world(folder) as w:
            await work(Asking(w), w)
            assert [] == w.bugs

    asyncio.run(main())


@pytest.mark.parametrize("stream", (False, True))
@pytest.mark.parametrize(
    ("path", "model"),
    (
        (CHAT, "sim/sim-chat"),
        ("/api/v1/chat/completions", "sim/sim-chat"),
        ("/gateway/openai/v1/chat/completions", "sim/sim-chat"),
        ("/v1/messages", "claude/sim-chat"),
        ("/v1/responses", "sim/sim-chat"),
        ("/v1/completions", "sim/sim-chat"),
        ("/v1beta/models/fast:generateContent", ""),
        ("/v1beta/models/fast:streamGenerateContent", ""),
        ("/v1/embeddings", "sim/sim-embed"),
        ("/v1beta/models/fast:embedContent", ""),
    ),
)
def test_every_endpoint_answers_twice_and_bills_once(tmp_path, path, model, stream):
    """With the id of the request that was run."""
    more = {"stream": True} if stream and path != "/v1/embeddings" else {}

    async def work(ask, w):
        key = await w.key()
        first, second = (
            await ask(key, path, model=model, **more),
            await ask(key, path, model=model, **more),
        )
        assert first.status in (200, 201), first.body
        assert (first.status, first.body) == (second.status, second.body)
        assert first.header(b"x-trunkline-request-id") == second.header(b"x-trunkline-request-id")
        assert first.header(b"x-trunkline-cost-usd") == second.header(b"x-trunkline-cost-usd")
        assert (None, b"true") == tuple(
            reply.header(b"idempotent-replayed") for reply in (first, second)
        )
        assert 1 == await ask.requests()

    within(tmp_path, work)


def test_counting_is_not_minded(tmp_path):
    """It costs nothing, so it is done again."""

    async def work(ask, w):
        key = await w.key()
        replies = [await ask(key, "/v1/messages/count_tokens") for _ in range(2)]
        assert [None, None] == [reply.header(b"idempotent-replayed") for reply in replies]

    within(tmp_path, work)


def test_refusals_leave_nothing(tmp_path):
    """Of a body, a model, or a key: the same key then runs the request that is right."""

    async def work(ask, w):
        key, poor = await w.key(), await w.key(models=("other",))
        assert 404 == (await ask(key, model="nowhere/none")).status
        assert 400 == (await ask(key, max_tokens="many")).status
        assert 403 == (await ask(poor)).status
        assert 400 == (await ask(key, idem=b"")).status
        first, again = await ask(key), await ask(key)
        assert (200, None) == (first.status, first.header(b"idempotent-replayed"))
        assert b"true" == again.header(b"idempotent-replayed")
        other = await ask(key, max_tokens=21)
        assert (422, "idempotency_mismatch") == (
            other.status,
            json.decode(other.body)["error"]["code"],
        )

    within(tmp_path, work)


@pytest.mark.parametrize(
    ("fault", "status"),
    (("u11", 502), ("u10:retry_after=60", 429), ("u12:status=400", 400), ("u12:kind=filter", 400)),
)
def test_failures_are_no_answers(tmp_path, fault, status):
    """Whose fault they are does not matter: nothing was paid, so the request is run again."""

    async def work(ask, w):
        key = await w.key()
        model = f"sim/sim-chat@fault={fault}"
        first, second = await ask(key, model=model), await ask(key, model=model)
        assert [(status, None)] * 2 == [
            (reply.status, reply.header(b"idempotent-replayed")) for reply in (first, second)
        ]

    within(tmp_path, work)


def test_two_tenants_with_one_key_are_strangers(tmp_path):
    """Each has its own answer, and neither learns that the other used the key."""

    async def work(ask, w):
        mine, theirs = await w.key(tenant="mine"), await w.key(tenant="theirs")
        second = await w.key(tenant="mine")
        replies = [await ask(key) for key in (mine, theirs, second)]
        assert [None] * 3 == [reply.header(b"idempotent-replayed") for reply in replies]
        assert 3 == len({reply.header(b"x-trunkline-request-id") for reply in replies})
        assert 422 == (await ask(mine, max_tokens=1)).status
        assert 200 == (await ask(theirs)).status

    within(tmp_path, work)


def test_a_background_response_is_begun_once(tmp_path):
    """Its id is the first one's."""

    async def work(ask, w):
        key = await w.key()
        first, second = [await ask(key, "/v1/responses", background=True) for _ in range(2)]
        assert json.decode(first.body)["id"] == json.decode(second.body)["id"]
        assert b"true" == second.header(b"idempotent-replayed")

    within(tmp_path, work)
