"""
What other gateways got wrong with answers, one test each, numbered as in the collection of their bugs.

An upstream of another dialect is stood for by the canonical events its stream amounts to. Requests
are in test_pitfalls_requests.py.
"""

from typing import Any

import pytest
from msgspec import json

from tests.dialects.anthropic_messages.kit import (
    DIALECT,
    STAMP,
    chat,
    parsed,
    streamed,
)
from trunkline.canon.answer import Answer, Choice
from trunkline.canon.errors import Disconnected, Garbled, Overloaded
from trunkline.canon.event import (
    Ended,
    Event,
    Faulted,
    Finished,
    FinishReason,
    PartClosed,
    PartDelta,
    PartKind,
    PartOpened,
    Started,
    UsageReported,
)
from trunkline.canon.usage import Usage

BEGIN = Started("chatcmpl-1", "gpt-x", 0, {}, "openai-chat")
CALLED = (Finished(FinishReason.TOOL_CALLS), Ended())
STOPPED = (Finished(FinishReason.STOP), Ended())


def open_call(index: int) -> PartOpened:
    return PartOpened(index, PartKind.TOOL_CALL, 0, f"call_{index}", "f")


def shown(*events: Event) -> list[Any]:
    """Block starts, deltas and stops of the stream a client gets."""
    return [
        event for event in streamed([BEGIN, *events]) if event["type"].startswith("content_block")
    ]


def arguments(events: list[Any], index: int) -> Any:
    return json.decode(
        "".join(
            event["delta"]["partial_json"]
            for event in events
            if event["index"] == index and "delta" in event
        )
        or "{}"
    )


def test_pitfall_01_a_call_that_begins_with_arguments() -> None:
    """Its first fragment appears, behind the text before it."""
    found = shown(
        PartOpened(0, PartKind.TEXT),
        PartDelta(0, "Let me see."),
        PartClosed(0),
        open_call(1),
        PartDelta(1, '{"city":'),
        PartDelta(1, '"Oslo"}'),
        PartClosed(1),
        *CALLED,
    )

    assert {"city": "Oslo"} == arguments(found, 1)


def test_pitfall_04_interleaved_parallel_calls_come_one_after_the_other() -> None:
    """Arguments are not mixed and none are lost; indices follow."""
    found = shown(
        open_call(0),
        open_call(1),
        PartDelta(0, '{"a":'),
        PartDelta(1, '{"b":'),
        PartDelta(0, "0}"),
        PartDelta(1, "1}"),
        PartClosed(0),
        PartClosed(1),
        *CALLED,
    )

    assert [{"a": 0}, {"b": 1}] == [arguments(found, 0), arguments(found, 1)]
    assert sorted(event["index"] for event in found) == [event["index"] for event in found]


def test_pitfall_05_a_turn_of_calls_alone_begins_at_zero() -> None:
    """With no empty text before it."""
    found = shown(PartOpened(0, PartKind.TEXT), PartClosed(0), open_call(1), PartClosed(1), *CALLED)

    assert (0, "tool_use") == (found[0]["index"], found[0]["content_block"]["type"])


def test_pitfall_06_a_call_without_arguments() -> None:
    """The block closes, and its input is an empty object."""
    found = shown(open_call(0), PartClosed(0), *CALLED)

    assert {} == arguments(found, 0)
    assert "content_block_stop" == found[-1]["type"]


@pytest.mark.parametrize("reason", (FinishReason.STOP, FinishReason.TOOL_CALLS))
def test_pitfall_07_text_and_a_call_stop_for_the_tool(reason: FinishReason) -> None:
    """Even where the upstream said it simply stopped."""
    events = [BEGIN, open_call(0), PartClosed(0), Finished(reason), Ended()]

    assert "tool_use" == streamed(events)[-2]["delta"]["stop_reason"]


def test_pitfall_08_reasoning_is_a_block_of_its_own() -> None:
    """Never a thinking_delta within text, and one message_start."""
    found = streamed(
        [
            BEGIN,
            PartOpened(0, PartKind.REASONING),
            PartDelta(0, "hm"),
            PartClosed(0),
            PartOpened(1, PartKind.TEXT),
            PartDelta(1, "hi"),
            PartClosed(1),
            *STOPPED,
        ]
    )

    assert 1 == sum(event["type"] == "message_start" for event in found)
    assert ["thinking", "text"] == [
        event["content_block"]["type"] for event in found if "content_block" in event
    ]


def test_pitfall_09_usage_behind_the_finish() -> None:
    """message_delta waits for it."""
    found = streamed(
        [BEGIN, Finished(FinishReason.STOP), UsageReported(Usage(input=7, output=9)), Ended()]
    )

    assert (7, 9) == tuple(found[-2]["usage"][k] for k in ("input_tokens", "output_tokens"))
    assert 1 == sum(event["type"] == "message_delta" for event in found)


def test_pitfall_10_no_usage_at_all() -> None:
    """It ends all the same, and what was guessed of the input at its start is not taken back."""
    start, *_, delta, stop = streamed([BEGIN, *STOPPED])

    assert ["message_delta", "message_stop"] == [delta["type"], stop["type"]]
    assert 0 < start["message"]["usage"]["input_tokens"] == delta["usage"]["input_tokens"]


def test_pitfall_11_input_tokens_at_the_start() -> None:
    """Cache included, where they are known by then."""
    found = streamed([BEGIN, UsageReported(Usage(input=5, cache_read=3)), *STOPPED])

    usage = found[0]["message"]["usage"]
    assert (5, 3) == (usage["input_tokens"], usage["cache_read_input_tokens"])


def test_pitfall_12_the_stop_sequence_is_named() -> None:
    """With the string, where it is known."""
    found = streamed([BEGIN, Finished(FinishReason.STOP, stop_sequence="END"), Ended()])

    assert ("stop_sequence", "END") == (
        found[-2]["delta"]["stop_reason"],
        found[-2]["delta"]["stop_sequence"],
    )


def test_pitfall_13_cut_short_within_a_block() -> None:
    """The block closes before the reason, which is max_tokens."""
    found = streamed(
        [
            BEGIN,
            PartOpened(0, PartKind.TEXT),
            PartDelta(0, "x"),
            PartClosed(0),
            Finished(FinishReason.LENGTH),
            Ended(),
        ]
    )

    assert ["content_block_stop", "message_delta"] == [event["type"] for event in found[-3:-1]]
    assert "max_tokens" == found[-2]["delta"]["stop_reason"]


@pytest.mark.parametrize("error", (Disconnected("x"), Overloaded("x"), Garbled("x")))
def test_pitfall_14_an_upstream_that_dies_is_no_end_of_turn(error: Any) -> None:
    """An error event, and nothing after."""
    found = streamed([BEGIN, PartOpened(0, PartKind.TEXT), PartDelta(0, "x"), Faulted(error)])

    assert "error" == found[-1]["type"]
    assert "message_delta" not in {event["type"] for event in found}


@pytest.mark.parametrize(
    "word", ("refusal", "pause_turn", "model_context_window_exceeded", "compaction")
)
def test_pitfall_51_rare_reasons_are_their_own(word: str) -> None:
    """For a client of the same dialect they come back as they were."""
    body = json.encode({"id": "m", "content": [], "stop_reason": word, "usage": {}})
    answer = DIALECT.decode_answer(body)

    assert word == json.decode(DIALECT.encode_answer(answer, chat(), STAMP))["stop_reason"]


def test_pitfall_54_cached_tokens_are_counted_once() -> None:
    """Out of the input, in either direction."""
    answer = Answer(choices=(Choice(),), usage=Usage(input=10, cache_read=90))

    usage = json.decode(DIALECT.encode_answer(answer, chat(), STAMP))["usage"]

    assert (10, 90) == (usage["input_tokens"], usage["cache_read_input_tokens"])
    assert answer.usage == DIALECT.read_usage(json.encode({"usage": usage}))


def test_pitfall_a_name_for_every_event() -> None:
    """The API's SDK ignores data whose event has none."""
    stream = DIALECT.encoder(chat(), STAMP).feed([BEGIN, open_call(0), PartClosed(0), *CALLED])

    assert all(block.startswith(b"event: ") for block in stream.split(b"\n\n")[:-1])
    assert parsed(stream)
