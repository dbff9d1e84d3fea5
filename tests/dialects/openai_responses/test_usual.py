"""Items read in one call say what they say field by field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw, json
from msgspec.structs import replace

from tests.dialects.openai_responses.kit import items
from tests.strategies import texts
from trunkline.canon.content import Message, Role, Text, ToolCall, ToolResult
from trunkline.dialects.openai_responses.usual import read_usual

CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
GAVE = {"type": "function_call_output", "call_id": "c", "output": "a"}
SAID = {"type": "message", "role": "user", "content": "a"}


@pytest.mark.parametrize(
    ("item", "expected"),
    (
        (SAID, Message(Role.USER, (Text("a"),))),
        ({"role": "user", "content": "a"}, Message(Role.USER, (Text("a"),))),
        ({"role": "developer", "content": None, "name": None}, Message(Role.DEVELOPER, ())),
        (
            {**SAID, "content": [{"type": "input_text", "text": "a"}], "id": "msg_1"},
            Message(Role.USER, (Text("a"),)),
        ),
        (
            {
                **SAID,
                "role": "assistant",
                "content": [
                    {"type": "output_text", "text": "a", "annotations": [], "logprobs": []}
                ],
                "status": "completed",
            },
            Message(Role.ASSISTANT, (Text("a"),)),
        ),
        (CALL, Message(Role.ASSISTANT, (ToolCall("c", "f", "{}"),))),
        (GAVE, Message(Role.TOOL, (ToolResult("c", (Text("a"),)),))),
        ({**GAVE, "output": ""}, Message(Role.TOOL, (ToolResult("c", ()),))),
    ),
)
def test_the_usual(item, expected):
    """Words, calls and results, as the decoder has them."""
    assert read_usual(Raw(json.encode(item))) is not None
    assert (expected,) == items(item).messages


@pytest.mark.parametrize(
    "item",
    (
        {"type": "message", "content": "a"},
        {**SAID, "name": "n"},
        {**GAVE, "name": "n"},
        {**SAID, "phase": "commentary"},
        {**SAID, "role": "tool"},
        {**SAID, "content": [{"type": "input_image", "image_url": "https://a.example"}]},
        {**SAID, "content": [{"type": "output_text", "text": "a", "annotations": [{}]}]},
        {**CALL, "namespace": "n"},
        {**CALL, "name": None},
        {**GAVE, "output": [{"type": "input_text", "text": "a"}]},
        {"type": "reasoning", "summary": []},
    ),
)
def test_what_is_not_usual(item):
    """It may mean something."""
    assert read_usual(Raw(json.encode(item))) is None


said = st.fixed_dictionaries(
    {
        "type": st.just("message"),
        "role": st.sampled_from(("system", "developer", "user", "assistant")),
        "content": texts
        | st.just("")
        | st.lists(
            st.fixed_dictionaries(
                {"type": st.sampled_from(("input_text", "text")), "text": texts},
                optional={"logprobs": st.just([])},
            ),
            max_size=2,
        ),
    },
    optional={"id": texts, "status": texts},
)
called = st.fixed_dictionaries(
    {"type": st.just("function_call"), "call_id": texts, "name": texts, "arguments": texts},
    optional={"id": texts},
)
gave = st.fixed_dictionaries(
    {"type": st.just("function_call_output"), "call_id": texts, "output": texts | st.just("")}
)


@given(st.lists(said | called | gave, min_size=1, max_size=5))
def test_both_ways_agree(conversation):
    """With one more field each, items are unusual: but for that field, they read the same."""
    for item in conversation:
        assert read_usual(Raw(json.encode(item))) is not None
    slow = items(SAID, *[_unusual(item) for item in conversation]).messages

    assert items(SAID, *conversation).messages == tuple(map(_without, slow))


def _unusual(item):
    """A user's message keeps the field itself, a model's has it nowhere: its `phase` does."""
    if item.get("role") == "assistant":
        return {**item, "phase": "seen"}
    return {**item, "seen": 1}


def _without(message):
    parts = tuple([replace(part, extra={}) for part in message.parts])
    return replace(message, parts=parts, extra={})
