"""Events no upstream sent: by the SDK's own types, and as they would have come."""

from typing import Any

import pytest
from msgspec import json
from openai._models import construct_type_unchecked
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from trunkline.conversations.events import (
    behind_opening,
    breaking,
    cancelling,
    event,
    failing,
    opening,
    replayed,
)
from trunkline.wire.sse import frames

TEXT = {"type": "output_text", "text": 'Ja – \\ "so"', "annotations": [], "logprobs": []}
OUTPUT = [
    {"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
    {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [TEXT, {"type": "refusal", "refusal": "No."}],
    },
    {
        "id": "fc_1",
        "type": "function_call",
        "call_id": "call_1",
        "name": "f",
        "arguments": '{"a":1}',
        "status": "completed",
    },
    {
        "id": "ctc_1",
        "type": "custom_tool_call",
        "call_id": "call_2",
        "name": "patch",
        "input": "*** Begin",
    },
    {
        "id": "ws_1",
        "type": "web_search_call",
        "status": "completed",
        "action": {"type": "search", "query": "x"},
    },
]
WHOLE = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "completed_at": 2,
    "status": "completed",
    "model": "m",
    "output": OUTPUT,
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
}


def read(stream: bytes) -> list[dict[str, Any]]:
    found = []
    for name, data in frames(stream):
        told = json.decode(data)
        assert name.decode() == told["type"]
        found.append(told)
    return found


def test_an_answer_replayed_is_what_the_sdk_reads():
    """Every event by its strict type, numbered without gaps, the whole answer in the last."""
    told = read(replayed(json.encode(WHOLE)))
    for one in told:
        TypeAdapter(ResponseStreamEvent).validate_python(one, strict=False)
    assert list(range(len(told))) == [one["sequence_number"] for one in told]
    assert WHOLE == told[-1]["response"]
    assert ([], "in_progress") == (told[0]["response"]["output"], told[0]["response"]["status"])


def test_its_pieces_make_the_answer():
    """Each item is announced empty, grows, and is told whole."""
    told = read(replayed(json.encode(WHOLE)))
    grown: dict[str, str] = {}
    for one in told:
        if one["type"].endswith(".delta"):
            grown[one["item_id"]] = grown.get(one["item_id"], "") + one["delta"]
    texts = {"rs_1": "Hm.", "msg_1": TEXT["text"] + "No.", "fc_1": '{"a":1}', "ctc_1": "*** Begin"}
    assert texts == grown
    added = [one["item"] for one in told if one["type"] == "response.output_item.added"]
    done = [one["item"] for one in told if one["type"] == "response.output_item.done"]
    assert OUTPUT == done
    assert [[], ""] == [added[1]["content"], added[2]["arguments"]]
    assert [[], "in_progress"] == [added[0]["summary"], added[2]["status"]]


@pytest.mark.parametrize(
    ("status", "last"),
    (
        ("incomplete", "response.incomplete"),
        ("failed", "response.failed"),
        ("cancelled", "response.cancelled"),
    ),
)
def test_its_last_event_says_how_it_ended(status, last):
    """A cancelled one, too, for which the API's types have no event."""
    told = read(replayed(json.encode({**WHOLE, "output": [], "status": status})))
    assert last == told[-1]["type"]


def test_a_background_response_opens_with_its_id():
    """Long before an upstream says anything."""
    queued = {**WHOLE, "status": "queued", "output": []}
    told = read(opening(json.encode(queued)) + failing(json.encode(WHOLE), 2))
    assert [
        ("response.created", 0, queued),
        ("response.queued", 1, queued),
        ("response.failed", 2, WHOLE),
    ] == [(one["type"], one["sequence_number"], one["response"]) for one in told]
    assert isinstance(construct_type_unchecked(value=queued, type_=Response), Response)


def test_a_stream_that_is_broken_off_says_so():
    """As the SDK reads it: the response as it was cancelled, or the API's nested error."""
    cancelled = {**WHOLE, "status": "cancelled"}
    told = read(cancelling(json.encode(cancelled), 7) + breaking("Why.", 8))
    error = {"type": "server_error", "code": "server_error", "message": "Why.", "param": None}
    assert [
        {"type": "response.cancelled", "response": cancelled, "sequence_number": 7},
        {"type": "error", "error": error, "sequence_number": 8},
    ] == told


def test_an_upstream_s_events_go_on_from_there():
    """Without a second beginning, under our id, counted on; text with the same letters stays."""
    upstream = (
        event("response.created", 0, {"response": {"id": "r"}})
        + event("response.in_progress", 1, {"response": {"id": "r"}})
        + event("response.output_text.delta", 2, {"delta": 'r "r" "sequence_number":9'})
        + b"data: nonsense\n\ndata: {}\n\n"
    )
    told, number = behind_opening(upstream, 2, "r", "resp_ours")
    assert 4 == number
    assert [
        {
            "type": "response.in_progress",
            "response": {"id": "resp_ours"},
            "sequence_number": 2,
        },
        {
            "type": "response.output_text.delta",
            "delta": 'r "r" "sequence_number":9',
            "sequence_number": 3,
        },
    ] == read(told)
