"""Whole answers of upstreams."""

import pytest
from msgspec import Raw, json

from tests.dialects.openai_chat.kit import DIALECT, whole
from trunkline.canon.content import Opaque, Reasoning, Refusal, Text, ToolCall
from trunkline.canon.errors import Disconnected, Garbled, Throttled
from trunkline.canon.event import FinishReason
from trunkline.canon.usage import Usage


def parts(message, **more):
    return whole(message, **more).choices[0].parts


def test_head():
    """Id, model and time; what else the provider says of the answer is kept for its own clients."""
    answer = whole({"content": "x"}, system_fingerprint="fp", provider="P", citations=None)
    assert ("c1", "m", 7) == (answer.id, answer.model, answer.created)
    assert {"system_fingerprint": b'"fp"', "provider": b'"P"'} == {
        name: bytes(raw) for name, raw in answer.extra.items()
    }


@pytest.mark.parametrize(
    ("message", "expected"),
    (
        ({"content": "x"}, (Text("x"),)),
        ({"content": ""}, ()),
        ({"content": None}, ()),
        ({"content": "x", "reasoning_content": "r"}, (Reasoning("r"), Text("x"))),
        ({"content": "x", "reasoning": "r"}, (Reasoning("r"), Text("x"))),
        (
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "r"}]},
                    {"type": "text", "text": "x"},
                ]
            },
            (Reasoning("r"), Text("x")),
        ),
        ({"content": None, "refusal": "no"}, (Refusal("no"),)),
    ),
)
def test_content(message, expected):
    """Text, refusals, and reasoning wherever a provider puts it."""
    assert expected == parts(message)


def test_annotations():
    """Stay with the text they belong to."""
    (text,) = parts({"content": "x", "annotations": [{"type": "url_citation"}]})
    assert (b'[{"type":"url_citation"}]', "openai-chat") == (bytes(text.annotations), text.origin)


def test_audio():
    """Kept whole for clients of the same dialect."""
    assert (Opaque("openai-chat", Raw(b'{"audio":{"id":"a"}}')),) == parts({"audio": {"id": "a"}})


@pytest.mark.parametrize(
    ("call", "expected"),
    (
        (
            {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
            ToolCall("1", "f", "{}"),
        ),
        ({"id": "1", "function": {"name": "f", "arguments": ""}}, ToolCall("1", "f", "")),
        (
            {"id": "1", "function": {"name": "f", "arguments": {"a": 1}}},
            ToolCall("1", "f", '{"a":1}'),
        ),
        (
            {"id": "1", "type": "custom", "custom": {"name": "c", "input": "x"}},
            ToolCall("1", "c", "x", "custom"),
        ),
    ),
)
def test_calls(call, expected):
    """Functions and custom tools; arguments as text whatever they came as."""
    assert (expected,) == parts({"content": None, "tool_calls": [call]})


def test_calls_without_ids():
    """Have none until the client's side, which can tell one answer from another, gives them some."""
    call = {"function": {"name": "f", "arguments": "{}"}}
    signed = {**call, "extra_content": {"google": {"thought_signature": "s"}}}
    found = parts({"tool_calls": [call, {**call, "id": ""}, {**call, "id": None}, signed]})
    assert ["", "", "", "__thought_cw"] == [part.id for part in found]


def test_function_call():
    """The API before tools."""
    (call,) = parts({"content": None, "function_call": {"name": "f", "arguments": "{}"}})
    assert ("f", "{}") == (call.name, call.arguments)


def test_empty_fields():
    """Snowflake fills in every field: an empty call, an empty sound and an empty refusal are none."""
    message = {
        "content": "4",
        "refusal": "",
        "tool_calls": None,
        "function_call": {"name": "", "arguments": ""},
        "audio": {"id": "", "data": "", "expires_at": 0, "transcript": ""},
    }
    answer = whole(message, finish="")
    assert ((Text("4"),), FinishReason.STOP) == (answer.choices[0].parts, answer.choices[0].finish)


@pytest.mark.parametrize(
    ("finish", "expected"),
    (("stop", FinishReason.TOOL_CALLS), ("length", FinishReason.LENGTH)),
)
def test_calls_finish_as_calls(finish, expected):
    """Unless the answer was cut."""
    call = {"id": "1", "function": {"name": "f", "arguments": "{}"}}
    assert expected == whole({"tool_calls": [call]}, finish).choices[0].finish


def test_think_tags():
    """Parsed only where the deployment says so."""
    body = json.encode({"choices": [{"message": {"content": "<think>r</think>\n\nx"}}]})
    assert (Text("<think>r</think>\n\nx"),) == DIALECT.decode_answer(body).choices[0].parts
    tagged = DIALECT.decode_answer(body, think_tags=True)
    assert (Reasoning("r"), Text("x")) == tagged.choices[0].parts


def test_logprobs():
    """Kept as they came; all null is none."""
    choice = {"message": {"content": "x"}, "logprobs": {"content": [{"token": "x"}]}}
    answer = DIALECT.decode_answer(json.encode({"choices": [choice]}))
    assert b'{"content":[{"token":"x"}]}' == bytes(answer.choices[0].logprobs)
    choice["logprobs"] = {"content": None, "refusal": None}
    assert DIALECT.decode_answer(json.encode({"choices": [choice]})).choices[0].logprobs is None


def test_choices():
    """All of them, by their own index."""
    choices = [{"index": n, "message": {"content": str(n)}} for n in (0, 1)]
    answer = DIALECT.decode_answer(json.encode({"choices": choices}))
    assert [(0, "0"), (1, "1")] == [(c.index, c.parts[0].text) for c in answer.choices]


@pytest.mark.parametrize(
    ("body", "kind"),
    (
        (b"<html>", Garbled),
        (b"[]", Garbled),
        (b"{}", Garbled),
        (b'{"choices":1}', Garbled),
        (b'{"choices":[]}', Garbled),
        (b'{"object":"response","output":[]}', Garbled),
        (b'{"choices":[],"x":"\xff"}', Garbled),
        (b'{"error":{"code":429,"message":"slow down"}}', Throttled),
        (b'[{"error":{"code":429,"message":"slow down"}}]', Throttled),
        (b'{"choices":[{"message":{"content":"x"},"finish_reason":"error"}]}', Disconnected),
    ),
)
def test_what_is_no_answer(body, kind):
    """Raises what it is instead: an error in a 200, or nothing this dialect knows."""
    with pytest.raises(kind):
        DIALECT.decode_answer(body)


def test_a_null_error_is_none():
    """Some send the field always."""
    body = b'{"error":null,"choices":[{"message":{"content":"x"}}]}'
    assert (Text("x"),) == DIALECT.decode_answer(body).choices[0].parts


def test_read_usage():
    """Alone, for an answer that passes through; it raises as decoding does."""
    body = b'{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1}}'
    assert Usage(input=3, output=1) == DIALECT.read_usage(body)
    assert DIALECT.read_usage(b'{"choices":[]}') is None
    with pytest.raises(Throttled):
        DIALECT.read_usage(b'{"error":{"code":429}}')
    with pytest.raises(Garbled):
        DIALECT.read_usage(b"<html>")


def test_two_choices_of_one_number():
    """Nobody could tell whose words are whose."""
    choice = b'{"index":1,"message":{"content":"a"},"finish_reason":"stop"}'
    with pytest.raises(Garbled, match="two choices"):
        DIALECT.decode_answer(b'{"choices":[' + choice + b"," + choice + b"]}")
