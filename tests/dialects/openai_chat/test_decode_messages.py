"""Conversations of clients."""

import pytest
from msgspec import Raw

from tests.dialects.openai_chat.kit import decode
from trunkline.canon.content import (
    Audio,
    CacheMark,
    Document,
    FileRef,
    Image,
    Inline,
    Message,
    Opaque,
    Reasoning,
    Refusal,
    Remote,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.canon.errors import Malformed


def read(*messages):
    return decode(messages=list(messages)).messages


def part(wire):
    (message,) = read({"role": "user", "content": [wire]})
    return message.parts[0]


@pytest.mark.parametrize("role", ("system", "developer", "user", "assistant"))
def test_roles(role):
    """Every message stays where it stands."""
    messages = read({"role": "user", "content": "a"}, {"role": role, "content": "b", "name": "n"})
    assert Message(Role(role), (Text("b"),), "n") == messages[1]


@pytest.mark.parametrize(
    ("wire", "expected"),
    (
        ({"type": "text", "text": "a"}, Text("a")),
        (
            {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
            Text("a", CacheMark("1h")),
        ),
        (
            {"type": "text", "text": "a", "prompt_cache_breakpoint": {"mode": "explicit"}},
            Text("a", extra={"prompt_cache_breakpoint": Raw(b'{"mode":"explicit"}')}),
        ),
        (
            {"type": "image_url", "image_url": {"url": "https://a/b.png", "detail": "low"}},
            Image(Remote("https://a/b.png"), "low"),
        ),
        (
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
            Image(Inline("image/png", "AA==")),
        ),
        (
            {"type": "image_url", "image_url": {"url": "data:image/jpg;base64,AA=="}},
            Image(Inline("image/jpeg", "AA==")),
        ),
        (
            {"type": "image_url", "image_url": {"url": "DATA:image/jpeg;x=y;base64,iVBORw0KGgo="}},
            Image(Inline("image/png", "iVBORw0KGgo=")),
        ),
        ({"type": "image_url", "image_url": "https://a"}, Image(Remote("https://a"))),
        (
            {
                "type": "file",
                "file": {"file_data": "data:application/pdf;base64,AA==", "filename": "a"},
            },
            Document(Inline("application/pdf", "AA=="), "a"),
        ),
        (
            {"type": "file", "file": {"file_data": "AA==", "filename": "a.csv"}},
            Document(Inline("text/csv", "AA=="), "a.csv"),
        ),
        ({"type": "file", "file": {"file_id": "f"}}, Document(FileRef("f", "openai-chat"))),
        (
            {"type": "document_url", "document_url": "https://a/b.pdf", "document_name": "b"},
            Document(Remote("https://a/b.pdf"), "b"),
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
            Audio("AA==", "wav"),
        ),
        ({"type": "refusal", "refusal": "no"}, Refusal("no")),
        (
            {"type": "thinking", "thinking": [{"type": "text", "text": "r"}]},
            Reasoning("r"),
        ),
        (
            {"type": "video_url", "video_url": {"url": "u"}},
            Opaque("openai-chat", Raw(b'{"type":"video_url","video_url":{"url":"u"}}')),
        ),
    ),
)
def test_parts(wire, expected):
    """Each form of content, in the shapes of all who speak the dialect."""
    assert expected == part(wire)


def test_an_assistant_turn():
    """Reasoning, words, refusal and calls, in this order, and what else is known to the dialect."""
    message = {
        "role": "assistant",
        "content": "a",
        "refusal": "no",
        "reasoning_content": "r",
        "audio": {"id": "x"},
        "tool_calls": [
            {
                "id": "1",
                "type": "function",
                "function": {"name": "f", "arguments": "{}"},
                "index": 0,
            },
            {"id": "2", "type": "custom", "custom": {"name": "c", "input": "i"}},
        ],
    }
    parts = (
        Reasoning("r"),
        Text("a"),
        Refusal("no"),
        ToolCall("1", "f", "{}"),
        ToolCall("2", "c", "i", "custom"),
    )
    assert (Message(Role.ASSISTANT, parts, extra={"audio": Raw(b'{"id":"x"}')}),) == read(message)


def test_results_gather():
    """All results of a turn stand in one message."""
    messages = read(
        {"role": "tool", "tool_call_id": "1", "content": "a"},
        {"role": "tool", "tool_call_id": "2", "content": [{"type": "text", "text": "b"}]},
        {"role": "user", "content": "c"},
        {"role": "tool", "tool_call_id": "3", "content": "", "name": "f"},
    )
    assert (
        Message(Role.TOOL, (ToolResult("1", (Text("a"),)), ToolResult("2", (Text("b"),)))),
        Message(Role.USER, (Text("c"),)),
        Message(Role.TOOL, (ToolResult("3", (), extra={"name": Raw(b'"f"')}),)),
    ) == messages


def test_functions():
    """The API before tools: calls and results are matched by their order."""
    call = {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}}
    result = {"role": "function", "name": "f", "content": "1"}
    first, one, second, two = read(call, result, call, result)
    assert first.parts[0].id == one.parts[0].call_id
    assert second.parts[0].id == two.parts[0].call_id
    assert first.parts[0].id != second.parts[0].id


def test_nulls_say_nothing():
    """Hugging Face's client sends every field."""
    message = {"role": "user", "content": "a", "name": None, "tool_calls": None}
    assert (Message(Role.USER, (Text("a"),)),) == read(message)


@pytest.mark.parametrize(
    ("messages", "param"),
    (
        ([], "messages"),
        (["x"], "messages[0]"),
        ([{"content": "a"}], "messages[0].role"),
        ([{"role": "king", "content": "a"}], "messages[0].role"),
        ([{"role": "user", "content": 1}], "messages[0].content"),
        ([{"role": "user", "content": [1]}], "messages[0].content[0]"),
        ([{"role": "user", "content": [{"type": "text"}]}], "messages[0].content[0].text"),
        (
            [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}],
            "messages[0].content[0].image_url.url",
        ),
        ([{"role": "tool", "content": "a"}], "messages[0].tool_call_id"),
        (
            [{"role": "assistant", "tool_calls": [{"id": "1", "function": {}}]}],
            "messages[0].tool_calls[0].function.name",
        ),
    ),
)
def test_malformed(messages, param):
    """What is wrong is named by its place."""
    with pytest.raises(Malformed) as raised:
        decode(messages=messages)
    assert param == raised.value.param
