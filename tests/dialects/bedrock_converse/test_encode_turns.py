"""Tests of the conversation: system apart, turns alternating, user first."""

import pytest
from msgspec import Raw

from tests.dialects.bedrock_converse.kit import body_of, chat, noted, tool
from tests.dialects.turns import assistant, system, user
from trunkline.canon.content import (
    CacheMark,
    Document,
    Image,
    Inline,
    Message,
    Opaque,
    PlainText,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.canon.errors import Unsupported


def turns(request):
    return [(turn["role"], turn["content"]) for turn in body_of(request)["messages"]]


def test_the_system_prompt_stands_apart():
    """Each text a block, with its cache point; developer messages too."""
    request = chat(
        system(Text("a", CacheMark())), Message(Role.DEVELOPER, (Text("b"),)), user("hi")
    )

    assert [{"text": "a"}, {"cachePoint": {"type": "default"}}, {"text": "b"}] == body_of(request)[
        "system"
    ]


def test_a_later_system_message_stays_in_place():
    """As the user's text, with a note: to hoist it would break every cached prefix."""
    request = chat(user("a"), assistant("b"), system("c"), user("d"))

    assert ("user", [{"text": "c"}, {"text": "d"}]) == turns(request)[2]
    assert ["messages.2.role"] == noted(request)


def test_turns_alternate():
    """Neighbours of one role become one turn; results come before what the user says."""
    request = chat(
        user("a"),
        user("b"),
        assistant(ToolCall("c", "f", "{}")),
        user("wait"),
        tool(ToolResult("c", (Text("r"),))),
    )
    roles = [role for role, _ in turns(request)]

    assert ["user", "assistant", "user"] == roles
    assert ["toolResult", "text"] == [next(iter(block)) for block in turns(request)[2][1]]


def test_the_user_begins():
    """Where nobody else does."""
    request = chat(assistant("b"), user("c"))

    assert ("user", [{"text": "Continue."}]) == turns(request)[0]
    assert ["messages"] == noted(request)
    assert [("user", [{"text": "Continue."}])] == turns(chat(system("only")))


def test_a_document_has_text_beside_it():
    """The API asks for it."""
    request = chat(user(Document(PlainText("x"))))

    assert {"text": "See the document."} == turns(request)[0][1][1]
    assert ["messages"] == noted(request)


def test_an_assistant_shows_no_images():
    """They are dropped with a note, and an empty turn with them."""
    request = chat(user("a"), assistant(Image(Inline("image/png", "x"))), user("b"))

    assert [("user", [{"text": "a"}, {"text": "b"}])] == turns(request)
    assert ["messages.1.content"] == noted(request)


def test_a_prefill_ends_without_white_space():
    """Claude refuses it otherwise."""
    request = chat(user("a"), assistant("So: \n"))

    assert ("assistant", [{"text": "So:"}]) == turns(request)[1]
    assert ["messages"] == noted(request)


def test_names_and_pictures_in_a_system_prompt_are_noted():
    """Neither has a place."""
    request = chat(
        system("a", Image(Inline("image/png", "x"))), Message(Role.USER, (Text("b"),), name="bob")
    )

    assert ["messages.0.content", "messages.1.name"] == noted(request)


def test_what_a_user_shows_is_refused_if_unreadable():
    """Answered without, it would be answered wrong."""
    with pytest.raises(Unsupported) as caught:
        body_of(chat(user("what is this?", Opaque("gemini", Raw(b"{}")))))

    assert "messages.0.content.1" == caught.value.param
