"""Pieces that whole Responses answers and their streams share."""

import pytest
from msgspec import json

from trunkline.providers.sim.ask import Ask
from trunkline.providers.sim.beats import Stamp
from trunkline.providers.sim.responses_parts import (
    closed,
    event,
    finished,
    opened,
    outputs,
    response,
    usage,
)
from trunkline.providers.sim.turns import Call, Tally, Turn

STAMP = Stamp(b"seed", "m", 7, "req_1")
ASK = Ask(model="m", custom=frozenset({"patch"}))
TURN = Turn(thinking="hm", text="hi", calls=(Call("f", "{}"), Call("patch", "x", "call_1")))


def test_the_items_of_a_turn() -> None:
    """Thought, text, calls, each with an id of its own kind."""
    items = list(outputs(TURN, ASK, STAMP))

    assert ["reasoning", "message", "function_call", "custom_tool_call"] == [i.kind for i in items]
    assert ["rs", "msg", "fc", "ctc"] == [item.id.partition("_")[0] for item in items]
    assert "call_1" == items[3].call_id


def test_a_turn_that_says_nothing_is_a_message() -> None:
    """There is always an item."""
    assert ["message"] == [item.kind for item in outputs(Turn(), ASK, STAMP)]


def test_an_item_opens_empty_and_closes_full() -> None:
    """In progress without content; completed, or incomplete, with all of it."""
    _, said, call, _ = outputs(TURN, ASK, STAMP)

    assert ("in_progress", []) == _of(opened(said), "status", "content")
    assert ("in_progress", "") == _of(opened(call), "status", "arguments")
    assert ("completed", "{}") == _of(closed(call, "tool_calls"), "status", "arguments")
    assert "incomplete" == _of(closed(said, "length"), "status", "id")[0]


def _of(data: bytes, *keys: str) -> tuple[object, ...]:
    return tuple(json.decode(data)[key] for key in keys)


@pytest.mark.parametrize(
    ("finish", "how"),
    (
        ("stop", ("completed", None)),
        ("tool_calls", ("completed", None)),
        ("length", ("incomplete", "max_output_tokens")),
        ("content_filter", ("incomplete", "content_filter")),
    ),
)
def test_a_finish_is_a_status(finish: str, how: tuple[str, str | None]) -> None:
    """Cut short is incomplete."""
    assert how == (finished(finish).status, finished(finish).reason)


def test_usage() -> None:
    """Totals with their parts; wrong where it is to be wrong."""
    tally = Tally(input=9, output=4, reasoning=1, cache_read=2, cache_write=3)
    told = json.decode(usage(tally, ""))

    assert (9, 4, 13) == (told["input_tokens"], told["output_tokens"], told["total_tokens"])
    assert {"cached_tokens": 2, "cache_write_tokens": 3} == told["input_tokens_details"]
    assert '"4"' in usage(tally, "text").decode()


def test_a_response_in_progress_has_no_usage() -> None:
    """The key is there, and null."""
    made = json.decode(response("resp_1", STAMP, ASK, finished("length"), [], None, ""))

    assert (None, {"reason": "max_output_tokens"}) == (made["usage"], made["incomplete_details"])


def test_an_event_names_its_type_twice() -> None:
    """In its name and in its data."""
    assert b'event: a.b\ndata: {"type":"a.b","x":1,"sequence_number":3}\n\n' == event(
        "a.b", b'"x":1', 3
    )
