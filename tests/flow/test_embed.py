"""Embeddings, start to finish: legs, fallbacks, tokens, bills; and what the client hears."""

import asyncio

import pytest
from msgspec import json

from tests.flow.world import ScriptedProvider, World, whole
from trunkline.canon.deployment import Embeds
from trunkline.canon.errors import Disconnected
from trunkline.canon.exchange import Status
from trunkline.canon.usage import Usage
from trunkline.canon.vectors import packed
from trunkline.faces.native.face import Native
from trunkline.flow.embed import Embedding
from trunkline.testing.fakes import FakeReply
from trunkline.transport.replay import Recording

OPENAI = "openai-embeddings"


def up(*recordings, name="up", **embeds):
    return ScriptedProvider(name, "openai-chat", recordings, embeds=Embeds(**embeds))


def vectors(*firsts, usage=True, size=2, model="up-m"):
    """An answer: one vector for each, which begins with it."""
    data = [
        {"object": "embedding", "index": at, "embedding": [float(first), *([0.5] * (size - 1))]}
        for at, first in enumerate(firsts)
    ]
    told = {"prompt_tokens": len(firsts), "total_tokens": len(firsts)} if usage else None
    return whole(json.encode({"object": "list", "data": data, "model": model, "usage": told}))


def down(status=503):
    return whole(b'{"error":{"message":"down"}}', status)


def ask(world, reply=None, dialect=OPENAI, **fields):
    async def main():
        body = json.encode({"model": "m", **fields})
        world.exchange = world.make(body, dialect)
        world.exchange.operation = "embeddings"
        answer = reply or FakeReply()
        await Embedding(world.rooms, world.exchange, Native(), answer).run()
        return answer

    return asyncio.run(main())


def firsts(reply):
    return [one["embedding"][0] for one in json.decode(reply.body)["data"]]


def sent(world, name="up"):
    return [json.decode(s.request.body) for s in world.providers[name].transport.sent]


def message(reply):
    return json.decode(reply.body)["error"]["message"]


def test_a_plain_request():
    """Asked for at the path of embeddings, answered in OpenAI's shape, billed for its input."""
    world = World(up(vectors(1, 2)))
    reply = ask(world, input=["a", "b"])

    assert 200 == reply.status
    assert {"model": "m", "input": ["a", "b"]} == sent(world)[0]
    assert b"/embeddings" == world.providers["up"].transport.sent[0].request.path
    assert [1.0, 2.0] == firsts(reply)
    assert {"prompt_tokens": 2, "total_tokens": 2} == json.decode(reply.body)["usage"]
    assert Usage(input=2) == world.exchange.attempts[0].usage
    assert b"0.000002000" == reply.header(b"x-trunkline-cost-usd")
    assert [("intent", 1, None), ("close", 1, "ok")] == [
        (what, number, status) for what, _, number, status in world.ledger.entries
    ]


def test_what_a_stream_would_be():
    """Vectors come whole, whatever the body says."""
    assert 200 == ask(World(up(vectors(1))), input="a", stream=True).status


@pytest.mark.parametrize("base64", (True, False))
def test_base64_for_whoever_wants_it(base64):
    """openai-python and openai-node ask for it; this upstream has never heard of it."""
    world = World(up(vectors(1)))
    reply = ask(world, input="a", encoding_format="base64" if base64 else "float")
    [one] = json.decode(reply.body)["data"]

    assert "encoding_format" not in sent(world)[0]
    assert (json.decode(packed([1.0, 0.5])) if base64 else [1.0, 0.5]) == one["embedding"]


def test_more_inputs_than_one_request_takes():
    """Leg by leg, in order, each billed; the answer costs what they do together."""
    world = World(up(vectors(1, 2), vectors(3, 4), vectors(5), max_inputs=2))
    reply = ask(world, input=["a", "b", "c", "d", "e"])

    assert [["a", "b"], ["c", "d"], ["e"]] == [one["input"] for one in sent(world)]
    assert [1.0, 2.0, 3.0, 4.0, 5.0] == firsts(reply)
    assert [0, 1, 2, 3, 4] == [one["index"] for one in json.decode(reply.body)["data"]]
    assert 5 == json.decode(reply.body)["usage"]["prompt_tokens"]
    assert b"0.000005000" == reply.header(b"x-trunkline-cost-usd")
    assert b"3" == reply.header(b"x-trunkline-attempts")
    assert [
        ("intent", 1, None),
        ("settle", 1, "ok"),
        ("intent", 2, None),
        ("settle", 2, "ok"),
        ("intent", 3, None),
        ("close", 3, "ok"),
    ] == [(what, number, status) for what, _, number, status in world.ledger.entries]


def test_more_tokens_than_one_request_takes():
    """Mistral reads 16,384 at once: a leg ends before there are more."""
    world = World(up(vectors(1, 2), vectors(3), max_tokens=10))
    ask(world, input=["twelve chars", "twelve chars", "twelve chars"])

    assert [2, 1] == [len(one["input"]) for one in sent(world)]


def test_a_leg_that_fails_is_asked_again_alone():
    """What was answered before is not asked for twice."""
    world = World(up(vectors(1), down(), vectors(2), max_inputs=1))
    reply = ask(world, input=["a", "b"])

    assert (200, [1.0, 2.0]) == (reply.status, firsts(reply))
    assert ["a", "b", "b"] == [one["input"][0] for one in sent(world)]
    assert [Status.OK, Status.FAILED, Status.OK] == [a.status for a in world.exchange.attempts]
    assert b"0.000002000" == reply.header(b"x-trunkline-cost-usd")


def test_the_next_deployment_takes_over():
    """As for a conversation; those without embeddings are never asked."""
    chat = ScriptedProvider("chat", "openai-chat", ())
    world = World(chat, up(down(400), name="a"), up(vectors(1), name="b"))
    assert 400 == ask(world, input="a").status

    world = World(chat, up(down(404), name="a"), up(vectors(1), name="b"))
    assert (200, [0, 1, 1]) == (ask(world, input="a").status, world.sent)


def test_all_legs_are_of_one_model():
    """Vectors of two models mean nothing to each other: the second leg goes to who began."""
    a, b = up(down(404), vectors(9), name="a", max_inputs=1), up(vectors(1), vectors(2), name="b")
    world = World(a, b)
    reply = ask(world, input=["a", "b"])

    assert [1.0, 2.0] == firsts(reply)
    assert [1, 2] == world.sent


def test_a_leg_of_another_length_spoils_the_answer():
    """Nobody could compare such vectors. Nothing is billed, and the log says why."""
    world = World(up(vectors(1), vectors(2, size=3), max_inputs=1))
    reply = ask(world, input=["a", "b"])

    assert (502, Status.FAILED) == (reply.status, world.exchange.status)
    assert "different lengths" in message(reply)
    assert b"0.000000000" == reply.header(b"x-trunkline-cost-usd")
    assert 1 == len(world.logged)


def test_a_vector_that_is_none_behind_the_first():
    """Found while the answer is written: an error, not half an answer."""
    bad = b'{"data":[{"index":0,"embedding":[1.0]},{"index":1,"embedding":[1.0,2.0]}]}'
    reply = ask(World(up(whole(bad))), input=["a", "b"])

    assert (502, "whole") == (reply.status, reply.closed)


def test_an_upstream_that_does_not_count():
    """Gemini's first does not: counted here, and marked as an estimate."""
    world = World(up(vectors(1, usage=False)))
    reply = ask(world, input="abc")

    assert 3 == json.decode(reply.body)["usage"]["prompt_tokens"]
    assert (Usage(input=3), True) == (
        world.exchange.attempts[0].usage,
        world.exchange.attempts[0].estimated,
    )


def test_an_upstream_that_counts_too_much():
    """No request has so many tokens: it is counted here."""
    mad = vectors(1).steps[0].replace(b'"prompt_tokens":1', b'"prompt_tokens":999999999')
    world = World(up(whole(mad)))
    ask(world, input="abc")

    assert (Usage(input=3), True) == (
        world.exchange.attempts[0].usage,
        world.exchange.attempts[0].estimated,
    )


def test_tokens_for_whoever_takes_them():
    """To the number; where nobody counts them they are as many as they are."""
    world = World(up(vectors(1, 2, usage=False), tokens=True))
    ask(world, input=[[104, 105], [7]])

    assert [[104, 105], [7]] == sent(world)[0]["input"]
    assert Usage(input=3) == world.exchange.attempts[0].usage


def test_tokens_for_whoever_takes_only_text():
    """Read back with the model's own vocabulary, where that is ours, too."""
    world = World(up(vectors(1)))
    ask(world, input=[104, 105])

    assert ["hi"] == sent(world)[0]["input"]


def test_tokens_that_nobody_can_read():
    """A clear 400, with what to do."""
    world = World(up(vectors(1)))
    reply = ask(world, input=[1 << 30])

    assert (400, [0]) == (reply.status, world.sent)
    assert "send strings" in message(reply)


def test_dimensions_that_were_not_heard():
    """Ollama answers with what it has: whoever asked for another length is told."""
    assert 200 == ask(World(up(vectors(1))), input="a", dimensions=2).status
    reply = ask(World(up(vectors(1))), input="a", dimensions=3)

    assert (400, "dimensions") == (reply.status, json.decode(reply.body)["error"]["param"])


@pytest.mark.parametrize(
    ("fields", "param"),
    (
        ({}, "input"),
        ({"input": ""}, "input"),
        ({"input": "a", "encoding_format": "x"}, "encoding_format"),
    ),
)
def test_a_request_that_is_wrong(fields, param):
    """Nobody is asked; the entry says that it failed."""
    world = World(up())
    reply = ask(world, **fields)

    assert (400, param) == (reply.status, json.decode(reply.body)["error"]["param"])
    assert [("close", "req_1", 0, "failed")] == world.ledger.entries
    assert [] == world.logged


def test_a_model_without_embeddings():
    """Told by name, before anybody is asked."""
    world = World(ScriptedProvider("up", "openai-chat", ()))
    reply = ask(world, input="a")

    assert (400, "model") == (reply.status, json.decode(reply.body)["error"]["param"])
    assert "has no embeddings at up" in message(reply)


def test_an_error_in_the_flow_itself():
    """Costs the client no answer: a 500 with nothing of ours in it."""
    world = World(up(vectors(1)))
    reply = FakeReply()
    world.exchange = world.make(json.encode({"model": "m", "input": "a"}), OPENAI)

    class Broken(Native):
        def extend(self, body, exchange):
            raise KeyError("secret")

    asyncio.run(Embedding(world.rooms, world.exchange, Broken(), reply).run())

    assert 500 == reply.status
    assert b"secret" not in reply.body


@pytest.mark.parametrize(
    ("draining", "status", "told"), ((False, Status.CANCELLED, 0), (True, Status.FAILED, 503))
)
def test_whoever_leaves_in_the_middle(draining, status, told):
    """What was answered by then stays billed; a client that we send away is told."""
    reply = FakeReply()
    reply.draining = draining

    async def main():
        world = World(up(vectors(1), Recording(before=(asyncio.Event().wait,)), max_inputs=1))
        body = json.encode({"model": "m", "input": ["a", "b"]})
        world.exchange = world.make(body, OPENAI)
        serving = Embedding(world.rooms, world.exchange, Native(), reply)
        task = asyncio.get_running_loop().create_task(serving.run())
        while world.sent != [2]:  # noqa: ASYNC110 - a list grows
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return world

    world = asyncio.run(main())

    assert (status, told) == (world.exchange.status, reply.status)
    assert Usage(input=1) == world.exchange.attempts[0].usage
    assert ("close", "req_1", 2, status.value) == world.ledger.entries[-1]
    assert 0 == world.unclosed
    assert 0 == world.router.retries.active


def test_a_connection_that_breaks_is_tried_again():
    """Retries are the same as for a conversation."""
    world = World(up(Recording(before=(Disconnected("reset"),)), vectors(1)))

    assert (200, [2]) == (ask(world, input="a").status, world.sent)


def test_what_any_leg_lost_is_told():
    """The title of the first text is no less lost because the second has none."""
    world = World(up(vectors(1), vectors(2), max_inputs=1))
    entries = [
        {"content": {"parts": [{"text": text}]}, **said}
        for text, said in (("a", {"title": "T"}), ("b", {}))
    ]
    reply = ask(world, dialect="gemini-embeddings", requests=entries)

    assert [["a"], ["b"]] == [one["input"] for one in sent(world)]
    assert b"title: dropped: the provider has no such field" == reply.header(
        b"x-trunkline-warnings"
    )


def test_texts_of_gemini_s_clients_stay_with_what_is_said_of_them():
    """Leg by leg, each under its own title."""
    answer = whole(b'{"embeddings":[{"values":[1.0,0.5]}]}')
    world = World(up(answer, answer, dialect="gemini-embeddings", max_inputs=1))
    entries = [{"content": {"parts": [{"text": text}]}, "title": text.upper()} for text in "ab"]
    reply = ask(world, dialect="gemini-embeddings", requests=entries)

    assert [[{**entry, "model": "models/m"}] for entry in entries] == [
        one["requests"] for one in sent(world)
    ]
    assert 2 == len(json.decode(reply.body)["embeddings"])
    assert reply.header(b"x-trunkline-warnings") is None
