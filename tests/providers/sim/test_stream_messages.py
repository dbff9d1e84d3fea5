"""The events of a streamed Messages answer, beside those recorded."""

import re
from pathlib import Path

import pytest
from msgspec import json

from tests.providers.sim.kit import MESSAGES, TOOL, ask, engine, events, play, tools_of


def stream(model: str, prompt: str = "hi", **more):
    return play(engine(), ask(MESSAGES, model, prompt, stream=True, **more))


def names(seen) -> list[str]:
    return [name for name, _ in seen.events]


def test_the_order_of_events() -> None:
    """Start, block, ping, deltas, the block's end, the reason, the end; names equal types."""
    seen = stream("sim-echo", "abcdefgh")

    assert [
        "message_start",
        "content_block_start",
        "ping",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ] == names(seen)
    assert names(seen) == [data["type"] for _, data in seen.events]


def test_data_is_padded_before_its_last_brace() -> None:
    """As the real API does it: still JSON."""
    paddings = re.findall(rb"( *)\}\n\n", stream("sim-chat").body)

    assert 3 < len({len(padding) for padding in paddings})


def test_blocks_follow_each_other() -> None:
    """Thinking with one signature, then text, then calls: contiguous indices, none open at once."""
    script = b'{"reasoning":"hm","text":"so","tool_calls":[{"name":"a"},{"name":"b","arguments":{"x":1}}]}'
    seen = stream("any", headers=((b"x-sim-script", script),))
    opened: list[int] = []
    now = None
    for name, data in seen.events:
        if name == "content_block_start":
            assert now is None
            now = data["index"]
            opened.append(now)
        elif name in {"content_block_delta", "content_block_stop"}:
            assert now == data["index"]
            now = None if name == "content_block_stop" else now
    deltas = [data["delta"] for name, data in seen.events if name == "content_block_delta"]

    assert [0, 1, 2, 3] == opened
    assert [
        "thinking_delta",
        "signature_delta",
        "text_delta",
        "input_json_delta",
        "input_json_delta",
        "input_json_delta",
        "input_json_delta",
    ] == [delta["type"] for delta in deltas]
    assert ["", "", '{"x"', ":1}"] == [d["partial_json"] for d in deltas if "partial_json" in d]


@pytest.mark.parametrize(
    ("model", "thinking", "deltas"),
    (
        ("sim-reason@tokens=1,redacted", None, ["text_delta"]),
        (
            "sim-reason@tokens=1",
            {"type": "adaptive", "display": "omitted"},
            ["signature_delta", "text_delta"],
        ),
    ),
)
def test_thinking_that_is_not_shown(model: str, thinking: dict | None, deltas: list[str]) -> None:
    """Redacted: whole in the block's start. Omitted: a signature without a thought."""
    seen = stream(model, thinking=thinking)

    assert deltas == [
        d["delta"]["type"] for name, d in seen.events if name == "content_block_delta"
    ]
    assert 13 == seen.row.tokens


def test_usage_at_both_ends() -> None:
    """Real input at the start with a token of output, everything cumulative at the end."""
    seen = stream("sim-reason@think=2,tokens=3,cached=1", "12345678")
    start = seen.events[0][1]["message"]["usage"]
    end = next(data["usage"] for name, data in seen.events if name == "message_delta")

    assert (4, 1, 1) == (
        start["input_tokens"],
        start["cache_read_input_tokens"],
        start["output_tokens"],
    )
    assert {
        "input_tokens": 4,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 1,
        "output_tokens": 5,
        "output_tokens_details": {"thinking_tokens": 2},
    } == end


def test_a_refusal_tells_its_details() -> None:
    """In message_delta."""
    delta = next(d["delta"] for name, d in stream("sim-refusal").events if name == "message_delta")

    assert ("refusal", "refusal") == (delta["stop_reason"], delta["stop_details"]["type"])


def test_an_empty_answer_is_still_a_message() -> None:
    """No block at all, but a ping, the reason and the end."""
    seen = stream("sim-chat@tokens=0")

    assert ["message_start", "ping", "message_delta", "message_stop"] == names(seen)


@pytest.mark.parametrize(
    ("recording", "model"),
    (
        ("llm-anthropic-test-prompt.00", "sim-chat@tokens=4"),
        ("llm-anthropic-test-stream-events-tool-calls.00", "sim-tools"),
    ),
)
def test_events_have_the_recorded_keys(shared: Path, recording: str, model: str) -> None:
    """Event by event: the same names and the same keys, inside and out, but for what is newer."""
    body = (shared / "fixtures" / "anthropic" / f"{recording}.sse").read_bytes()
    real = list(events(body))
    tool = {"name": "f", "schema": {"type": "object", "properties": {}}}
    made = stream(model, tools=tools_of(MESSAGES, tool)).events

    assert [name for name, _ in real] == [name for name, _ in made]
    newer = {"stop_details"}
    for (_, left), (_, right) in zip(real, made, strict=True):
        for one, other in ((left, right), *_inner(left, right)):
            assert set() == one.keys() - other.keys()
            assert set() == other.keys() - one.keys() - newer


def _inner(left: dict, right: dict) -> list:
    keys = ("message", "delta", "content_block", "usage")
    return [(left[key], right[key]) for key in keys if key in left]


def test_the_tool_in_the_kit_is_called_with_its_schema() -> None:
    """The fragments joined are the arguments."""
    seen = stream("sim-tools", tools=tools_of(MESSAGES, TOOL))
    parts = [
        data["delta"]["partial_json"] for name, data in seen.events if name == "content_block_delta"
    ]

    assert {"city", "unit"} == json.decode("".join(parts)).keys()
