"""Tests of an upstream's whole answer, made canonical."""

from typing import Any

import pytest
from msgspec import Raw, json

from tests.dialects.anthropic_messages.kit import DIALECT, NAME, raw
from trunkline.canon.answer import Answer, Choice
from trunkline.canon.content import Opaque, Reasoning, Text, ToolCall
from trunkline.canon.errors import Garbled, Overloaded
from trunkline.canon.event import FinishReason
from trunkline.canon.usage import Usage
from trunkline.dialects.anthropic_messages.decode_answer import call_extra, text_extra


def decoded(**fields: Any) -> Answer:
    whole = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": [],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 2},
        **fields,
    }
    return DIALECT.decode_answer(json.encode(whole))


def parts(*blocks: dict[str, Any]) -> Any:
    return decoded(content=blocks).choices[0].parts


def test_the_plainest_answer() -> None:
    """One choice, with all that was said about it."""
    assert decoded(content=[{"type": "text", "text": "hi"}]) == Answer(
        id="msg_1",
        model="claude-x",
        choices=(Choice(parts=(Text("hi"),), finish=FinishReason.STOP, native="end_turn"),),
        usage=Usage(input=1, output=2),
        origin=NAME,
    )


def test_every_block() -> None:
    """In order, with what belongs to this dialect alone."""
    search = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}

    assert (
        Reasoning("hm", "Eq", NAME),
        Reasoning("", "D", NAME, redacted=True),
        Text("hi", annotations=raw([{"type": "x"}]), origin=NAME),
        ToolCall("t", "f", '{"a":1}', extra={"caller": raw({"type": "direct"})}),
        ToolCall("u", "g", "{}"),
        Opaque(NAME, raw(search)),
    ) == parts(
        {"type": "thinking", "thinking": "hm", "signature": "Eq"},
        {"type": "redacted_thinking", "data": "D"},
        {"type": "text", "text": "hi", "citations": [{"type": "x"}]},
        {
            "type": "tool_use",
            "id": "t",
            "name": "f",
            "input": {"a": 1},
            "caller": {"type": "direct"},
        },
        {"type": "tool_use", "id": "u", "name": "g"},
        search,
    )


def test_a_call_makes_an_end_a_call() -> None:
    """Whatever the upstream said; its own word is kept."""
    choice = decoded(content=[{"type": "tool_use", "id": "t", "name": "f", "input": {}}]).choices[0]

    assert (FinishReason.TOOL_CALLS, "end_turn") == (choice.finish, choice.native)


def test_why_it_ended() -> None:
    """Reason, sequence and details."""
    details = {"type": "refusal", "category": "bio", "explanation": None}

    refused = decoded(stop_reason="refusal", stop_details=details).choices[0]
    stopped = decoded(stop_reason="stop_sequence", stop_sequence="END").choices[0]
    unsaid = decoded(stop_reason=None).choices[0]

    assert (FinishReason.CONTENT_FILTER, raw(details)) == (refused.finish, refused.details)
    assert (FinishReason.STOP, "END") == (stopped.finish, stopped.stop_sequence)
    assert (None, "") == (unsaid.finish, unsaid.native)


def test_unknown_fields_are_kept() -> None:
    """Of the answer and of its usage."""
    answer = decoded(container={"id": "c"}, usage={"input_tokens": 1, "service_tier": "standard"})

    assert {
        "container": Raw(b'{"id":"c"}'),
        "usage": Raw(b'{"service_tier":"standard"}'),
    } == dict(answer.extra)


def test_an_error_with_status_200() -> None:
    """It is raised as what it is, from the whole answer and from its usage alone."""
    body = json.encode({"type": "error", "error": {"type": "overloaded_error", "message": "Busy"}})

    for read in (DIALECT.decode_answer, DIALECT.read_usage):
        with pytest.raises(Overloaded, match="Busy"):
            read(body)


@pytest.mark.parametrize(
    "body", (b"", b"<html>", b"[]", b'{"content":3}', b'{"content":[{"text":1}]}', b'{"id":"\xff"}')
)
def test_what_is_no_answer_is_garbled(body: bytes) -> None:
    """And nothing else escapes."""
    with pytest.raises(Garbled):
        DIALECT.decode_answer(body)


def test_only_the_usage() -> None:
    """For an answer that passes through."""
    body = b'{"content":[{"type":"text"}],"usage":{"input_tokens":3,"output_tokens":4}}'

    assert Usage(input=3, output=4) == DIALECT.read_usage(body)
    assert DIALECT.read_usage(b"{}") is None
    with pytest.raises(Garbled):
        DIALECT.read_usage(b"{")


def test_fields_beside_the_known() -> None:
    """Of a call and of a text."""
    assert ["caller"] == list(call_extra(raw({"type": "tool_use", "id": "", "caller": 1})))
    assert ["x"] == list(text_extra(raw({"type": "text", "text": "", "x": 1})))
