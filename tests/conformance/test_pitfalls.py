"""
Where other gateways fell between the two dialects: their bugs as tests, from one SDK to the other.

Those of one dialect alone stand with it (tests/dialects/*/test_pitfalls*.py), under the same numbers:
they are the places of a list of issues that users of other gateways have filed.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from msgspec import Raw, json

from tests.conformance import sdk
from tests.conformance.recordings import ANTHROPIC, OPENAI
from tests.conformance.ways import REAL, STAMP, through
from trunkline.canon.content import Message, Role, Text
from trunkline.canon.deployment import Deployment, Quirks
from trunkline.canon.request import ChatRequest
from trunkline.flow.pipes import Passthrough, Translation

# All but what no dialect can see to: conversations that are remembered (24), clients that leave (58).
CONCERNED = {*range(1, 24), *range(25, 58)}

SCHEMA = b'{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}'


def numbers(tests: Path) -> set[int]:
    found = re.compile(r"^def test_pitfall_(\d\d)_", re.MULTILINE)
    files = [*tests.glob("dialects/*/test_pitfalls*.py"), tests / "conformance/test_pitfalls.py"]
    return {int(number) for file in files for number in found.findall(file.read_text("utf-8"))}


def test_every_pitfall_is_a_test(repository: Path) -> None:
    """Each number that concerns a dialect names a test."""
    assert set() == CONCERNED - numbers(repository / "tests")


def asked(client: str, **fields: Any) -> ChatRequest:
    hello = (Message(Role.USER, (Text("hi"),)),)
    return ChatRequest(model="m", messages=hello, origin=client, **fields)


def place(dialect: str, model: str = "m", **quirks: Any) -> Deployment:
    return Deployment(id="p/m", provider="p", model=model, dialect=dialect, quirks=Quirks(**quirks))


def chunk(delta: Any, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + json.encode({"id": "c", "model": "m", "choices": [choice]}) + b"\n\n"


def called(index: int, **function: str) -> bytes:
    named = {"id": f"call_{index}", "type": "function"} if "name" in function else {}
    return chunk({"tool_calls": [{"index": index, **named, "function": function}]})


def event(**fields: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (fields["type"].encode(), json.encode(fields))


def translated(upstream: str, stream: bytes, request: ChatRequest) -> bytes:
    encoder = REAL.of(request.origin).encoder(request, STAMP)
    return through(Translation(REAL.of(upstream).decoder(), encoder, {}), [stream])


def message(*chunks: bytes) -> Any:
    """What Anthropic's SDK makes of an OpenAI-speaking upstream's stream."""
    stream = b"".join(chunks) + b"data: [DONE]\n\n"
    return sdk.STRICT.streamed(ANTHROPIC, translated(OPENAI, stream, asked(ANTHROPIC)))


CALLS = (
    event(
        type="message_start",
        message={
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "m",
            "content": [],
            "usage": {"input_tokens": 9, "cache_read_input_tokens": 3, "output_tokens": 1},
        },
    ),
    event(
        type="content_block_start",
        index=0,
        content_block={"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}},
    ),
    event(
        type="content_block_delta",
        index=0,
        delta={"type": "input_json_delta", "partial_json": '{"a":1}'},
    ),
    event(type="content_block_stop", index=0),
    event(
        type="message_delta",
        delta={"stop_reason": "tool_use", "stop_sequence": None},
        usage={"output_tokens": 5},
    ),
    event(type="message_stop"),
)


def test_pitfall_01_arguments_beside_the_name_reach_the_other_sdk() -> None:
    """Text, then a call whose first chunk has arguments already."""
    got = message(
        chunk({"role": "assistant", "content": "Look:"}),
        called(0, name="f", arguments='{"a"'),
        called(0, arguments=":1}"),
        chunk({}, "tool_calls"),
    )

    assert ["text", "tool_use"] == [block.type for block in got.content]
    assert {"a": 1} == got.content[1].input


def test_pitfall_04_interleaved_calls_reach_the_other_sdk() -> None:
    """Neither mixed nor dropped."""
    got = message(
        called(0, name="f", arguments=""),
        called(1, name="g", arguments=""),
        called(1, arguments='{"b":2}'),
        called(0, arguments='{"a":1}'),
        chunk({}, "tool_calls"),
    )

    assert [("f", {"a": 1}), ("g", {"b": 2})] == [(b.name, b.input) for b in got.content]


@pytest.mark.parametrize("finish", ("stop", "tool_calls"))
def test_pitfall_07_a_call_is_waited_for(finish: str) -> None:
    """Whatever the upstream says of its end, the client runs the tool."""
    got = message(chunk({"content": "Look:"}), called(0, name="f", arguments=""), chunk({}, finish))

    assert ("tool_use", {}) == (got.stop_reason, got.content[1].input)


@pytest.mark.parametrize("field", ("reasoning_content", "reasoning"))
def test_pitfall_08_thinking_never_crashes_the_other_sdk(field: str) -> None:
    """A block of its own, before the text, by either name."""
    got = message(chunk({field: "Hm."}), chunk({"content": "Yes."}), chunk({}, "stop"))

    assert [("thinking", "Hm."), ("text", "Yes.")] == [
        (block.type, getattr(block, block.type)) for block in got.content
    ]


@pytest.mark.parametrize("wanted", (True, False))
def test_pitfall_17_usage_comes_if_asked_for(wanted: bool) -> None:
    """From either kind of upstream: one chunk of it in OpenAI's shape, or none."""
    request = asked(OPENAI, include_usage=wanted)
    over = translated(ANTHROPIC, b"".join(CALLS), request)
    bill = b'data: {"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":5}}\n\n'
    own = chunk({"content": "a"}) + chunk({}, "stop") + bill + b"data: [DONE]\n\n"
    watcher = REAL.openai.watcher(wants_usage=wanted)
    through_ = through(Passthrough(watcher, REAL.openai.sentinel), [own])

    for stream in (over, through_):
        bills = [c.usage for c in sdk.LENIENT.chunks(stream) if c.usage]
        assert [12] * wanted == [usage.prompt_tokens for usage in bills]
    assert watcher.usage is not None


def test_pitfall_41_tools_are_of_the_other_sdks_types() -> None:
    """An OpenAI function becomes a custom tool of Messages: name, description, input_schema."""
    function = {"name": "f", "description": "Does.", "parameters": Raw(SCHEMA)}
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "tools": [{"type": "function", "function": function}],
    }
    request = REAL.openai.decode_request(json.encode(body), {})
    sent = json.decode(REAL.anthropic.encode_request(request, place(ANTHROPIC)).body)

    assert [{"name": "f", "description": "Does.", "input_schema": json.decode(SCHEMA)}] == (
        sent["tools"]
    )


@pytest.mark.parametrize("word", ("max_tokens", "model_context_window_exceeded"))
def test_pitfall_52_truncation_is_told(word: str) -> None:
    """An answer that was cut short says so to an OpenAI client, streamed and whole."""
    cut = event(type="message_delta", delta={"stop_reason": word}, usage={"output_tokens": 5})
    stream = CALLS[0] + cut + CALLS[-1]
    whole = {**json.decode(CALLS[0].partition(b"data: ")[2])["message"], "stop_reason": word}
    answer = REAL.anthropic.decode_answer(json.encode(whole))
    body = REAL.openai.encode_answer(answer, asked(OPENAI), STAMP)

    streamed = sdk.STRICT.streamed(OPENAI, translated(ANTHROPIC, stream, asked(OPENAI)))
    assert "length" == streamed.choices[0].finish_reason
    assert "length" == sdk.STRICT.whole(OPENAI, body).choices[0].finish_reason


@pytest.mark.parametrize("word", ("length", "content_filter"))
def test_pitfall_52_truncation_is_told_beside_calls(word: str) -> None:
    """A cut turn is no finished call."""
    got = message(called(0, name="f", arguments='{"a"'), chunk({}, word))

    assert {"length": "max_tokens", "content_filter": "refusal"}[word] == got.stop_reason
