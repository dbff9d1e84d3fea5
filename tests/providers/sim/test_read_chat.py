"""What is understood of a Chat Completions request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from tests.providers.sim.kit import CHAT, TOOL, body_of, tools_of
from trunkline.providers.sim.ask import Rejected
from trunkline.providers.sim.read_chat import read_chat, unknown_chat


def read(prompt: object = "hi", **more):
    return read_chat(body_of(CHAT, "m", prompt, **more))[1]


def test_a_request_is_understood() -> None:
    """Each field has its place in the ask."""
    found = read(
        "hi",
        stream=True,
        stream_options={"include_usage": True, "include_obfuscation": False},
        tools=tools_of(CHAT, TOOL),
        tool_choice="required",
        parallel_tool_calls=False,
        max_completion_tokens=7,
        max_tokens=9,
        stop="x",
        n=2,
        logprobs=True,
        top_logprobs=3,
        reasoning_effort="none",
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "a", "schema": {"const": 1}},
        },
    )

    assert (True, True, False) == (found.stream, found.include_usage, found.obfuscate)
    assert ("get_weather", TOOL["schema"]) == (found.tools[0].name, found.tools[0].schema)
    assert ("required", (), False) == (found.choice, found.named, found.parallel)
    assert (7, ("x",), 2, 3) == (found.limit, found.stops, found.n, found.logprobs)
    assert ("off", True, {"const": 1}) == (found.thinking, found.wants_json, found.schema)


def test_null_is_absent() -> None:
    """SDKs send null for what was not set."""
    fields = "stream stream_options tools tool_choice max_tokens stop n logprobs response_format"

    assert read() == read(**dict.fromkeys(fields.split()))


def test_the_prompt_is_the_last_user_text() -> None:
    """Over several parts, and behind tool results."""
    messages = [
        {"role": "user", "content": "first"},
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c"}]},
        {"role": "tool", "tool_call_id": "c", "content": "result"},
    ]

    assert ("ab", ("result",)) == (read(messages).prompt, read(messages).results)


def test_old_results_are_no_results() -> None:
    """Only those behind the last assistant turn count."""
    messages = [
        {"role": "tool", "tool_call_id": "c", "content": "old"},
        {"role": "assistant", "content": "done"},
        {"role": "user", "content": "next"},
    ]

    assert () == read(messages).results


def test_the_input_is_counted_by_rule() -> None:
    """Three a message, a token per four characters, calls and tools by their text, images flat."""
    call = {"id": "c", "type": "function", "function": {"name": "name", "arguments": "12345"}}
    image = {"type": "image_url", "image_url": {"url": "https://example.com"}}

    assert 3 + 2 == read("12345").input_tokens
    assert 3 + 1 + 2 == read([{"role": "assistant", "tool_calls": [call]}]).input_tokens
    assert 3 + 85 == read([{"role": "user", "content": [image]}]).input_tokens
    tool = {"type": "function", "function": {"name": "name", "parameters": {}}}
    assert 3 + 1 + 1 + 1 == read("hi", tools=[tool]).input_tokens


@pytest.mark.parametrize(
    ("body", "message", "param"),
    (
        (b"{", "could not parse the JSON body", None),
        (b'{"model":"\xff"}', "could not parse the JSON body", None),
        (b'{"x":' + b"[" * 100_000, "could not parse the JSON body", None),
        (b'{"messages":[]}', "you must provide a model parameter", None),
        (b'{"model":"m"}', "Missing required parameter: 'messages'.", "messages"),
        (b'{"model":"m","messages":[{"role":1}]}', "Expected `str`", "messages[0].role"),
        (b'{"model":"m","messages":[],"stop":3}', "Invalid type", "stop"),
    ),
)
def test_what_cannot_be_read_is_refused(body: bytes, message: str, param: str | None) -> None:
    """With the real API's words and the parameter's path."""
    with pytest.raises(Rejected) as caught:
        read_chat(body)

    assert message in caught.value.message
    assert (400, param) == (caught.value.status, caught.value.param)


def test_unknown_fields_are_refused_on_request() -> None:
    """The first of them is named; the API's own fields are fine."""
    unknown_chat(b'{"model":"m","messages":[],"seed":1,"verbosity":"low"}')
    with pytest.raises(Rejected, match="top_k"):
        unknown_chat(b'{"model":"m","top_k":1,"zebra":1}')


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: json.encode({"model": text})))
def test_only_rejected_escapes(body: bytes) -> None:
    """Whatever the bytes are."""
    try:
        read_chat(body)
    except Rejected:
        pass
