"""Messages read in one call say what they say field by field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw, json
from msgspec.structs import replace

from tests.dialects.openai_chat.kit import DIALECT, decode
from tests.strategies import texts
from trunkline.canon.content import Message, Role, Text, ToolCall, ToolResult
from trunkline.canon.errors import Malformed
from trunkline.dialects.openai_chat.usual import read_usual

CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
READ = ToolCall("call_1", "f", "{}")


def usual(**message):
    return read_usual(Raw(json.encode(message)))


@pytest.mark.parametrize(
    ("message", "expected"),
    (
        ({"role": "system", "content": "a"}, Message(Role.SYSTEM, (Text("a"),))),
        ({"role": "developer", "content": ""}, Message(Role.DEVELOPER, ())),
        (
            {"role": "user", "content": [{"type": "text", "text": "a"}]},
            Message(Role.USER, (Text("a"),)),
        ),
        ({"role": "user", "content": "a", "name": "n"}, Message(Role.USER, (Text("a"),), "n")),
        ({"role": "assistant", "content": None}, Message(Role.ASSISTANT, ())),
        (
            {"role": "assistant", "content": "a", "tool_calls": [CALL, CALL]},
            Message(Role.ASSISTANT, (Text("a"), READ, READ)),
        ),
        ({"role": "tool", "tool_call_id": "i", "content": "a"}, ToolResult("i", (Text("a"),))),
    ),
)
def test_the_usual(message, expected):
    """Words of each speaker, calls, and a result."""
    assert expected == usual(**message)


@pytest.mark.parametrize(
    "message",
    (
        {"role": "user", "content": [{"text": "a"}]},
        {"role": "user", "content": [{"type": "text", "text": "a", "cache_control": {}}]},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "u"}}]},
        {"role": "user", "content": "a", "cache_control": {"type": "ephemeral"}},
        {"role": "user", "content": "a", "tool_calls": []},
        {"role": "user", "content": "a", "tool_call_id": "i"},
        {"role": "assistant", "content": "a", "refusal": None},
        {"role": "assistant", "reasoning_content": "a"},
        {"role": "assistant", "tool_calls": [{**CALL, "index": 0}]},
        {"role": "assistant", "tool_calls": [{**CALL, "type": "custom"}]},
        {"role": "assistant", "tool_calls": [{"id": "i", "function": CALL["function"]}]},
        {"role": "tool", "content": "a"},
        {"role": "tool", "tool_call_id": "i", "name": "n"},
        {"role": "function", "name": "n", "content": "a"},
        {"role": "robot", "content": "a"},
        {"content": "a"},
    ),
)
def test_what_is_not_usual(message):
    """It may mean something."""
    assert usual(**message) is None


words = texts | st.sampled_from(("", '"', "é"))
calls = st.fixed_dictionaries(
    {"id": words, "function": st.fixed_dictionaries({"name": words, "arguments": words})},
    optional={"type": st.sampled_from(("function", "custom")), "index": st.integers(0, 3)},
)
messages = st.fixed_dictionaries(
    {"role": st.sampled_from(("system", "developer", "user", "assistant", "tool", "robot"))},
    optional={
        "content": st.none()
        | words
        | st.lists(
            st.fixed_dictionaries({"text": words}, optional={"type": st.just("text")}), max_size=2
        ),
        "name": st.none() | words,
        "tool_calls": st.none() | st.lists(calls, max_size=3),
        "tool_call_id": st.none() | words,
        "refusal": st.none() | words,
    },
)


@given(messages)
def test_both_ways_agree(message):
    """One more field makes a message unusual: but for that field, it reads the same."""
    quick = usual(**message)
    if quick is None:
        return
    slow = decode(messages=[{**message, "seen": 1}]).messages[0]
    told = slow.parts[0] if isinstance(quick, ToolResult) else slow

    assert {"seen": Raw(b"1")} == told.extra
    assert quick == replace(told, extra={})


def test_an_error_tells_of_the_field():
    """What cannot be read in one call is refused by its place."""
    with pytest.raises(Malformed) as refused:
        decode(messages=[{"role": "user", "content": "a"}, {"role": "tool", "content": "a"}])

    assert "messages[1].tool_call_id" == refused.value.param


def test_of_two_fields_of_one_name_the_last_counts():
    """In one call as field by field."""
    twice = b'{"role":"user","content":"a","content":"b"%b}'

    assert Message(Role.USER, (Text("b"),)) == read_usual(Raw(twice % b""))
    slow = DIALECT.decode_request(b'{"model":"m","messages":[%b]}' % (twice % b',"x":1'), {})
    assert (Text("b"),) == slow.messages[0].parts
