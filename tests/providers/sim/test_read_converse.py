"""Requests of the Converse API: what they ask for, and what is refused."""

import pytest
from msgspec import json

from tests.providers.sim.kit import engine, play
from tests.providers.sim.test_write_converse import TOOLS, asked
from trunkline.providers.sim.arrival import Arrival
from trunkline.providers.sim.ask import Rejected, Said
from trunkline.providers.sim.read_converse import check_converse, placed, read_converse

CALL = {"toolUse": {"toolUseId": "t", "name": "f", "input": {}}}
RESULT = {"toolResult": {"toolUseId": "t", "content": [{"text": "fine"}]}}


def read(*turns, **more):
    roles = ("user", "assistant") * len(turns)
    messages = [{"role": r, "content": t} for r, t in zip(roles, turns, strict=False)]
    return read_converse(json.encode({"messages": messages, **more}))


@pytest.mark.parametrize(
    ("path", "expected"),
    (
        ("/model/us.anthropic.claude%3A0/converse", ("us.anthropic.claude:0", False)),
        ("/model/sim-chat%40ttft%3D1/converse-stream", ("sim-chat@ttft=1", True)),
        ("/vpc/model/m/converse", ("m", False)),
    ),
)
def test_the_path_tells_model_and_stream(path, expected):
    """With whatever stands before it."""
    assert expected == placed(path)


def test_what_a_request_asks_for():
    """Prompt, tools, results, limits, media, a schema."""
    form = {"structure": {"jsonSchema": {"schema": '{"type":"object"}'}}, "type": "json_schema"}
    _, ask = read(
        [{"text": "look"}, {"image": {"format": "png", "source": {"bytes": "aGk="}}}],
        [CALL],
        [RESULT],
        system=[{"text": "Be brief."}],
        inferenceConfig={"maxTokens": 9, "stopSequences": ["END"]},
        toolConfig={**TOOLS, "toolChoice": {"tool": {"name": "get_weather"}}},
        outputConfig={"textFormat": form},
    )

    assert ("look", ("fine",), 9, ("END",)) == (ask.prompt, ask.results, ask.limit, ask.stops)
    assert ("one", ("get_weather",)) == (ask.choice, ask.named)
    assert (["get_weather"], ("png",)) == ([tool.name for tool in ask.tools], ask.images)
    assert (True, {"type": "object"}) == (ask.wants_json, ask.schema)
    assert [Said("user", "look"), Said("assistant"), Said("user")] == list(ask.history)


@pytest.mark.parametrize(
    ("choice", "expected"), (({"auto": {}}, "auto"), ({"any": {}}, "required"), (None, "auto"))
)
def test_choices(choice, expected):
    """Nothing is auto."""
    assert expected == read([{"text": "a"}], toolConfig={**TOOLS, "toolChoice": choice})[1].choice


def test_it_counts_as_the_other_dialects_do():
    """Three tokens a message, and a result is one."""
    assert 3 + 2 == read([{"text": "abcdefgh"}])[1].input_tokens
    assert (3 + 1) + (3 + 1 + 1) + (3 + 1) == read(
        [{"text": "a"}], [CALL], [RESULT], toolConfig={"tools": []}
    )[1].input_tokens


@pytest.mark.parametrize(
    ("turns", "words"),
    (
        ([], "start with a user message"),
        ([[{"text": "a"}], [CALL], [RESULT]], "toolConfig"),
        ([[{"text": " "}]], "blank"),
    ),
)
def test_the_rules_of_a_conversation(turns, words):
    """In the service's words."""
    body, _ = read(*turns)

    with pytest.raises(Rejected, match=words):
        check_converse(body)


def test_turns_alternate():
    """Two of the user's in a row are refused."""
    twice = [{"role": "user", "content": [{"text": "a"}]}] * 2
    body, _ = read_converse(json.encode({"messages": twice}))

    with pytest.raises(Rejected, match="alternate"):
        check_converse(body)


@pytest.mark.parametrize("body", (b"", b"{", b"{}", b"\xff", b'{"messages":7}', b"[" * 5000))
def test_what_is_no_request(body):
    """A 400 that names the exception."""
    arrival = asked("sim-chat")
    seen = play(engine(), Arrival("POST", arrival.path, arrival.headers, body))

    assert (400, "ValidationException") == (seen.status, seen.json["__type"])
