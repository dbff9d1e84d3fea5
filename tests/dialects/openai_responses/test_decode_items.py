"""Items of input, and how they gather into messages."""

import pytest
from msgspec import Raw

from tests.dialects.openai_responses.kit import items
from trunkline.canon.content import (
    Message,
    Opaque,
    Reasoning,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.canon.errors import Malformed

USER = {"role": "user", "content": "hi"}
CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
CALL_2 = {**CALL, "call_id": "c2"}
OUTPUT = {"type": "function_call_output", "call_id": "c1", "output": "one"}
OUTPUT_2 = {**OUTPUT, "call_id": "c2", "output": "two"}
SAID = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a"}]}


def calls(*ids):
    return Message(Role.ASSISTANT, tuple(ToolCall(i, "f", "{}") for i in ids))


def results(**given):
    parts = tuple(ToolResult(i, (Text(text),)) for i, text in given.items())
    return Message(Role.TOOL, parts)


HI = Message(Role.USER, (Text("hi"),))


@pytest.mark.parametrize("typed", ({}, {"type": "message"}))
@pytest.mark.parametrize("content", ("hi", [{"type": "input_text", "text": "hi"}]))
@pytest.mark.parametrize("role", ("user", "system", "developer", "assistant"))
def test_messages(role, content, typed):
    """With or without a type, of text or of parts, whoever speaks; ids and statuses say nothing."""
    item = {"role": role, "content": content, "id": "msg_1", "status": "completed", **typed}
    assert (Message(Role(role), (Text("hi"),)),) == items(item).messages


def test_places():
    """System and developer messages stay where they stand."""
    told = {"role": "developer", "content": "Now."}
    assert [Role.USER, Role.DEVELOPER, Role.USER] == [
        message.role for message in items(USER, told, USER).messages
    ]


def test_a_turn():
    """Reasoning, text and calls that follow each other are one message."""
    thought = {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "hm"}],
        "encrypted_content": "sealed",
    }
    _, turn = items(USER, thought, SAID, CALL, CALL_2).messages
    reasoning, *rest = turn.parts
    assert ("hm", "openai-responses") == (reasoning.text, reasoning.origin)
    assert [Text("a"), *calls("c1", "c2").parts] == rest


@pytest.mark.parametrize(
    "given",
    (
        (CALL, CALL_2, OUTPUT, OUTPUT_2, USER),
        (CALL, CALL_2, OUTPUT, USER, OUTPUT_2),
        (CALL, CALL_2, USER, OUTPUT, OUTPUT_2),
    ),
)
def test_outputs_stand_behind_their_calls(given):
    """Wherever a client put them."""
    expected = (calls("c1", "c2"), results(c1="one", c2="two"), HI)
    assert expected == items(*given).messages


def test_turn_after_turn():
    """Calls answered one by one are turns of their own, and each output finds its own."""
    expected = (calls("c1"), results(c1="one"), calls("c2"), results(c2="two"))
    assert expected == items(CALL, OUTPUT, CALL_2, OUTPUT_2).messages
    first, one, second, two = expected
    late = items(CALL, USER, CALL_2, USER, OUTPUT, OUTPUT_2).messages
    assert (first, one, HI, second, two, HI) == late


def test_outputs_nobody_asked_for():
    """They stay together, for an upstream to refuse."""
    assert (HI, results(c1="one", c2="two")) == items(USER, OUTPUT, OUTPUT_2).messages


def test_custom_calls():
    """Free text in, text out."""
    call = {"type": "custom_tool_call", "id": "ctc_1", "call_id": "c1", "name": "p", "input": "x"}
    given = {"type": "custom_tool_call_output", "call_id": "c1", "output": "done"}
    assert (
        Message(Role.ASSISTANT, (ToolCall("c1", "p", "x", "custom"),)),
        results(c1="done"),
    ) == items(call, given).messages


def test_what_else_a_call_says():
    """Kept, but for its id and status; a namespace is part of its name."""
    call = {**CALL, "id": "fc_1", "status": "completed", "namespace": "n", "caller": {"a": 1}}
    assert (
        Message(Role.ASSISTANT, (ToolCall("c1", "n__f", "{}", extra={"caller": Raw(b'{"a":1}')}),)),
    ) == items(call).messages


def test_a_tool_that_was_brought_along_is_called_by_its_name():
    """In a namespace of its own, which is none to others; unless there is a tool of such a name there."""
    call = {**CALL, "namespace": "f"}
    brought = {"type": "additional_tools", "tools": [{"type": "function", "name": "f"}]}
    inside = {"type": "namespace", "name": "f", "tools": [{"type": "function", "name": "f"}]}
    own = {"namespace": Raw(b'"f"')}

    assert ToolCall("c1", "f", "{}", extra=own) == items(brought, call).messages[-1].parts[-1]
    both = {**brought, "tools": [inside, *brought["tools"]]}
    assert ToolCall("c1", "f__f", "{}") == items(both, call).messages[-1].parts[-1]


def test_phase():
    """Stays with the text of its message."""
    (message,) = items({**SAID, "phase": "commentary"}).messages
    assert (Text("a", extra={"phase": Raw(b'"commentary"')}),) == message.parts


def test_items_of_other_kinds():
    """Whole and in their place within the turn."""
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    _, turn = items(USER, search, SAID).messages
    opaque = Opaque(
        "openai-responses", Raw(b'{"type":"web_search_call","id":"ws_1","status":"completed"}')
    )
    assert (opaque, Text("a")) == turn.parts


def test_tools_that_items_bring():
    """Known like any, though their item stays; the request's own come first."""
    more = {
        "type": "additional_tools",
        "role": "developer",
        "tools": [
            {"type": "function", "name": "g"},
            {"type": "function", "name": "f", "strict": True},
        ],
    }
    found = {
        "type": "tool_search_output",
        "tools": [{"type": "namespace", "name": "n", "tools": [{"type": "function", "name": "h"}]}],
    }
    request = items(more, USER, found, tools=[{"type": "function", "name": "f"}])
    assert ["f", "g", "n__h"] == [tool.name for tool in request.tools]
    assert [None] == [tool.strict for tool in request.tools if tool.name == "f"]
    assert [Role.DEVELOPER, Role.USER, Role.ASSISTANT] == [m.role for m in request.messages]


def test_reasoning_that_we_sealed():
    """Goes back to whom it came from, as it was."""
    sealed = {"type": "reasoning", "id": "rs_1", "summary": []}
    own = {**sealed, "encrypted_content": "trunkline.1:anthropic-messages:0:sig"}
    hidden = {**sealed, "encrypted_content": "trunkline.1:anthropic-messages:1:data"}
    (message,) = items(own, hidden).messages
    assert (
        Reasoning("", "sig", "anthropic-messages"),
        Reasoning("", "data", "anthropic-messages", redacted=True),
    ) == message.parts


@pytest.mark.parametrize(
    ("item", "param"),
    (
        ({"type": "item_reference", "id": "msg_1"}, "input[0]"),
        ({"role": "robot", "content": "x"}, "input[0].role"),
        ({"content": "x"}, "input[0].role"),
        ({"type": "function_call", "name": "f"}, "input[0].call_id"),
        ({"type": "function_call", "call_id": "c"}, "input[0].name"),
        ({"type": "function_call_output", "output": "x"}, "input[0].call_id"),
        ({"role": "user", "content": [{"type": "input_text"}]}, "input[0].content[0].text"),
        (5, "input[0]"),
    ),
)
def test_malformed(item, param):
    """By its place; an item that only its id names must have been looked up before."""
    with pytest.raises(Malformed) as told:
        items(item)
    assert param == told.value.param
