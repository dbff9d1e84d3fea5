"""Ids of tool calls."""

import re

from msgspec import Raw, json

from trunkline.dialects.openai_chat import call_ids
from trunkline.dialects.thought_ids import signed, unsigned


def test_mistral():
    """Exactly nine letters and digits, the same every time; one that fits stays."""
    fitted = call_ids.fitted("toolu_01A09q90qw90lq917835lq9", "mistral")
    assert re.fullmatch("[0-9a-zA-Z]{9}", fitted)
    assert fitted == call_ids.fitted("toolu_01A09q90qw90lq917835lq9", "mistral")
    assert fitted != call_ids.fitted("toolu_01A09q90qw90lq917835lq8", "mistral")
    assert "7QjFNcS8z" == call_ids.fitted("7QjFNcS8z", "mistral")


def test_too_long():
    """OpenAI takes 40 characters."""
    assert "x" * 40 == call_ids.fitted("x" * 40, "")
    assert 37 == len(call_ids.fitted("x" * 41, ""))
    assert call_ids.fitted("x" * 41, "") != call_ids.fitted("x" * 42, "")


def test_thought_signatures():
    """Travel in the id, in letters any dialect takes, and come off it again."""
    extra = {"google": Raw(b'{"thought_signature":"A+/=b"}')}
    signed = call_ids.signed("call_1", extra)
    assert re.fullmatch("[a-zA-Z0-9_-]+", signed)
    assert ("call_1", "A+/=b") == unsigned(signed)
    assert "call_1" == call_ids.fitted(signed, "")


def test_other_extras():
    """What is no signature leaves the id alone."""
    assert "c" == call_ids.signed("c", {"google": Raw(b'{"thought":true}')})
    assert "c" == call_ids.signed("c", {"google": Raw(b"1")})
    assert "c" == call_ids.signed("c", None)


def test_messages_that_pass():
    """Leave the signatures in their ids behind, of call and result alike; all else is as it was."""
    said = Raw(b'{"role": "user",  "content": "see call_1__thought_czE"}')
    other = {"id": "call_2", "type": "function", "function": {"name": "g", "arguments": "{}"}}
    call = {**other, "id": signed("call_1", "s" * 200)}
    result = {"role": "tool", "tool_call_id": call["id"], "content": call["id"]}
    before = [said, {"role": "assistant", "tool_calls": [call, other]}, result]
    mended = call_ids.mended(Raw(json.encode(before)), signatures=False)
    expected = [
        said,
        {"role": "assistant", "tool_calls": [{**call, "id": "call_1"}, other]},
        {**result, "tool_call_id": "call_1"},
    ]
    assert json.encode(expected) == bytes(mended)


def test_messages_that_pass_to_gemini():
    """Give its OpenAI endpoint the signature where that looks for it, unless it is there."""
    call = {"id": signed("call_1", "sig"), "function": {}}
    told = {"google": {"thought_signature": "other"}}
    before = [{"role": "assistant", "tool_calls": [call, {**call, "extra_content": told}]}]
    mended = call_ids.mended(Raw(json.encode(before)), signatures=True)
    (message,) = json.decode(mended)
    first, second = message["tool_calls"]
    assert ("call_1", {"google": {"thought_signature": "sig"}}) == (
        first["id"],
        first["extra_content"],
    )
    assert ("call_1", told) == (second["id"], second["extra_content"])
    unsigned_call = Raw(b'[{"tool_calls":[{"id":"x__thought_"}]}]')
    assert unsigned_call == call_ids.mended(unsigned_call, signatures=True)
