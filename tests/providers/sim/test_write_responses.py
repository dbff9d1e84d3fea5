"""Whole Responses answers on the wire: the official SDK's types take them, strictly."""

from pathlib import Path

import pytest
from msgspec import json
from openai.types.responses import Response

from tests.providers.sim.kit import RESPONSES, TOOL, ask, engine, play, tools_of


def whole(model: str, prompt: object = "hi", **more: object) -> Response:
    seen = play(engine(), ask(RESPONSES, model, prompt, **more))
    assert 200 == seen.status, seen.body
    return Response.model_validate_json(seen.body, strict=True)


def test_a_whole_answer() -> None:
    """One message, completed, with its usage."""
    answer = whole("sim-echo", "abcdefgh")

    assert ("completed", "abcdefgh", "sim-echo") == (
        answer.status,
        answer.output_text,
        answer.model,
    )
    assert answer.usage is not None
    assert (5, 2, 7) == (
        answer.usage.input_tokens,
        answer.usage.output_tokens,
        answer.usage.total_tokens,
    )


def test_calls() -> None:
    """Two different ids; arguments as a string; a custom tool gets its text."""
    custom = {"type": "custom", "name": "patch"}
    tools = [*tools_of(RESPONSES, TOOL), custom]
    call, patch = whole("sim-tools@calls=2", tools=tools).output

    assert ("function_call", "custom_tool_call") == (call.type, patch.type)
    assert call.id.startswith("fc_")
    assert call.call_id.startswith("call_")
    assert "city" in json.decode(call.arguments)
    assert "{}" == patch.input


def test_a_thought_comes_with_what_was_asked_for() -> None:
    """A summary, encrypted content, or neither."""
    asked = {"reasoning": {"summary": "auto"}, "include": ["reasoning.encrypted_content"]}
    full, bare = whole("sim-reason", **asked).output[0], whole("sim-reason").output[0]

    assert ("reasoning", "reasoning") == (full.type, bare.type)
    assert full.summary[0].text
    assert full.encrypted_content
    assert ([], None) == (bare.summary, bare.encrypted_content)


def test_a_thought_may_come_back() -> None:
    """What it sealed it accepts in the history."""
    asked = {"include": ["reasoning.encrypted_content"]}
    output = json.decode(play(engine(), ask(RESPONSES, "sim-reason", **asked)).body)["output"]
    said = {"role": "user", "content": "hi"}

    assert "completed" == whole("sim-reason", [said, *output, said]).status


@pytest.mark.parametrize(
    ("model", "status", "reason"),
    (
        ("sim-length", "incomplete", "max_output_tokens"),
        ("sim-filter", "incomplete", "content_filter"),
        ("sim-refusal", "completed", None),
    ),
)
def test_how_it_ended(model: str, status: str, reason: str | None) -> None:
    """Cut short is incomplete, with the reason; a refusal is an answer like another."""
    answer = whole(model)

    details = answer.incomplete_details
    assert (status, reason) == (answer.status, details.reason if details else None)
    if model == "sim-refusal":
        assert "refusal" == answer.output[0].content[0].type


def test_it_repeats_the_request() -> None:
    """Tools, instructions and the rest stand in the answer."""
    answer = whole("sim-chat", instructions="be brief", metadata={"a": "b"}, temperature=0.5)

    assert ("be brief", {"a": "b"}, 0.5) == (
        answer.instructions,
        answer.metadata,
        answer.temperature,
    )


def test_an_error() -> None:
    """As the whole platform writes it."""
    seen = play(engine(), ask(RESPONSES, "sim-unheard-of"))

    assert (404, {"message", "type", "param", "code"}) == (seen.status, seen.json["error"].keys())


def test_a_whole_answer_has_the_recorded_keys(shared: Path) -> None:
    """All of them, in the response, its usage and its items."""
    name = "llm-test-responses-tool-use.00.json"
    file = shared / "fixtures" / "openai-responses" / name
    real = json.decode(file.read_bytes())["response"]["body"]
    made = play(engine(), ask(RESPONSES, "sim-tools", tools=tools_of(RESPONSES, TOOL))).json

    assert {"billing"} >= real.keys() - made.keys()  # streams never have it
    assert set() == real["usage"].keys() - made["usage"].keys()
    calls = [
        next(item for item in body["output"] if item["type"] == "function_call")
        for body in (real, made)
    ]
    assert calls[0].keys() == calls[1].keys()
