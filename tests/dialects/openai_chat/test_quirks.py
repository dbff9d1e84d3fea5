"""Top-level quirks, and bodies sent on as they are."""

import pytest
from msgspec import Raw, json

from tests.dialects.openai_chat.kit import DIALECT, deployment, fields_noted
from trunkline.dialects.thought_ids import signed


def forwarded(body, **quirks):
    envelope = json.decode(json.encode(body), type=dict[str, Raw])
    found = DIALECT.forward(envelope, deployment(**quirks), {})
    return json.decode(found.body), fields_noted(found.notes)


def test_to_the_byte():
    """All but the model is as the client wrote it, in its order."""
    body = b'{"messages":[ {"role":"user", "content":"\\u00e9"} ],"model":"alias","x":1.50}'
    envelope = json.decode(body, type=dict[str, Raw])
    expected = b'{"messages":[ {"role":"user", "content":"\\u00e9"} ],"model":"m","x":1.50}'
    assert expected == DIALECT.forward(envelope, deployment(), {}).body


def test_routing_is_not_the_client_s():
    """Where an upstream could have another model answer; among hosts of the same one it may choose."""
    body, noted = forwarded(
        {"models": ["a"], "route": "fallback", "provider": {}}, routing=("models", "route")
    )

    assert ({"model": "m", "provider": {}}, ["models", "route"]) == (body, noted)


OURS = {"type": "reasoning.text", "format": "trunkline/anthropic-messages", "signature": "s"}
THEIRS = {"type": "reasoning.text", "format": "anthropic-claude-v1", "signature": "t"}


@pytest.mark.parametrize(
    ("details", "kept"),
    (
        ([OURS], None),
        ([OURS, THEIRS], [THEIRS]),
        ([{**OURS, "signature": 1}, OURS], [{**OURS, "signature": 1}]),
    ),
)
def test_what_clients_carry_for_others_stays_behind(details, kept):
    """A signature goes to the dialect that wrote it, not to whoever answers next."""
    said = {"role": "assistant", "content": "a", "reasoning_content": "r"}
    body, noted = forwarded(
        {"messages": [{**said, "reasoning_details": details}, {"role": "user"}]}
    )

    left = said if kept is None else {**said, "reasoning_details": kept}
    assert [left, {"role": "user"}] == body["messages"]
    assert ["messages"] == noted


def test_a_slash_may_be_escaped():
    """As PHP writes it."""
    body = json.encode([{"reasoning_details": [OURS]}]).replace(b"/", b"\\/")

    found = DIALECT.forward({"messages": Raw(body)}, deployment(), {})
    assert b'{"messages":[{}],"model":"m"}' == found.body


@pytest.mark.parametrize(
    "messages",
    (
        b'[ {"reasoning_details": [{"format": "x"}]},"\\"trunkline/"]',
        b'[{"a":"trunkline/x"}, {"reasoning_details": null}]',
        b'[{"reasoning_details": "trunkline/x"} ]',
        b'{"x":"trunkline/x" }',
        b'[ "trunkline/x"]',
    ),
)
def test_what_is_nobodys_is_sent_as_it_came(messages):
    """To the byte, whatever it is: the upstream's to refuse."""
    found = DIALECT.forward({"messages": Raw(messages)}, deployment(), {})

    assert b'{"messages":' + messages + b',"model":"m"}' == found.body
    assert () == found.notes


@pytest.mark.parametrize(
    ("options", "expected"),
    (
        (None, {"include_usage": True}),
        ({"include_usage": False}, {"include_usage": True}),
        ({"include_obfuscation": False}, {"include_obfuscation": False, "include_usage": True}),
        ("odd", {"include_usage": True}),
    ),
)
def test_usage_of_streams(options, expected):
    """Is asked for, whatever the client asked: what passes through is billed, too."""
    more = {} if options is None else {"stream_options": options}
    body, noted = forwarded({"model": "x", "stream": True, **more})
    assert (expected, []) == (body["stream_options"], noted)


def test_usage_where_it_is_not_understood():
    """Or where nothing is streamed, nothing is added."""
    assert "stream_options" not in forwarded({"stream": True}, stream_usage=False)[0]
    assert "stream_options" not in forwarded({"stream": False})[0]


def test_quirks():
    """Dropped with a note, renamed, added; what the client said itself stays."""
    body, noted = forwarded(
        {"a": 1, "b": 2, "c": 3, "d": 4},
        drop=("a", "q"),
        rename={"b": "e", "c": "d", "q": "r"},
        add={"f": Raw(b"6"), "d": Raw(b"0")},
    )
    assert {"d": 4, "e": 2, "f": 6, "model": "m"} == body
    assert ["a"] == noted


def test_signed_call_ids():
    """OpenAI takes 40 characters, and Gemini's own endpoint the signature in a field of its own."""
    call_id = signed("call_1", "s" * 200)
    said = [
        {"role": "assistant", "tool_calls": [{"id": call_id, "type": "function", "function": {}}]},
        {"role": "tool", "tool_call_id": call_id, "content": ""},
    ]
    (call,), answered = _ids(forwarded({"messages": said})[0])
    assert ("call_1", False, "call_1") == (call["id"], "extra_content" in call, answered)
    entry = {"type": "reasoning.encrypted", "data": "s", "format": "trunkline.1:gemini"}
    said[0]["reasoning_details"] = [entry]
    (call,), answered = _ids(forwarded({"messages": said})[0])
    assert ("call_1", "call_1") == (call["id"], answered)
    (call,), answered = _ids(forwarded({"messages": said}, thought_signatures=True)[0])
    assert {"google": {"thought_signature": "s" * 200}} == call["extra_content"]
    assert ("call_1", "call_1") == (call["id"], answered)


def _ids(body):
    return body["messages"][0]["tool_calls"], body["messages"][1]["tool_call_id"]
