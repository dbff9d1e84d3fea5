"""Legacy completions: of models that chat, of those that complete, of one prompt and of several."""

import asyncio

import pytest
from msgspec import Raw, json

from tests.flow.world import DONE, WHOLE, ScriptedProvider, World, whole
from tests.flow.world import HELLO as CHAT_HELLO
from tests.flow.world import ROLE as CHAT_ROLE
from tests.flow.world import STOP as CHAT_STOP
from tests.flow.world import USAGE as CHAT_USAGE
from trunkline.canon.errors import Garbled, Malformed
from trunkline.canon.usage import Usage
from trunkline.faces.native.face import Native
from trunkline.flow.complete import Completing, joined, read_prompts
from trunkline.testing.fakes import FakeReply
from trunkline.transport.replay import Recording

NAME = "openai-completions"
SSE = ((b"content-type", b"text/event-stream"),)


def chats(*recordings):
    return ScriptedProvider("up", "openai-chat", recordings)


def completes(*recordings):
    return ScriptedProvider("up", "openai-chat", recordings, also=(NAME,))


def completion(text="hi", index=0):
    choice = {"text": text, "index": index, "logprobs": None, "finish_reason": "stop"}
    usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    return {"id": "cmpl-1", "object": "text_completion", "choices": [choice], "usage": usage}


def ask(world, **fields):
    async def main():
        world.exchange = world.make(json.encode({"model": "m", **fields}), NAME)
        reply = FakeReply()
        await Completing(world.rooms, world.exchange, Native(), reply).run()
        await world.rooms.tasks.finish("settle ")
        return reply

    return asyncio.run(main())


def sent(world):
    return [json.decode(one.request.body) for one in world.providers["up"].transport.sent]


def texts(reply):
    return [choice["text"] for choice in json.decode(reply.body)["choices"]]


def test_a_model_that_chats_completes():
    """The prompt is what a user says; the answer is a text completion."""
    world = World(chats(whole()))
    reply = ask(world, prompt="Say")

    assert (200, ["hello"]) == (reply.status, texts(reply))
    assert [{"role": "user", "content": "Say"}] == sent(world)[0]["messages"]
    assert 16 == sent(world)[0]["max_completion_tokens"]
    assert "text_completion" == json.decode(reply.body)["object"]
    assert Usage(input=3, output=4) == world.exchange.attempts[0].usage


def test_a_stream():
    """Chunks of text, and a sentinel."""
    events = Recording(headers=SSE, steps=(CHAT_ROLE, CHAT_HELLO, CHAT_STOP, CHAT_USAGE, DONE))
    reply = ask(World(chats(events)), prompt="Say", stream=True, echo=True)
    found = [json.decode(e[6:]) for e in reply.body.split(b"\n\n")[:-2]]

    assert [("Say", None), ("hello", None), ("", "stop")] == [
        (c["text"], c["finish_reason"]) for one in found for c in one["choices"]
    ]
    assert reply.body.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize("prompt", ("Say", ["a", "b"], [1, 2], [[1], [2]]))
def test_whoever_completes_takes_every_form(prompt):
    """At its own endpoint, to the byte."""
    world = World(completes(whole(json.encode(completion()))))
    reply = ask(world, prompt=prompt, suffix="end", best_of=2)

    assert (200, ["hi"]) == (reply.status, texts(reply))
    assert b"/completions" == world.providers["up"].transport.sent[0].request.path
    assert (prompt, "end", 2) == tuple(sent(world)[0][n] for n in ("prompt", "suffix", "best_of"))


def test_several_prompts_of_a_model_that_chats():
    """One after the other: choices in order, tokens and costs together, an attempt each."""
    world = World(chats(whole(), whole(), whole()))
    reply = ask(world, prompt=["a", "b", "c"])
    body = json.decode(reply.body)

    assert ["a", "b", "c"] == [one["messages"][0]["content"] for one in sent(world)]
    assert [0, 1, 2] == [choice["index"] for choice in body["choices"]]
    assert {"prompt_tokens": 9, "completion_tokens": 12, "total_tokens": 21} == body["usage"]
    assert b"0.000021000" == reply.header(b"x-trunkline-cost-usd")
    assert ["intent", "settle", "intent", "settle", "intent", "close"] == [
        entry[0] for entry in world.ledger.entries
    ]


def test_a_leg_that_does_not_say_what_it_took_is_counted():
    """As any answer is."""
    silent = json.decode(WHOLE)
    del silent["usage"]
    world = World(chats(whole(json.encode(silent)), whole()))
    reply = ask(world, prompt=["a", "b"])

    assert 200 == reply.status
    assert [True, False] == [attempt.estimated for attempt in world.exchange.attempts]


def test_tokens_are_read_back():
    """Where their vocabulary is known."""
    world = World(chats(whole()))
    ask(world, prompt=[104, 105])
    unknown = ask(World(chats()), prompt=[1 << 30])

    assert "hi" == sent(world)[0]["messages"][0]["content"]
    assert (400, "prompt") == (unknown.status, json.decode(unknown.body)["error"]["param"])


@pytest.mark.parametrize(
    ("fields", "param"),
    (
        ({}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"prompt": 7}, "prompt"),
        ({"prompt": ["a", 1]}, "prompt"),
        ({"prompt": ["a", "b"], "stream": True}, "prompt"),
        ({"prompt": "a", "suffix": "b"}, "suffix"),
    ),
)
def test_what_cannot_be_asked(fields, param):
    """A 400 by name, and nobody is asked."""
    world = World(chats())
    reply = ask(world, **fields)

    assert (400, param) == (reply.status, json.decode(reply.body)["error"]["param"])
    assert [0] == world.sent


def test_prompts_of_every_form():
    """A text, texts, the tokens of one, those of several; and far too many."""
    for raw, prompts in (
        (b'"a"', ["a"]),
        (b'["a","b"]', ["a", "b"]),
        (b"[1,2]", [(1, 2)]),
        (b"[[1],[2]]", [(1,), (2,)]),
    ):
        assert prompts == list(read_prompts(Raw(raw)))
    with pytest.raises(Malformed, match="2048"):
        read_prompts(Raw(json.encode(["a"] * 2049)))


@pytest.mark.parametrize("bad", (b"{}", b"[]", b'{"choices":7}'))
def test_what_cannot_be_put_together(bad):
    """Is Garbled rather than half an answer."""
    with pytest.raises(Garbled):
        joined([json.encode(completion()), bad])
