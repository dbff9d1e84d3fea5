"""Converse on the wire: whole answers, streams in binary events, exceptions; as Bedrock writes them."""

import pytest
from msgspec import json

from tests.providers.sim.kit import engine, play
from trunkline.canon.content import Reasoning, Text, ToolCall
from trunkline.canon.errors import Overloaded, Throttled
from trunkline.canon.event import Faulted
from trunkline.canon.fold import fold
from trunkline.canon.grammar import violations
from trunkline.dialects.bedrock_converse.dialect import BedrockConverse
from trunkline.providers.sim.arrival import Arrival

DIALECT = BedrockConverse()
TOOLS = {
    "tools": [
        {
            "toolSpec": {
                "name": "get_weather",
                "inputSchema": {
                    "json": {
                        "type": "object",
                        "properties": {"city": {"type": "string"}},
                        "required": ["city"],
                    }
                },
            }
        }
    ]
}


def asked(model, prompt="hi", *, stream=False, **more):
    messages = [{"role": "user", "content": [{"text": prompt}]}]
    headers = ((b"authorization", b"Bearer sk-test"), (b"content-type", b"application/json"))
    path = DIALECT.path(model, stream=stream)
    return Arrival("POST", path, headers, json.encode({"messages": messages, **more}))


def whole(model, prompt="hi", **more):
    return DIALECT.decode_answer(play(engine(), asked(model, prompt, **more)).body)


def events(model, prompt="hi", **more):
    seen = play(engine(), asked(model, prompt, stream=True, **more))
    assert b"application/vnd.amazon.eventstream" == seen.header(b"content-type")
    decoder = DIALECT.decoder()
    return [*decoder.feed(seen.body), *decoder.finish()]


@pytest.mark.parametrize(
    ("model", "more"),
    (
        ("sim-echo", {}),
        ("sim-chat@tokens=20", {"inferenceConfig": {"maxTokens": 7}}),
        ("sim-reason@think=3,tokens=2", {}),
        ("sim-reason@redacted", {}),
        ("sim-tools@calls=2,preamble", {"toolConfig": TOOLS}),
        ("sim-chat@cached=3,cache_write=2", {}),
    ),
)
def test_a_stream_amounts_to_the_whole_answer(model, more):
    """Parts, finish and usage alike, and within the grammar."""
    streamed, answer = events(model, **more), whole(model, **more)
    folded = fold(streamed)

    assert [] == violations(streamed)
    assert answer.choices[0].parts == folded.choices[0].parts
    assert answer.choices[0].native == folded.choices[0].native
    assert answer.usage == folded.usage


def test_what_it_says():
    """Echoed text; signed thinking; a call with arguments of its schema."""
    (said,) = whole("sim-echo", "abcdefgh").choices[0].parts
    thought, _ = whole("sim-reason").choices[0].parts
    (call,) = whole("sim-tools", toolConfig=TOOLS).choices[0].parts

    assert Text("abcdefgh") == said
    assert isinstance(thought, Reasoning)
    assert thought.signature
    assert isinstance(call, ToolCall)
    assert ["city"] == list(json.decode(call.arguments))


def test_usage_leaves_out_what_was_cached():
    """As Bedrock counts; the total has everything."""
    usage = play(engine(), asked("sim-chat@cached=3", "a" * 40)).json["usage"]

    assert (10, 3) == (usage["inputTokens"], usage["cacheReadInputTokens"])
    assert usage["inputTokens"] + 3 + usage["outputTokens"] == usage["totalTokens"]


def test_errors_are_exceptions():
    """With a name that the dialect knows."""
    seen = play(engine(), asked("sim-chat@fault=u10"))
    error = DIALECT.decode_error(seen.status, (), seen.body)

    assert (429, Throttled) == (seen.status, type(error))


def test_a_fault_in_a_stream_is_an_exception_among_its_events():
    """The decoder reads it as what it is."""
    last = events("sim-chat@tokens=20,fault=u13:after=2")[-1]

    assert isinstance(last, Faulted)
    assert Overloaded is type(last.error)
