"""Conversations for upstreams."""

import pytest
from msgspec import Raw

from tests.dialects.openai_chat.kit import FOREIGN, encoded, notes, request, sent
from trunkline.canon.content import (
    CacheMark,
    Document,
    Image,
    Inline,
    Message,
    Opaque,
    PlainText,
    Reasoning,
    Refusal,
    Remote,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.canon.errors import Unsupported
from trunkline.canon.request import OutputFormat

USER = Message(Role.USER, (Text("hi"),))
CALL = ToolCall("call_1", "f", "{}")
PICTURE = Image(Inline("image/png", "AA=="))
DATA_URI = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}


def messages(*said, own=False, quirks=None):
    return sent(request(*said, origin="openai-chat" if own else FOREIGN), **(quirks or {}))[
        "messages"
    ]


def assistant(*parts):
    return Message(Role.ASSISTANT, parts)


@pytest.mark.parametrize(
    ("quirk", "roles"),
    (
        ("developer", ["system", "developer", "user", "system"]),
        ("system", ["system", "system", "user", "system"]),
        ("user", ["user", "user", "user", "user"]),
    ),
)
def test_system_roles(quirk, roles):
    """In place, and called what the provider calls them."""
    system = Message(Role.SYSTEM, (Text("s"),))
    said = (system, Message(Role.DEVELOPER, (Text("d"),)), USER, system)
    found = messages(*said, quirks={"system_role": quirk})
    assert roles == [message["role"] for message in found]
    assert ["s", "d", "hi", "s"] == [message["content"] for message in found]


def test_no_system_in_the_middle():
    """Where the provider takes none, it becomes the user's words in place, and that is noted."""
    system = Message(Role.SYSTEM, (Text("s"),))
    found = messages(system, USER, system, quirks={"mid_system": False})
    assert ["system", "user", "user"] == [message["role"] for message in found]
    assert ["messages.2.role"] == list(notes(request(system, USER, system), mid_system=False))


def test_calls_and_results():
    """Content null, one message per result, in order."""
    results = Message(Role.TOOL, (ToolResult("call_1", (Text("a"),)), ToolResult("call_2", ())))
    other = ToolCall("call_2", "c", "x", "custom")
    assert [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                {"id": "call_2", "type": "custom", "custom": {"name": "c", "input": "x"}},
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "a"},
        {"role": "tool", "tool_call_id": "call_2", "content": ""},
    ] == messages(USER, assistant(CALL, other), results, quirks={"custom_tools": True})[1:]


@pytest.mark.parametrize("own", (True, False))
def test_custom_calls_where_there_are_none(own):
    """Called as the function that stands in for their tool."""
    said = messages(USER, assistant(ToolCall("call_1", "c", 'x "y"', "custom")), own=own)

    function = {"name": "c", "arguments": '{"input":"x \\"y\\""}'}
    assert [{"id": "call_1", "type": "function", "function": function}] == said[1]["tool_calls"]


@pytest.mark.parametrize(("own", "arguments"), ((False, "{}"), (True, "")))
def test_calls_without_arguments(own, arguments):
    """Are called with an empty object: vLLM's templates parse it. OpenAI's own clients are not corrected."""
    said = messages(USER, assistant(ToolCall("call_1", "f", "")), own=own)

    assert arguments == said[1]["tool_calls"][0]["function"]["arguments"]


def test_documents_of_text_stay_in_results():
    """A tool's result is there, and nothing of it is a user's."""
    found = Document(PlainText("words"), "Title", "by whom")
    result = Message(Role.TOOL, (ToolResult("call_1", (found,)),))
    said = messages(USER, assistant(CALL), result)

    assert ["user", "assistant", "tool"] == [message["role"] for message in said]
    assert "Title\n\nby whom\n\nwords" == said[2]["content"]


def test_a_turn_in_several_messages():
    """Other dialects' clients may cut it; here all its calls stand before their results."""
    second = ToolCall("call_2", "f", "{}")
    results = Message(Role.TOOL, (ToolResult("call_1", ()), ToolResult("call_2", ())))
    cut = (USER, assistant(CALL), assistant(second), assistant(Text("")), results)
    assert messages(USER, assistant(CALL, second, Text("")), results) == messages(*cut)
    assert ["user", *["assistant"] * 3, "tool", "tool"] == [
        message["role"] for message in messages(*cut, own=True)
    ]


def test_words_beside_calls():
    """Both are said."""
    found = messages(USER, assistant(Text("a"), CALL))[1]
    assert ("a", "f") == (found["content"], found["tool_calls"][0]["function"]["name"])


def test_an_empty_turn():
    """Is an empty string, never null without calls."""
    assert "" == messages(USER, assistant())[1]["content"]


def test_a_refusal_in_history():
    """In its own field."""
    found = messages(USER, assistant(Refusal("no")))[1]
    assert (None, "no") == (found["content"], found["refusal"])


def test_images_in_results():
    """Follow as a user's, labelled by call id, behind all results; text stays where it is."""
    results = Message(
        Role.TOOL,
        (ToolResult("call_1", (Text("a"), PICTURE)), ToolResult("call_2", (PICTURE,))),
    )
    said = (USER, assistant(CALL, ToolCall("call_2", "f", "{}")), results, USER)
    assert [
        {"role": "tool", "tool_call_id": "call_1", "content": "a"},
        {
            "role": "tool",
            "tool_call_id": "call_2",
            "content": "(The result is attached to the next message.)",
        },
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Attached to the result of tool call call_1:"},
                DATA_URI,
                {"type": "text", "text": "Attached to the result of tool call call_2:"},
                DATA_URI,
            ],
        },
        {"role": "user", "content": "hi"},
    ] == messages(*said)[2:]
    assert ["messages.2.content"] == list(notes(request(*said)))


def test_images_in_results_where_they_may_stand():
    """They stay."""
    results = Message(Role.TOOL, (ToolResult("call_1", (PICTURE,)),))
    found = messages(USER, assistant(CALL), results, quirks={"tool_images": True})
    assert {"role": "tool", "tool_call_id": "call_1", "content": [DATA_URI]} == found[2]


def test_failed_calls():
    """There is no field for it: said in words, and noted."""
    results = Message(Role.TOOL, (ToolResult("call_1", (Text("a"),), is_error=True),))
    said = (USER, assistant(CALL), results)
    assert "The tool call failed:\n\na" == messages(*said)[2]["content"]
    assert ["messages.2.content"] == list(notes(request(*said)))


@pytest.mark.parametrize(
    ("quirks", "field", "expected"),
    (
        ({}, "reasoning_content", None),
        ({"replay_reasoning": True}, "reasoning_content", "r"),
        ({"reasoning_field": "reasoning"}, "reasoning", "r"),
    ),
)
def test_reasoning_in_history(quirks, field, expected):
    """Only to who takes it back, under its own name; what is left out is noted."""
    said = (USER, assistant(Reasoning("r"), CALL))
    assert expected == messages(*said, quirks=quirks)[1].get(field)
    assert ([] if expected else ["messages.1.content"]) == list(notes(request(*said), **quirks))


def test_reasoning_without_calls():
    """DeepSeek wants it back only beside calls."""
    found = messages(USER, assistant(Reasoning("r"), Text("a")), quirks={"replay_reasoning": True})
    assert {"role": "assistant", "content": "a"} == found[1]


def test_reasoning_as_mistral_wants_it():
    """As an entry of the content."""
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "r"}]}
    quirks = {"reasoning_field": "content"}
    assert [thinking, {"type": "text", "text": "a"}] == messages(
        USER, assistant(Reasoning("r"), Text("a")), quirks=quirks
    )[1]["content"]
    assert [thinking] == messages(USER, assistant(Reasoning("r"), CALL), quirks=quirks)[1][
        "content"
    ]


@pytest.mark.parametrize("field", ("reasoning", "reasoning_content"))
@pytest.mark.parametrize("origin", (FOREIGN, "openai-chat"))
def test_anothers_proof_in_history(field, origin):
    """It is the business of who wrote it alone, whoever's client brings it back; noted."""
    said = (USER, assistant(Reasoning("r", "SIG", "x"), Reasoning("", "D", "x", True), CALL))
    asked, quirks = request(*said, origin=origin), {"replay_reasoning": True}
    body = encoded(asked, reasoning_field=field, **quirks).body

    assert b'"%b":"r"' % field.encode() in body
    assert b"reasoning_details" not in body
    assert ["messages.1.content"] == list(notes(asked, reasoning_field=field, **quirks))


def test_proof_in_history():
    """OpenRouter's details go back to it as they came."""
    proof = '[{"type":"reasoning.text","text":"r","signature":"s"}]'
    said = (USER, assistant(Reasoning("r", proof, "openai-chat"), Text("a")))
    found = messages(*said, quirks={"reasoning_field": "reasoning"})[1]
    assert [{"type": "reasoning.text", "text": "r", "signature": "s"}] == found["reasoning_details"]


def test_mistral_ids():
    """Nine letters and digits, the same for the call and its result."""
    said = (USER, assistant(CALL), Message(Role.TOOL, (ToolResult("call_1", (Text("a"),)),)))
    found = messages(*said, quirks={"tool_id": "mistral"})
    call_id = found[1]["tool_calls"][0]["id"]
    assert (9, call_id) == (len(call_id), found[2]["tool_call_id"])


def test_thought_signatures():
    """Hidden in the id until the provider that wants them is asked."""
    signed = ToolCall("call_1__thought_cw", "f", "{}")
    said = (USER, assistant(signed), Message(Role.TOOL, (ToolResult(signed.id, ()),)))
    plain = messages(*said)
    assert ("call_1", "call_1") == (plain[1]["tool_calls"][0]["id"], plain[2]["tool_call_id"])
    assert "extra_content" not in plain[1]["tool_calls"][0]
    (call,) = messages(*said, quirks={"thought_signatures": True})[1]["tool_calls"]
    assert {"google": {"thought_signature": "s"}} == call["extra_content"]


def test_extra_fields():
    """Those of this dialect pass, those of another are noted."""
    extra = {"x": Raw(b"1")}
    said = (
        Message(Role.USER, (Text("a", extra=extra),), "n", extra),
        Message(Role.ASSISTANT, (ToolCall("call_1", "f", "{}", extra=extra),)),
        Message(Role.TOOL, (ToolResult("call_1", (), extra=extra),)),
    )
    user, turn, result = messages(*said, own=True)
    assert ("n", 1, 1) == (user["name"], user["x"], user["content"][0]["x"])
    assert (1, 1) == (turn["tool_calls"][0]["x"], result["x"])
    assert [
        "messages.0.x",
        "messages.0.content.0.x",
        "messages.1.content.0.x",
        "messages.2.content.0.x",
    ] == list(notes(request(*said)))
    assert "x" not in str(messages(*said)).replace("text", "")


def test_marks_on_calls_and_results():
    """Move to where the provider takes them: the call itself, a result's last text."""
    call = ToolCall("call_1", "f", "{}", cache=CacheMark())
    result = ToolResult("call_1", (Text("a"), Text("b")), cache=CacheMark("1h"))
    said = (USER, assistant(call), Message(Role.TOOL, (result,)))
    found = messages(*said, quirks={"cache_marks": True})
    assert {"type": "ephemeral"} == found[1]["tool_calls"][0]["cache_control"]
    assert {"type": "ephemeral", "ttl": "1h"} == found[2]["content"][1]["cache_control"]
    assert ["cache_control"] == list(notes(request(*said)))


def test_opaque_parts():
    """Of another dialect: dropped from what the model said, and noted."""
    said = (USER, assistant(Opaque(FOREIGN, Raw(b"{}")), Text("a")))
    assert "a" == messages(*said)[1]["content"]
    assert ["messages.1.content.0"] == list(notes(request(*said)))


def test_long_names():
    """Shortened in the history as in the tools."""
    found = encoded(request(USER, assistant(ToolCall("call_1", "f" * 65, "{}"))))
    assert ["f" * 65] == list(found.tool_names.values())


def test_schema_in_words():
    """Behind the first system message, where the provider takes no schema."""
    wanted = OutputFormat(kind="json_schema", schema=Raw(b'{"type":"object"}'))
    system = Message(Role.SYSTEM, (Text("s"),))
    for said, at in (((system, USER), 1), ((USER,), 0)):
        body = sent(request(*said, output_format=wanted), schema_output=False)
        assert "system" == body["messages"][at]["role"]
        assert '{"type":"object"}' in body["messages"][at]["content"]
        assert {"type": "json_object"} == body["response_format"]


def test_remote_images():
    """By URL."""
    found = messages(Message(Role.USER, (Image(Remote("https://a"), "low"),)))
    assert [{"type": "image_url", "image_url": {"url": "https://a", "detail": "low"}}] == found[0][
        "content"
    ]


def test_messages_of_nothing_but_another_dialect_s_parts():
    """Are left out, and noted: providers refuse empty ones."""
    only = (Opaque("openai-responses", Raw(b"{}")),)
    said = [Message(Role.DEVELOPER, only), Message(Role.USER, (Text("hi"),))]
    canonical = request(*said, Message(Role.ASSISTANT, only))
    assert [{"role": "user", "content": "hi"}] == sent(canonical)["messages"]
    assert ["messages.0.content.0", "messages.2.content.0"] == list(notes(canonical))


def test_a_user_s_message_of_nothing_but_those_is_refused():
    """What follows would be answered as if nothing had been shown."""
    shown = Message(Role.USER, (Opaque("gemini", Raw(b"{}")),))
    with pytest.raises(Unsupported) as caught:
        messages(shown, USER)

    assert "messages.0.content.0" == caught.value.param
