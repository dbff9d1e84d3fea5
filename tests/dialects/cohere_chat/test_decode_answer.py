"""Whole answers, as documented and as recorded."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from tests.dialects.cohere_chat.kit import DIALECT, whole
from trunkline.canon.content import Reasoning, Text, ToolCall
from trunkline.canon.errors import Garbled, GatewayError, Overloaded, TimedOut
from trunkline.canon.event import FinishReason
from trunkline.dialects.cohere_chat.decode_answer import arguments_of, belongs
from trunkline.dialects.cohere_chat.wire import CitedIn

NAME = DIALECT.name


def parts(**message):
    return DIALECT.decode_answer(whole(**message)).choices[0].parts


def test_text_and_thinking():
    """In order; empty blocks and those nobody knows are none."""
    content = [
        {"type": "thinking", "thinking": "hm"},
        {"type": "text", "text": ""},
        {"type": "text", "text": "4"},
        {"type": "hologram"},
    ]

    assert (Reasoning("hm", origin=NAME), Text("4")) == parts(content=content)


def test_the_plan_is_what_is_said_before_the_calls():
    """Behind the thinking, before other text."""
    content = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "b"}]
    calls = [{"id": "t", "function": {"name": "f", "arguments": None}}]

    assert (
        Reasoning("hm", origin=NAME),
        Text("a"),
        Text("b"),
        ToolCall("t", "f", "{}"),
    ) == parts(content=content, tool_plan="a", tool_calls=calls)
    assert (Text("a"),) == parts(tool_plan="a", content=None)


def test_citations_go_with_the_text_they_are_of():
    """By the block's index; without one, with every text."""
    cited = [
        {"text": "second", "content_index": 1},
        {"text": "plan", "type": "PLAN"},
        {"text": "thought", "type": "THINKING_CONTENT"},
    ]
    content = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    plan, first, second = parts(content=content, tool_plan="p", citations=cited)

    assert ("plan", NAME) == (json.decode(plan.annotations)[0]["text"], plan.origin)
    assert (None, "") == (first.annotations, first.origin)
    assert ["second"] == [note["text"] for note in json.decode(second.annotations)]


def test_belongs():
    """Older answers tell neither type nor index."""
    assert belongs(CitedIn(), 0)
    assert not belongs(CitedIn(), -1)
    assert not belongs(CitedIn(type="PLAN"), 0)


@pytest.mark.parametrize("nothing", (None, "", " ", "null", " null\n"))
def test_no_arguments_are_an_empty_object(nothing):
    """Clients parse them."""
    assert "{}" == arguments_of(nothing)
    assert '{"a":null}' == arguments_of('{"a":null}')


def test_why_it_ended_and_what_it_cost():
    """And its id; it names no model."""
    answer = DIALECT.decode_answer(whole("MAX_TOKENS", content=[{"type": "text", "text": "x"}]))

    assert (FinishReason.LENGTH, "MAX_TOKENS") == (
        answer.choices[0].finish,
        answer.choices[0].native,
    )
    assert ("c1", "", 10, 5) == (answer.id, answer.model, answer.usage.input, answer.usage.output)


def test_no_reason_and_no_usage():
    """Neither is made up."""
    answer = DIALECT.decode_answer(b'{"message":{}}')

    assert (None, None, ()) == (answer.choices[0].finish, answer.usage, answer.choices[0].parts)


def test_log_probabilities():
    """Of the whole answer, at its top."""
    body = json.decode(whole(content=[{"type": "text", "text": "hi"}]))
    body["logprobs"] = [{"text": "hi", "token_ids": [1], "logprobs": [-0.5]}]
    told = DIALECT.decode_answer(json.encode(body)).choices[0].logprobs

    assert ["hi"] == [token["token"] for token in json.decode(told)["content"]]


@pytest.mark.parametrize(("reason", "kind"), (("ERROR", Overloaded), ("TIMEOUT", TimedOut)))
def test_an_answer_the_provider_gave_up_on_is_an_error(reason, kind):
    """Another deployment may do better."""
    with pytest.raises(kind):
        DIALECT.decode_answer(whole(reason, content=[{"type": "text", "text": "x"}]))


def test_an_error_in_a_200_is_that_error():
    """Not an answer that says nothing."""
    with pytest.raises(Overloaded, match="no more"):
        DIALECT.decode_answer(b'{"message":"no more","id":"x"}')


@pytest.mark.parametrize(
    "body", (b"", b"[]", b"{}", b'{"message":null}', b'{"message":{"a":', b"<")
)
def test_what_is_no_answer_is_garbled(body):
    """Told as such."""
    with pytest.raises(Garbled):
        DIALECT.decode_answer(body)


@given(st.binary(max_size=80))
def test_only_a_gateway_error_escapes(body):
    """Whatever comes in."""
    for data in (body, b'{"message":{"content":[' + body + b"]}}"):
        try:
            DIALECT.decode_answer(data)
        except GatewayError:
            continue


def test_recorded_answers(shared: Path):
    """Null arguments among them; every one has parts, a reason and a bill."""
    seen = 0
    for path in sorted((shared / "fixtures" / "cohere").glob("*.json")):
        found = json.decode(path.read_bytes())
        body = found["response"]["body"] if "response" in found else found
        if "message" not in body:
            continue
        answer = DIALECT.decode_answer(json.encode(body))
        billed = body["usage"]["billed_units"]
        seen += 1
        assert answer.choices[0].parts
        assert answer.choices[0].finish is not None
        assert (billed["input_tokens"], billed["output_tokens"]) == (
            answer.usage.input,
            answer.usage.output,
        )
        for part in answer.choices[0].parts:
            if isinstance(part, ToolCall):
                assert isinstance(json.decode(part.arguments), dict)
    assert seen >= 8
