"""What an answer had said when it was broken off: at any event, and of any shape."""

from typing import Any

from msgspec import Raw, json

from tests.conversations.test_events import OUTPUT, TEXT, WHOLE
from trunkline.conversations.events import event, replayed
from trunkline.conversations.partial import said_so_far
from trunkline.wire.sse import frames

STREAM = replayed(json.encode(WHOLE))


def after(kind: str, count: int = 1) -> list[Any]:
    """The output told from the stream that ends behind the `count`th event of that kind."""
    end = 0
    for name, data in frames(STREAM):
        end = STREAM.index(data, end) + len(data)
        count -= name == f"response.{kind}".encode()
        if not count:
            break
    return [json.decode(item) for item in said_so_far(STREAM[:end] + b"\n\n")]


def test_a_whole_one_is_what_it_was():
    """Every item as it was told at its end."""
    assert OUTPUT == [json.decode(item) for item in said_so_far(STREAM)]


def test_nothing_was_said():
    """No item that was not announced."""
    assert [] == after("in_progress")


def test_words_are_kept():
    """In their part, their item marked as incomplete; what was done before stays so."""
    thought = {"id": "rs_1", "type": "reasoning"}
    assert [{**thought, "summary": []}] == after("output_item.added")
    assert [{**thought, "summary": [{"type": "summary_text", "text": "Hm."}]}] == after(
        "reasoning_summary_text.delta"
    )
    told = after("output_text.delta")
    assert OUTPUT[0] == told[0]
    assert {**OUTPUT[1], "status": "incomplete", "content": [TEXT]} == told[1]
    assert {**OUTPUT[1], "status": "incomplete"} == after("refusal.delta")[1]


def test_half_a_call_is_none():
    """Nobody could carry it out; a whole one is kept."""
    assert 2 == len(after("function_call_arguments.delta"))
    assert OUTPUT[:3] == after("custom_tool_call_input.delta")


def delta(text: str, **more: object) -> bytes:
    return event("response.output_text.delta", 0, {"output_index": 0, "delta": text, **more})


def test_what_was_not_announced():
    """A server that leaves events out: text finds its part, and what cannot be read is skipped."""
    message = {"type": "message", "role": "assistant", "content": []}
    note = {"type": "url_citation", "url": "x"}
    stream = (
        delta("lost")
        + event("response.output_item.added", 0, {"output_index": 0, "item": message})
        + delta("J")
        + b"data: nonsense\n\n"
        + event("response.output_text.delta", 0, {"output_index": 0, "delta": 7})
        + delta("a")
        + delta("!", content_index=1)
        + event("response.output_text.annotation.added", 0, {"annotation": note})
    )
    [item] = said_so_far(stream)
    assert {
        **message,
        "content": [
            {"type": "output_text", "text": "Ja", "annotations": [note]},
            {"type": "output_text", "text": "!"},
        ],
    } == json.decode(Raw(item))
