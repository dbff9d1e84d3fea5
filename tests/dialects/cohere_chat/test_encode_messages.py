"""The conversation."""

import pytest
from msgspec import Raw, json

from tests.dialects.cohere_chat.kit import DIALECT, chat, messages_of, noted, to, tool
from tests.dialects.turns import assistant, system, user
from trunkline.canon.content import (
    Document,
    Image,
    Message,
    Opaque,
    PlainText,
    Reasoning,
    Remote,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.canon.errors import Unsupported
from trunkline.dialects.cohere_chat.encode_messages import ask_in_words
from trunkline.dialects.thought_ids import signed

CALL = ToolCall("t1", "weather", '{"city":"Oslo"}')


def test_system_messages_at_the_front_are_one():
    """A developer's, too."""
    told = messages_of(system("a"), Message(Role.DEVELOPER, (Text("b"),)), user("hi"))

    assert [
        {"role": "system", "content": [{"type": "text", "text": t} for t in "ab"]},
        {"role": "user", "content": "hi"},
    ] == told


def test_a_system_message_in_the_middle_is_a_users():
    """In place, and noted; unless the row says that it is taken."""
    request = (user("hi"), system("be brief"))

    assert ["user", "user"] == [m["role"] for m in messages_of(*request)]
    assert ["messages.1.role"] == noted(chat(*request))
    assert "system" == messages_of(*request, place=to(mid_system=True))[1]["role"]


def test_a_system_prompt_holds_text_alone():
    """The rest is noted."""
    picture = system("a", Image(Remote("https://x")))

    assert "a" == messages_of(picture, user("hi"))[0]["content"]
    assert ["messages.0.content"] == noted(chat(picture, user("hi")))


def test_what_is_said_before_calls_is_the_plan():
    """As Cohere itself wrote it."""
    turn = assistant(Reasoning("hm", origin=DIALECT.name), "I will look.", CALL)

    assert {
        "role": "assistant",
        "tool_plan": "I will look.",
        "content": [{"type": "thinking", "thinking": "hm"}],
        "tool_calls": [
            {
                "id": "t1",
                "type": "function",
                "function": {"name": "weather", "arguments": '{"city":"Oslo"}'},
            }
        ],
    } == messages_of(user("hi"), turn)[1]


def test_without_calls_it_is_content():
    """Thinking before it."""
    assert "x" == messages_of(user("hi"), assistant("x"))[1]["content"]
    assert ["thinking", "text"] == [
        block["type"]
        for block in messages_of(user("hi"), assistant(Reasoning("hm"), "x"))[1]["content"]
    ]


def test_thinking_that_cannot_be_sent_is_noted():
    """Hidden by another provider, or for a model that knows no such block; empty is nothing."""
    hidden = chat(user("hi"), assistant(Reasoning("", "s", "x", redacted=True), "x"))
    shown = chat(user("hi"), assistant(Reasoning("hm"), "x"))

    assert ["messages.1.content"] == noted(hidden) == noted(shown, to(efforts=()))
    assert [] == noted(chat(user("hi"), assistant(Reasoning(" "), "x")))


def test_an_assistants_turn_in_pieces_is_one():
    """Calls must be followed by their results."""
    pieces = (assistant("a"), assistant(CALL), assistant(ToolCall("t2", "now", "")))
    told = messages_of(user("hi"), *pieces, user("go"))

    assert ["user", "assistant", "user"] == [m["role"] for m in told]
    assert ["t1", "t2"] == [call["id"] for call in told[1]["tool_calls"]]


def test_turns_that_say_nothing_are_none():
    """ "message must not be empty in a turn"."""
    told = messages_of(user("hi"), assistant(""), user(" "), user("go"))

    assert ["hi", "go"] == [message["content"] for message in told]


def test_an_assistant_shows_no_pictures():
    """Noted once."""
    turn = assistant("x", Image(Remote("https://x")))

    assert "x" == messages_of(user("hi"), turn)[1]["content"]
    assert ["messages.1.content"] == noted(chat(user("hi"), turn))


def test_arguments_are_the_json_of_an_object():
    """Nothing is an empty one; free text and JSON gone wrong stand in one."""
    calls = [
        ToolCall("1", "f", ""),
        ToolCall("2", "f", "[1]"),
        ToolCall("3", "f", "print(1)", kind="custom"),
    ]
    told = messages_of(user("hi"), assistant(*calls))[1]["tool_calls"]

    assert [{}, {"input": "[1]"}, {"input": "print(1)"}] == [
        json.decode(call["function"]["arguments"]) for call in told
    ]
    assert ["messages.1.content.arguments"] == noted(chat(user("hi"), assistant(*calls)))


def test_a_message_for_every_result():
    """A text as a string, several in a list, none in words."""
    told = messages_of(
        user("hi"),
        tool(
            ToolResult("t1", (Text("21"),)),
            ToolResult("t2", (Text("a"), Text("b"))),
            ToolResult("t3", ()),
        ),
    )[1:]

    assert [("tool", "t1"), ("tool", "t2"), ("tool", "t3")] == [
        (m["role"], m["tool_call_id"]) for m in told
    ]
    assert ["21", [{"type": "text", "text": t} for t in "ab"], "(no output)"] == [
        m["content"] for m in told
    ]


def test_documents_in_results_may_be_cited():
    """They stay documents there."""
    found = (
        Document(PlainText("body"), title="T"),
        Document(PlainText("more")),
        Document(PlainText("")),
    )
    told = messages_of(user("hi"), tool(ToolResult("t1", found)))[1]["content"]

    assert [
        {"type": "document", "document": {"data": {"title": "T", "text": "body"}}},
        {"type": "document", "document": {"data": {"text": "more"}}},
    ] == told


def test_images_of_results_follow_them_all():
    """As a user's, told whose they are."""
    results = tool(ToolResult("t1", (Image(Remote("https://x")),)), ToolResult("t2", (Text("21"),)))
    told = messages_of(user("hi"), results)

    assert ["user", "tool", "tool", "user"] == [m["role"] for m in told]
    assert "t1" in told[3]["content"][0]["text"]
    assert "image_url" == told[3]["content"][1]["type"]
    assert told[1]["content"]
    assert ["messages.1.content"] == noted(chat(user("hi"), results))


def test_a_failure_is_said_in_words():
    """There is no field for it."""
    failed = tool(ToolResult("t1", (Text("boom"),), is_error=True))
    texts = [block["text"] for block in messages_of(user("hi"), failed)[1]["content"]]

    assert ["The tool call failed:", "boom"] == texts
    assert ["messages.1.content.0"] == noted(chat(user("hi"), failed))


def test_names_and_foreign_fields_are_noted():
    """Of messages and parts."""
    named = Message(Role.USER, (Text("hi"),), name="ann", extra={"weight": Raw(b"1")})

    assert ["messages.0.name", "messages.0.weight"] == noted(chat(named))


def test_asking_in_words():
    """Behind the system prompt, or as one."""
    for messages, expected in (
        ([], "b"),
        ([{"role": "user", "content": "hi"}], "b"),
        ([{"role": "system", "content": "a"}], [{"type": "text", "text": t} for t in "ab"]),
        (
            [{"role": "system", "content": [{"type": "text", "text": "a"}]}],
            [{"type": "text", "text": t} for t in "ab"],
        ),
    ):
        ask_in_words(messages, "b")
        assert {"role": "system", "content": expected} == messages[0]


def test_what_a_user_shows_is_refused_if_unreadable():
    """Answered without, it would be answered wrong."""
    with pytest.raises(Unsupported) as caught:
        messages_of(user("what is this?", Opaque("gemini", Raw(b"{}"))))

    assert "messages.0.content.1" == caught.value.param


def test_signatures_in_call_ids_stay_behind():
    """They are Gemini's; the call and its result still agree."""
    call_id = signed("t1", "sig")
    said = user("hi"), assistant(ToolCall(call_id, "f", "{}")), tool(ToolResult(call_id, ()))
    _, called, answered = messages_of(*said)

    assert ("t1", "t1") == (called["tool_calls"][0]["id"], answered["tool_call_id"])
