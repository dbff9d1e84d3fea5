"""Where other gateways fell on the way to Cohere; numbered as in tests/conformance/test_pitfalls.py."""

from msgspec import json

from tests.dialects.cohere_chat.kit import (
    DIALECT,
    START,
    body_of,
    call,
    chat,
    decode,
    end,
    hang_up,
    messages_of,
    plan,
    text,
    whole,
)
from tests.dialects.turns import assistant, user
from trunkline.canon.content import Text, ToolCall
from trunkline.canon.event import Finished, FinishReason, UsageReported
from trunkline.canon.fold import fold
from trunkline.canon.request import Thinking


def test_pitfall_52_truncation_is_told() -> None:
    """Not as a natural end."""
    (finished,) = [
        e for e in decode(START, text(0, "x"), end("MAX_TOKENS")) if isinstance(e, Finished)
    ]

    assert FinishReason.LENGTH is finished.reason


def test_pitfall_54_tokens_are_billed_as_the_provider_bills_them() -> None:
    """Its own preamble is not paid for, and what it had cached is no class beside it."""
    (told,) = [e.usage for e in decode(START, end()) if isinstance(e, UsageReported)]

    assert (10, 0, 15) == (told.input, told.cache_read, told.total)


def test_pitfall_calls_without_arguments() -> None:
    """Streamed without a piece, whole as null or "null": an empty object, or clients' parsers fail."""
    events = decode(START, call(0, "now"), hang_up(0), end("TOOL_CALL"))
    calls = [{"id": "t1", "type": "function", "function": {"name": "now", "arguments": "null"}}]
    answer = DIALECT.decode_answer(whole("TOOL_CALL", tool_calls=calls))

    assert fold(events) == answer
    assert (ToolCall("t1", "now", "{}"),) == answer.choices[0].parts


def test_pitfall_the_plan_goes_there_and_back() -> None:
    """It is neither lost on the way to the client nor sent back as content beside the calls."""
    events = decode(START, plan("I will look."), call(0, "now"), hang_up(0), end("TOOL_CALL"))
    parts = fold(events).choices[0].parts

    assert Text("I will look.") == parts[0]
    turn = messages_of(user("hi"), assistant(*parts))[1]
    assert ("I will look.", None) == (turn["tool_plan"], turn.get("content"))


def test_pitfall_a_failure_in_a_200_is_no_ending() -> None:
    """finish_reason ERROR came with whatever was written until then."""
    for event in decode(START, text(0, "half"), end("ERROR")):
        assert not isinstance(event, Finished)


def test_pitfall_top_p_of_one() -> None:
    """OpenAI's clients send it by default; Cohere answers 400 beyond 0.99."""
    assert 0.99 == body_of(chat(top_p=1.0))["p"]


def test_pitfall_thinking_is_said_in_its_own_words() -> None:
    """An effort is none of its fields."""
    body = body_of(chat(thinking=Thinking(effort="low")))

    assert "reasoning_effort" not in json.encode(body).decode()
    assert "enabled" == body["thinking"]["type"]
