"""Messages on the wire, beside what Anthropic was recorded to send."""

from pathlib import Path

import pytest
from msgspec import json

from tests.providers.sim.kit import MESSAGES, TOOL, ask, engine, play, tools_of


def whole(model: str, prompt: object = "hi", **more):
    return play(engine(), ask(MESSAGES, model, prompt, **more)).json


def test_a_whole_answer() -> None:
    """One text block, the reason, the usage."""
    answer = whole("sim-echo", "abcdefgh")

    assert [{"type": "text", "text": "abcdefgh"}] == answer["content"]
    assert ("end_turn", None, None) == (
        answer["stop_reason"],
        answer["stop_sequence"],
        answer["stop_details"],
    )
    assert (5, 2) == (answer["usage"]["input_tokens"], answer["usage"]["output_tokens"])


def test_thinking_is_signed() -> None:
    """The thought comes first, with a signature, and is counted as output."""
    answer = whole("sim-reason@think=3,tokens=2")
    thinking, text = answer["content"]

    assert ("thinking", "text") == (thinking["type"], text["type"])
    assert 100 < len(thinking["signature"])
    assert 5 == answer["usage"]["output_tokens"]
    assert {"thinking_tokens": 3} == answer["usage"]["output_tokens_details"]


@pytest.mark.parametrize(
    ("model", "thinking", "kinds"),
    (
        ("sim-reason", {"type": "disabled"}, ["text"]),
        ("sim-reason@redacted", None, ["redacted_thinking", "text"]),
        ("sim-reason", {"type": "adaptive", "display": "omitted"}, ["thinking", "text"]),
    ),
)
def test_thinking_is_shown_as_asked(model: str, thinking: dict | None, kinds: list[str]) -> None:
    """Off, redacted, or omitted: a signature over nothing shown."""
    content = whole(model, thinking=thinking)["content"]

    assert kinds == [block["type"] for block in content]
    assert not content[0].get("thinking")


def test_a_thought_may_come_back() -> None:
    """What it signed it accepts in the history."""
    content = whole("sim-reason")["content"]
    history = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": content},
        {"role": "user", "content": "and?"},
    ]

    assert "message" == whole("sim-reason", history)["type"]


def test_a_stop_sequence_is_named() -> None:
    """The reason is stop_sequence, and which."""
    answer = whole("sim-echo", "one two", stop_sequences=["two"])

    assert ("stop_sequence", "two") == (answer["stop_reason"], answer["stop_sequence"])


def test_arguments_cut_short_are_an_empty_object() -> None:
    """A whole answer cannot hold half a JSON value."""
    answer = whole("sim-tools", tools=tools_of(MESSAGES, TOOL), max_tokens=5)

    assert ({}, "max_tokens") == (answer["content"][0]["input"], answer["stop_reason"])


def test_cached_tokens_are_not_input_tokens() -> None:
    """The three classes are disjoint."""
    usage = whole("sim-chat@cached=2,cache_write=1", "12345678")["usage"]

    assert (2, 2, 1, 1) == (
        usage["input_tokens"],
        usage["cache_read_input_tokens"],
        usage["cache_creation_input_tokens"],
        usage["cache_creation"]["ephemeral_5m_input_tokens"],
    )


def test_headers_are_those_of_the_provider(shared: Path) -> None:
    """All that were recorded, among them the request id and the limits with RFC 3339 resets."""
    file = shared / "fixtures" / "anthropic" / "llm-anthropic-test-prompt.00.json"
    real = json.decode(file.read_bytes())["response"]["headers"]
    seen = play(engine(), ask(MESSAGES, "sim-chat", stream=True))

    assert set() == real.keys() - {name.decode() for name, _ in seen.head.headers}
    assert seen.row.id.encode() == seen.header(b"request-id")
    assert b"2027-01-15T08:00:00Z" == seen.header(b"anthropic-ratelimit-tokens-reset")


def test_a_whole_answer_has_the_recorded_keys(shared: Path) -> None:
    """Recordings keep no key order, so as sets."""
    name = "pai-test-cache-prefix-stability-test-anthropic-thinking-roundtrip-wire-stable-vercel.00.json"
    real = json.decode((shared / "fixtures" / "anthropic" / name).read_bytes())["response"]["body"]
    made = whole("sim-reason")

    assert real.keys() == made.keys()
    assert real["usage"].keys() == made["usage"].keys()
    assert [block.keys() for block in real["content"]] == [
        block.keys() for block in made["content"]
    ]


def test_an_error_has_the_recorded_keys(shared: Path) -> None:
    """Type, error and request id."""
    name = "pai-test-model-name-suggestions-test-model-name-suggestion-anthropic.00.json"
    real = json.decode((shared / "fixtures" / "anthropic" / name).read_bytes())["response"]
    made = play(engine(), ask(MESSAGES, "sim-unheard-of"))

    assert real["status"] == made.status
    assert real["body"].keys() == made.json.keys()
    assert {"type": "not_found_error", "message": "model: sim-unheard-of"} == made.json["error"]
