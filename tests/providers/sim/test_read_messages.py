"""What is understood of a Messages request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from tests.providers.sim.kit import MESSAGES, TOOL, body_of, tools_of
from trunkline.providers.sim.ask import Rejected
from trunkline.providers.sim.read_messages import read_messages, unknown_messages


def read(prompt: object = "hi", **more):
    return read_messages(body_of(MESSAGES, "m", prompt, **more))[1]


def test_a_request_is_understood() -> None:
    """Each field has its place in the ask."""
    found = read(
        stream=True,
        system=[{"type": "text", "text": "be brief"}],
        tools=[*tools_of(MESSAGES, TOOL), {"type": "web_search_20250305", "name": "web_search"}],
        tool_choice={"type": "tool", "name": "get_weather", "disable_parallel_tool_use": True},
        stop_sequences=["x", "y"],
        output_config={"format": {"type": "json_schema", "schema": {"const": 1}}},
    )

    assert (True, True, 1000) == (found.stream, found.include_usage, found.limit)
    assert ["get_weather"] == [tool.name for tool in found.tools]
    assert ("one", ("get_weather",), False) == (found.choice, found.named, found.parallel)
    assert (("x", "y"), True, {"const": 1}) == (found.stops, found.wants_json, found.schema)


@pytest.mark.parametrize(
    ("thinking", "understood"),
    (
        (None, "default"),
        ({"type": "disabled"}, "off"),
        ({"type": "adaptive"}, "on"),
        ({"type": "enabled", "budget_tokens": 1024}, "on"),
        ({"type": "adaptive", "display": "omitted"}, "omitted"),
    ),
)
def test_thinking_in_all_forms(thinking: dict | None, understood: str) -> None:
    """Absent, off, on, and thought but not shown."""
    assert understood == read(thinking=thinking).thinking


def test_tool_choice_in_all_forms() -> None:
    """auto, any and none."""
    assert ["auto", "required", "none"] == [
        read(tool_choice={"type": kind}).choice for kind in ("auto", "any", "none")
    ]


def test_results_and_prompt_of_one_turn() -> None:
    """Results first, then what the user says; images in results are seen."""
    source = {"type": "base64", "media_type": "image/png", "data": "AAAA"}
    messages = [
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "c", "name": "n", "input": {}}],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "c", "content": "plain"},
                {
                    "type": "tool_result",
                    "tool_use_id": "d",
                    "content": [
                        {"type": "text", "text": "list"},
                        {"type": "image", "source": source},
                    ],
                },
                {"type": "web_search_tool_result", "tool_use_id": "e", "content": {"odd": 1}},
                {"type": "text", "text": "go on"},
            ],
        },
    ]
    found = read(messages)

    assert (("plain", "list"), "go on") == (found.results, found.prompt)
    assert ("image/png",) == found.images


@pytest.mark.parametrize(
    ("source", "seen"),
    (
        ({"type": "url", "url": "https://example.com"}, "https://example.com"),
        ({"type": "file", "file_id": "file_1"}, "file_1"),
        ({"type": "content", "content": "text"}, "content"),
        ("odd", "unknown"),
    ),
)
def test_sources_of_all_kinds(source: object, seen: str) -> None:
    """Something is said of each."""
    content = [{"type": "document", "source": source}]

    assert (seen,) == read([{"role": "user", "content": content}]).images


def test_the_input_is_counted_by_rule() -> None:
    """As in Chat Completions: system and results are messages of their own."""
    call = {"type": "tool_use", "id": "c", "name": "name", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "c", "content": "1234"}

    assert 3 + 2 == read("12345").input_tokens
    assert 3 + 1 + 3 + 1 == read("1234", system="1234").input_tokens
    assert 3 + 1 + 1 == read([{"role": "assistant", "content": [call]}]).input_tokens
    assert 3 + 1 == read([{"role": "user", "content": [result]}]).input_tokens
    tool = {"name": "name", "description": "abcd", "input_schema": {}}
    assert 3 + 1 + 1 + 1 + 1 == read("hi", tools=[tool]).input_tokens


@pytest.mark.parametrize(
    ("body", "message"),
    (
        (b"{", "The request body is not valid JSON"),
        (b'{"model":"\xff"}', "The request body is not valid JSON"),
        (b'{"x":' + b"[" * 100_000, "The request body is not valid JSON"),
        (b'{"messages":[]}', "model: Field required"),
        (b'{"model":"m"}', "messages: Field required"),
        (b'{"model":"m","messages":[{"role":1,"content":""}]}', "messages.0.role: Expected `str`"),
        (b"7", "Expected `object`"),
    ),
)
def test_what_cannot_be_read_is_refused(body: bytes, message: str) -> None:
    """With the field in front, as the real API puts it."""
    with pytest.raises(Rejected) as caught:
        read_messages(body)

    assert caught.value.message.startswith(message)


def test_unknown_fields_are_refused_on_request() -> None:
    """As the real API does."""
    unknown_messages(b'{"model":"m","messages":[],"top_k":1,"metadata":{}}')
    with pytest.raises(Rejected, match="n: Extra inputs are not permitted"):
        unknown_messages(b'{"model":"m","n":1}')


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: json.encode({"model": text})))
def test_only_rejected_escapes(body: bytes) -> None:
    """Whatever the bytes are."""
    try:
        read_messages(body)
    except Rejected:
        pass
