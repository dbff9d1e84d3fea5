"""Items of an answer's output."""

import pytest
from msgspec import Raw, json

from tests.dialects.openai_responses.upstream import OWN
from trunkline.canon.content import Opaque, Reasoning, Refusal, Text, ToolCall
from trunkline.dialects.openai_responses.decode_item import custom_names, read_item
from trunkline.dialects.raws import NOT_JSON


def parts(customs=None, **item):
    return read_item(Raw(json.encode(item)), customs)


def test_messages():
    """Each part is one; what only this dialect knows of the message stays with its text."""
    content = [
        {"type": "output_text", "text": "hi", "annotations": [{"a": 1}]},
        {"type": "output_text", "text": ""},
        {"type": "refusal", "refusal": "no"},
    ]
    extra = {"id": Raw(b'"m"'), "phase": Raw(b'"final_answer"')}
    assert [
        Text("hi", annotations=Raw(b'[{"a":1}]'), origin=OWN, extra=extra),
        Refusal("no"),
    ] == parts(type="message", role="assistant", id="m", phase="final_answer", content=content)


def test_calls():
    """Known by the call's id, not the item's; arguments as their text, however they come."""
    item = {"type": "function_call", "id": "fc", "call_id": "call", "name": "f"}
    extra = {"id": Raw(b'"fc"')}
    assert [ToolCall("call", "f", "{}", extra=extra)] == parts(**item, arguments="{}")
    assert [ToolCall("call", "f", '{"a":1}', extra=extra)] == parts(**item, arguments={"a": 1})


def test_a_call_without_an_id_of_its_own():
    """The item's is better than none."""
    (call,) = parts(type="function_call", id="fc", name="f", arguments="{}")
    assert "fc" == call.id


def test_custom_calls():
    """The client's, unless the answer repeats its tools and this is none of them."""
    item = {"type": "custom_tool_call", "call_id": "c", "name": "patch", "input": "x"}
    call = ToolCall("c", "patch", "x", "custom")
    assert [call] == parts(None, **item)
    assert [call] == parts(frozenset({"patch"}), **item)
    assert [Opaque(OWN, Raw(json.encode(item)))] == parts(frozenset(), **item)


def test_whose_custom_tools():
    """From the tools an answer repeats; where it repeats none, nothing is known."""
    tools = Raw(b'[{"type":"custom","name":"patch"},{"type":"function","name":"f"},{"type":"mcp"}]')
    assert frozenset({"patch"}) == custom_names(tools)
    assert custom_names(None) is None
    assert custom_names(Raw(b"null")) is None


def test_reasoning():
    """Nothing at all is no part."""
    assert [] == parts(type="reasoning", summary=[])
    assert [Reasoning("Hm.")] == parts(type="reasoning", summary=[{"text": "Hm."}])


def test_everything_else():
    """Stays whole, whatever its fields mean."""
    item = {"type": "shell_call", "name": ["odd"], "arguments": 7}
    assert [Opaque(OWN, Raw(json.encode(item)))] == parts(**item)


def test_no_item():
    """Is for the caller to refuse."""
    with pytest.raises(NOT_JSON):
        read_item(Raw(b"7"), None)
