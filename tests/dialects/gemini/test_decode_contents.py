"""The conversation, off the wire."""

import pytest

from tests.dialects.gemini.kit import NAME, decode
from trunkline.canon.content import (
    Image,
    Inline,
    Message,
    Opaque,
    Reasoning,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.canon.errors import Malformed
from trunkline.dialects.gemini.signature import pack
from trunkline.dialects.thought_ids import signed


def messages(*contents, **body):
    return decode(contents=list(contents), **body).messages


def spoken(*parts):
    return messages({"role": "model", "parts": list(parts)})[0].parts


def call(name="f", call_id=None, **more):
    named = {} if call_id is None else {"id": call_id}
    return {"functionCall": {**named, "name": name, "args": {}}, **more}


def response(name="f", call_id=None, **fields):
    named = {} if call_id is None else {"id": call_id}
    return {"functionResponse": {**named, "name": name, "response": fields}}


def test_roles():
    """The system first; a content without a role is a user's."""
    expected = (
        Message(Role.SYSTEM, (Text("be brief"),)),
        Message(Role.USER, (Text("hi"),)),
        Message(Role.ASSISTANT, (Text("yes"),)),
    )
    said = ({"parts": [{"text": "hi"}]}, {"role": "model", "parts": [{"text": "yes"}]})
    whole = {"role": "user", "parts": [{"text": "be brief"}]}
    for system in (whole, "be brief", {"parts": {"text": "be brief"}}):
        assert expected == messages(*said, systemInstruction=system)


def test_an_object_for_a_list():
    """One content, one part."""
    assert (Message(Role.USER, (Text("hi"),)),) == decode(
        contents={"role": "user", "parts": {"text": "hi"}}
    ).messages


def test_calls_and_results():
    """By their ids, the signature within; results are a message before what stands beside them."""
    first, second, third = messages(
        {"role": "model", "parts": [call("f", "x", thoughtSignature="c2ln"), call("g", "y")]},
        {"role": "user", "parts": [response("g", "y"), {"text": "and"}, response("f", "x")]},
    )
    assert (ToolCall(signed("x", "c2ln"), "f", "{}"), ToolCall("y", "g", "{}")) == first.parts
    assert Role.TOOL is second.role
    assert ["y", signed("x", "c2ln")] == [
        part.call_id for part in second.parts if isinstance(part, ToolResult)
    ]
    assert (Text("and"),) == third.parts


def test_without_ids():
    """By name and order, and the same ids every time."""
    calls, results = messages(
        {"role": "model", "parts": [call("f"), call("g"), call("f")]},
        {"role": "user", "parts": [response("g"), response("f"), response("f"), response("h")]},
    )
    assert ["call_1", "call_2", "call_3"] == [
        part.id for part in calls.parts if isinstance(part, ToolCall)
    ]
    assert ["call_2", "call_1", "call_3", "call_h"] == [
        part.call_id for part in results.parts if isinstance(part, ToolResult)
    ]


def test_results_of_one_turn():
    """In several contents, or with the role of the API's first version: one message."""
    found = messages(
        {"role": "model", "parts": [call("f"), call("g")]},
        {"role": "function", "parts": [response("f")]},
        {"role": "user", "parts": [response("g")]},
    )
    assert [Role.ASSISTANT, Role.TOOL] == [message.role for message in found]
    assert 2 == len(found[1].parts)


@pytest.mark.parametrize(
    ("fields", "text", "failed"),
    (
        ({"output": "sunny"}, "sunny", False),
        ({"error": "no"}, "no", True),
        ({"result": 5}, '{"result":5}', False),
        ({"output": {"a": 1}}, '{"output":{"a":1}}', False),
        ({"output": '{"a":1}'}, '{"output":"{\\"a\\":1}"}', False),
        ({"output": "x", "more": 1}, '{"output":"x","more":1}', False),
        ({}, "{}", False),
    ),
)
def test_responses(fields, text, failed):
    """A text where nothing is said but a text, else the object."""
    _, results = messages(
        {"role": "model", "parts": [call()]}, {"role": "user", "parts": [response(**fields)]}
    )
    (result,) = results.parts
    assert isinstance(result, ToolResult)
    assert ((Text(text),), failed) == (result.parts, result.is_error)


def test_pictures_in_a_response():
    """Are parts of the result."""
    shown = response()
    shown["functionResponse"] = {
        "name": "f",
        "parts": [{"inlineData": {"mimeType": "image/png", "data": "aGk="}}],
    }
    _, results = messages({"role": "model", "parts": [call()]}, {"role": "user", "parts": [shown]})
    (result,) = results.parts
    assert isinstance(result, ToolResult)
    assert (Image(Inline("image/png", "aGk=")),) == result.parts


def test_thoughts():
    """Those that came in pieces are one again, up to the signature."""
    hm = {"text": "hm", "thought": True}
    assert (
        Reasoning("hmhm", "c2ln", NAME),
        Reasoning("hm", "", NAME),
        Text("a"),
    ) == spoken(hm, {**hm, "thoughtSignature": "c2ln"}, hm, {"text": "a"})
    last = {"text": "", "thought": True, "thoughtSignature": pack("s", "anthropic-messages")}
    assert (Reasoning("hm", "s", "anthropic-messages"),) == spoken(hm, last)


def test_proofs():
    """Of what nobody saw: behind the text they stand on."""
    proof = Reasoning("", "c2ln", NAME, redacted=True)
    assert (Text("a"), proof) == spoken({"text": "a", "thoughtSignature": "c2ln"})
    assert (proof,) == spoken({"text": "", "thoughtSignature": "c2ln"})
    assert (proof,) == spoken({"thoughtSignature": "c2ln"})
    hidden = {"text": "", "thought": True, "thoughtSignature": pack("d", "anthropic-messages")}
    assert (Reasoning("", "d", "anthropic-messages", redacted=True),) == spoken(hidden)


def test_what_only_google_knows():
    """As it came."""
    (part,) = spoken({"executableCode": {"code": "1"}, "thoughtSignature": "c2ln"})
    assert isinstance(part, Opaque)
    assert b"c2ln" in bytes(part.raw)


def test_mistakes():
    """Are told by their place."""
    for content, param in (
        ({"role": "robot", "parts": []}, "contents[0].role"),
        (
            {"role": "model", "parts": [{"functionCall": {}}]},
            "contents[0].parts[0].functionCall.name",
        ),
        (
            {"role": "model", "parts": [{"functionCall": {"name": "f", "args": 7}}]},
            "contents[0].parts[0].functionCall.args",
        ),
        ({"parts": [7]}, "contents[0].parts[0]"),
    ):
        with pytest.raises(Malformed) as caught:
            messages(content)
        assert param == caught.value.param
    with pytest.raises(Malformed):
        messages()
