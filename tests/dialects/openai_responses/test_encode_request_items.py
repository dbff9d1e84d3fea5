"""Conversations, as items."""

import pytest
from msgspec import Raw

from tests.dialects.openai_responses.upstream import FOREIGN, OWN, items, notes, own, request
from trunkline.canon.content import (
    CacheMark,
    Image,
    Inline,
    Message,
    Opaque,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.canon.request import Tool
from trunkline.dialects.openai_responses.encode_request_items import fitted
from trunkline.dialects.openai_responses.reasoning import signature_of
from trunkline.dialects.thought_ids import signed

SEALED = Reasoning("Hm.", signature_of("rs_1", "gAAA", ("Hm.",)), OWN)
PNG = Image(Inline("image/png", "iVBORw0KGgo="))


def user(*parts):
    return Message(Role.USER, parts or (Text("hi"),))


def said(*parts):
    return Message(Role.ASSISTANT, parts)


def test_roles():
    """In place; a developer's message is called what the provider calls it."""
    messages = (
        Message(Role.SYSTEM, (Text("a"),)),
        user(),
        Message(Role.DEVELOPER, (Text("b"),)),
    )
    assert ["system", "user", "system"] == [item["role"] for item in items(request(*messages))]
    kept = items(request(*messages), system_role="developer")
    assert ["system", "user", "developer"] == [item["role"] for item in kept]
    late = items(request(*messages), mid_system=False)
    assert ["system", "user", "user"] == [item["role"] for item in late]
    assert "messages.2.role" in notes(request(*messages), mid_system=False)


def test_a_turn_is_written_in_its_order():
    """Reasoning before what it led to, calls behind the text, each an item of its own."""
    turn = said(
        SEALED, Text("Let me look."), ToolCall("c1", "f", '{"a":1}'), ToolCall("c2", "g", "")
    )
    results = Message(Role.TOOL, (ToolResult("c1", (Text("1"),)), ToolResult("c2", (Text("2"),))))
    assert [
        {"role": "user", "content": "hi"},
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "Hm."}],
            "encrypted_content": "gAAA",
        },
        {"role": "assistant", "content": "Let me look."},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"a":1}'},
        {"type": "function_call", "call_id": "c2", "name": "g", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "1"},
        {"type": "function_call_output", "call_id": "c2", "output": "2"},
    ] == items(request(user(), turn, results))


@pytest.mark.parametrize(
    "thought",
    (
        Reasoning("Hm.", "sig", FOREIGN),
        Reasoning("Hm."),
        Reasoning("", "sig", FOREIGN, redacted=True),
        Reasoning("Hm.", signature_of("rs_1", ""), OWN),
    ),
)
def test_reasoning_of_others(thought):
    """Is not sent, neither as reasoning nor as text, and that is said."""
    asked = request(user(), said(thought, Text("yes")), user())
    assert [None, None, None] == [item.get("type") for item in items(asked)]
    assert "Hm." not in str(items(asked))
    assert "messages.1.content" in notes(asked)


def test_an_id_alone():
    """Names what was never stored; there is nothing in it to miss."""
    thought = Reasoning("", signature_of("rs_1", ""), OWN, redacted=True)
    asked = request(user(), said(thought, Text("yes")), user())
    assert (3, {}) == (len(items(asked)), notes(asked))


def test_reasoning_a_provider_needs_back():
    """DeepSeek's, which is not sealed."""
    turn = said(Reasoning("Hm."), ToolCall("c", "f", "{}"))
    results = Message(Role.TOOL, (ToolResult("c", (Text("1"),)),))
    sent = items(request(user(), turn, results), replay_reasoning=True)
    assert {
        "type": "reasoning",
        "summary": [],
        "content": [{"type": "reasoning_text", "text": "Hm."}],
    } == sent[1]


def test_custom_calls():
    """Their output is an item of the same kind."""
    turn = said(ToolCall("c", "patch", "*** Begin", "custom"))
    results = Message(Role.TOOL, (ToolResult("c", (Text("done"),)),))
    assert [
        {"type": "custom_tool_call", "call_id": "c", "name": "patch", "input": "*** Begin"},
        {"type": "custom_tool_call_output", "call_id": "c", "output": "done"},
    ] == items(request(user(), turn, results))[1:]


def test_results_with_images():
    """Stay where they are: an output may hold them."""
    results = Message(Role.TOOL, (ToolResult("c", (Text("see"), PNG)),))
    asked = request(user(), said(ToolCall("c", "f", "{}")), results)
    assert [
        {"type": "input_text", "text": "see"},
        {
            "type": "input_image",
            "image_url": "data:image/png;base64,iVBORw0KGgo=",
            "detail": "auto",
        },
    ] == items(asked)[-1]["output"]


def test_results_that_are_errors():
    """Said in words: the API has no field for it."""
    results = Message(Role.TOOL, (ToolResult("c", (Text("no file"),), is_error=True),))
    asked = request(user(), said(ToolCall("c", "f", "{}")), results)
    assert "The tool call failed:\n\nno file" == items(asked)[-1]["output"]
    assert "messages.2.content" in notes(asked)


def test_tools_in_namespaces():
    """Under the namespace again, and its own name."""
    raw = Raw(b'{"name":"agents","type":"namespace","tools":[{"type":"function","name":"close"}]}')
    tool = Tool(name="agents__close", raw=raw, origin=OWN)
    turn = said(ToolCall("c", "agents__close", "{}"))
    item = items(own(user(), turn, tools=(tool,)))[1]
    assert ("close", "agents") == (item["name"], item["namespace"])


def test_what_we_do_not_look_into():
    """Items stay items, whoever's message holds them; another dialect's are left out and noted."""
    raw = Raw(b'{"type":"web_search_call","id":"ws_1"}')
    more = Raw(b'{"type":"additional_tools","tools":[]}')
    asked = own(
        Message(Role.DEVELOPER, (Opaque(OWN, more),)),
        user(),
        said(Opaque(OWN, raw), Text("yes")),
    )
    assert ["additional_tools", None, "web_search_call", None] == [
        item.get("type") for item in items(asked)
    ]
    foreign = request(user(), said(Opaque(FOREIGN, raw), Text("yes")), user())
    assert [None, None, None] == [item.get("type") for item in items(foreign)]
    assert "messages.1.content.0" in notes(foreign)


def test_an_item_whose_type_is_said_twice():
    """Is sent as it came: the provider may refuse it, we have no reason to."""
    raw = Raw(b'{"type":0,"type":"new_item"}')
    assert {"type": "new_item"} == items(own(user(), said(Opaque(OWN, raw))))[1]


def test_phases():
    """Belong to the message, though they are kept with its text."""
    extra = {"phase": Raw(b'"commentary"')}
    turn = said(Text("So,", extra=extra), ToolCall("c", "f", "{}"))
    assert {"role": "assistant", "content": "So,", "phase": "commentary"} == items(
        own(user(), turn)
    )[1]
    assert {"role": "assistant", "content": "So,"} == items(request(user(), turn))[1]


def test_refusals():
    """Parts of what was said."""
    turn = said(Refusal("No."))
    assert [{"type": "refusal", "refusal": "No."}] == items(request(user(), turn))[1]["content"]


def test_names_and_marks():
    """There are neither here."""
    message = Message(Role.USER, (Text("hi", cache=CacheMark()),), name="Ann")
    assert {"messages.0.name", "cache_control"} == set(notes(request(message)))


def test_ids_that_are_too_long():
    """Fitted the same way for a call and its output; without what others hide in them."""
    assert "call_1" == fitted(signed("call_1", "secret"))
    assert fitted("x" * 99) == fitted("x" * 99)
    assert fitted("x" * 99) != fitted("x" * 98)
    assert len(fitted("x" * 99)) <= 64
    assert "x" * 64 == fitted("x" * 64)
