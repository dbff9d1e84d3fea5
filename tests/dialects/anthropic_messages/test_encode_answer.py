"""Tests of a whole answer as an Anthropic client reads it."""

from typing import Any

from msgspec import Raw, json

from tests.dialects.anthropic_messages.kit import DIALECT, NAME, STAMP, chat, raw
from trunkline.canon.answer import Answer, Choice
from trunkline.canon.content import Opaque, Part, Reasoning, Refusal, Text, ToolCall
from trunkline.canon.event import FinishReason
from trunkline.canon.usage import Usage
from trunkline.dialects.anthropic_messages.encode_answer import message_id
from trunkline.dialects.anthropic_messages.signature import pack


def encoded(answer: Answer) -> Any:
    return json.decode(DIALECT.encode_answer(answer, chat(), STAMP))


def said(*parts: Part, origin: str = "openai-chat", **choice: Any) -> Any:
    return encoded(Answer(choices=(Choice(parts=parts, **choice),), origin=origin))


def test_a_foreign_answer() -> None:
    """Every key a client may look for, with an id of ours."""
    answer = Answer(
        id="chatcmpl-1",
        model="gpt-x",
        choices=(Choice(parts=(Text("hi"),), finish=FinishReason.STOP, native="stop"),),
        usage=Usage(input=1, cache_read=2, output=3, reasoning=4),
        extra={"system_fingerprint": Raw(b'"fp"')},
        origin="openai-chat",
    )

    assert {
        "model": "gpt-x",
        "id": "msg_01STAMP",
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": "hi"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "stop_details": None,
        "usage": {
            "input_tokens": 1,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 2,
            "output_tokens": 7,
            "output_tokens_details": {"thinking_tokens": 4},
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        },
    } == encoded(answer)


def test_its_own_answer_keeps_everything() -> None:
    """Id, native reason, and fields we do not know."""
    answer = Answer(
        id="msg_x",
        choices=(Choice(finish=FinishReason.STOP, native="pause_turn"),),
        extra={"container": raw({"id": "c"}), "usage": raw({"service_tier": "batch"})},
        origin=NAME,
    )

    body = encoded(answer)

    assert ("msg_x", "the-model", "pause_turn", {"id": "c"}, "batch") == (
        body["id"],
        body["model"],
        body["stop_reason"],
        body["container"],
        body["usage"]["service_tier"],
    )


def test_calls() -> None:
    """Ids fit, input is an object, and the finish asks for results."""
    body = said(
        ToolCall("call.1", "f", '{"a": 1}', extra={"x": Raw(b"1")}),
        ToolCall("c2", "g", ""),
        ToolCall("c3", "h", "text", "custom"),
        finish=FinishReason.STOP,
    )

    assert [{"a": 1}, {}, {"input": "text"}] == [block["input"] for block in body["content"]]
    assert "x" not in body["content"][0]
    assert body["content"][0]["id"].startswith("call_1_")
    assert "tool_use" == body["stop_reason"]


def test_an_own_call_keeps_its_caller() -> None:
    """Same dialect, same fields."""
    call = ToolCall("t", "f", "{}", extra={"caller": raw({"type": "direct"})})

    assert {"type": "direct"} == said(call, origin=NAME)["content"][0]["caller"]


def test_reasoning() -> None:
    """Own as it is; another's with our tag in the signature; nothing for nothing."""
    own = [Reasoning("hm", "Eq", NAME), Reasoning("", "D", NAME, redacted=True)]

    assert [
        {"type": "thinking", "thinking": "hm", "signature": "Eq"},
        {"type": "redacted_thinking", "data": "D"},
    ] == said(*own, origin=NAME)["content"]
    assert [
        {"type": "thinking", "thinking": "hm", "signature": pack("", "openai-chat")},
        {"type": "thinking", "thinking": "", "signature": pack("enc", "openai-responses")},
        {"type": "redacted_thinking", "data": pack("enc", "gemini")},
    ] == said(
        Reasoning("hm"),
        Reasoning("", "enc", "openai-responses"),
        Reasoning("", "enc", "gemini", redacted=True),
        Reasoning(""),
    )["content"]


def test_refusals() -> None:
    """The words as text, the reason as this dialect gives it."""
    body = said(Refusal("No."), finish=FinishReason.STOP)

    assert [{"type": "text", "text": "No."}] == body["content"]
    assert ("refusal", "refusal") == (body["stop_reason"], body["stop_details"]["type"])


def test_text() -> None:
    """Empty text is no block; citations are for their own dialect."""
    citations = raw([{"type": "x"}])

    assert [
        {"type": "text", "text": "a", "citations": [{"type": "x"}]},
        {"type": "text", "text": "b"},
    ] == said(
        Text(""),
        Text("a", annotations=citations, origin=NAME),
        Text("b", annotations=citations, origin="openai-chat"),
    )["content"]


def test_opaque_parts() -> None:
    """Its own, and no other's."""
    own = raw({"type": "server_tool_use"})

    assert [{"type": "server_tool_use"}] == said(Opaque(NAME, own), Opaque("gemini", own))[
        "content"
    ]


def test_the_first_of_several_choices() -> None:
    """There is one here; and none is an empty answer."""
    two = (Choice(parts=(Text("a"),)), Choice(index=1, parts=(Text("b"),)))

    assert [{"type": "text", "text": "a"}] == encoded(Answer(choices=two))["content"]
    assert [] == encoded(Answer())["content"]


def test_ids() -> None:
    """An Anthropic id stays; others get one of ours."""
    assert ["msg_1", "msg_01STAMP", "msg_01STAMP"] == [
        message_id("msg_1", NAME, STAMP),
        message_id("", NAME, STAMP),
        message_id("chatcmpl-1", "openai-chat", STAMP),
    ]
