"""Whole answers for clients."""

from msgspec import Raw, json
from openai.types.chat import ChatCompletion

from tests.dialects.openai_chat.kit import DIALECT, STAMP, request
from trunkline.canon.answer import Answer, Choice
from trunkline.canon.content import Opaque, Reasoning, Refusal, Text, ToolCall
from trunkline.canon.event import FinishReason
from trunkline.canon.request import Tool
from trunkline.canon.usage import Usage

OWN = "openai-chat"


def body(*parts, asked=None, finish=FinishReason.STOP, **more):
    answer = Answer(choices=(Choice(parts=parts, finish=finish),), **{"origin": OWN, **more})
    return json.decode(DIALECT.encode_answer(answer, asked or request(), STAMP))


def message(*parts, **more):
    return body(*parts, **more)["choices"][0]["message"]


def test_all_keys():
    """Those that are required are there, null where there is nothing to say; the SDK validates it."""
    told = body(
        Text("a"), id="c1", model="m", created=7, usage=Usage(input=2, cache_read=1, output=3)
    )
    assert {
        "id": "c1",
        "object": "chat.completion",
        "created": 7,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "a",
                    "refusal": None,
                    "annotations": [],
                },
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 3,
            "completion_tokens": 3,
            "total_tokens": 6,
            "prompt_tokens_details": {
                "cached_tokens": 1,
                "audio_tokens": 0,
                "cache_write_tokens": 0,
            },
            "completion_tokens_details": {
                "reasoning_tokens": 0,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        },
        "system_fingerprint": None,
    } == told
    ChatCompletion.model_validate(told)


def test_of_another_dialect():
    """Its id and extras mean nothing here."""
    told = body(Text("a"), id="msg_1", extra={"container": Raw(b"1")}, origin="anthropic-messages")
    assert ("chatcmpl-0123456789", "the-model", 1_700_000_000) == (
        told["id"],
        told["model"],
        told["created"],
    )
    assert "container" not in told


def test_own_extras():
    """Come back where they were."""
    assert "fp" == body(Text("a"), extra={"system_fingerprint": Raw(b'"fp"')})["system_fingerprint"]


def test_content():
    """Texts continue one another; null only where something else is said."""
    assert "ab" == message(Text("a"), Text("b"))["content"]
    assert "" == message()["content"]
    assert message(ToolCall("1", "f", "{}"))["content"] is None
    refused = message(Refusal("no"))
    assert (None, "no") == (refused["content"], refused["refusal"])


def test_calls():
    """Functions and custom tools."""
    assert [
        {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
        {"id": "2", "type": "custom", "custom": {"name": "c", "input": "x"}},
    ] == message(ToolCall("1", "f", "{}"), ToolCall("2", "c", "x", "custom"))["tool_calls"]


def test_functions():
    """Who asked with `functions`, the API before tools, is answered in it."""
    asked = request(tools=(Tool(name="f", origin="openai-chat/functions"),))
    told = body(ToolCall("1", "f", "{}"), asked=asked, finish=FinishReason.TOOL_CALLS)["choices"][0]
    assert {"name": "f", "arguments": "{}"} == told["message"]["function_call"]
    assert "function_call" == told["finish_reason"]


def test_reasoning():
    """Its text, and what proves it."""
    told = message(Reasoning("a", "s", "x"), Reasoning("", "d", "x", redacted=True), Text("b"))
    assert "a" == told["reasoning_content"]
    assert ["a", None] == [detail.get("text") for detail in told["reasoning_details"]]
    assert "reasoning_details" not in message(Reasoning("a"))


def test_annotations_and_own_parts():
    """Kept; another dialect's are left out."""
    own = Text("a", annotations=Raw(b'[{"a":1}]'), origin=OWN)
    foreign = Text("b", annotations=Raw(b'[{"b":1}]'), origin="x")
    sound, odd = Opaque(OWN, Raw(b'{"audio":{"id":"x"}}')), Opaque("x", Raw(b'{"odd":1}'))
    told = message(own, foreign, sound, odd)
    assert ([{"a": 1}], {"id": "x"}) == (told["annotations"], told["audio"])
    assert "odd" not in told


def test_no_usage():
    """None is made up."""
    assert "usage" not in body(Text("a"))


def test_finish():
    """In OpenAI's words."""
    for reason in FinishReason:
        assert reason.value == body(Text("a"), finish=reason)["choices"][0]["finish_reason"]


def test_a_custom_tool_that_its_upstream_knew_as_a_function():
    """The client gets what it declared; functions beside it stay what they are."""
    asked = request(tools=(Tool(name="patch", kind="custom", raw=Raw(b"{}"), origin=OWN),))
    told = message(
        ToolCall("1", "patch", '{"input":"*** Begin\\n"}'),
        ToolCall("2", "other", '{"input":"x"}'),
        ToolCall("3", "patch", "no JSON"),
        ToolCall("4", "patch", '{"input":"x"}', "custom"),
        asked=asked,
        origin="anthropic-messages",
    )

    assert [
        {"id": "1", "type": "custom", "custom": {"name": "patch", "input": "*** Begin\n"}},
        {
            "id": "2",
            "type": "function",
            "function": {"name": "other", "arguments": '{"input":"x"}'},
        },
        {"id": "3", "type": "custom", "custom": {"name": "patch", "input": "no JSON"}},
        {"id": "4", "type": "custom", "custom": {"name": "patch", "input": '{"input":"x"}'}},
    ] == told["tool_calls"]
