"""Tests of the conversation as the API wants it."""

from typing import Any

import pytest
from msgspec import Raw

from tests.dialects.anthropic_messages.kit import NAME, body_of, chat, deployment, noted, results
from tests.dialects.turns import assistant, system, user
from trunkline.canon.content import (
    CacheMark,
    Image,
    Message,
    Opaque,
    Reasoning,
    Remote,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.canon.deployment import Quirks
from trunkline.canon.errors import Unsupported


def text(*words: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": word} for word in words]


def turns(*messages: Message, **more: Any) -> list[Any]:
    return body_of(chat(*messages, **more))["messages"]


def test_system_is_apart() -> None:
    """Leading system and developer messages, block by block."""
    request = chat(
        system(Text("a", CacheMark())), Message(Role.DEVELOPER, (Text("b"),)), user("hi")
    )

    body = body_of(request)

    assert [{**text("a")[0], "cache_control": {"type": "ephemeral"}}, *text("b")] == body["system"]
    assert [{"role": "user", "content": text("hi")}] == body["messages"]


def test_turns_alternate() -> None:
    """Consecutive messages of one role are one turn."""
    assert [
        {"role": "user", "content": text("a", "b")},
        {"role": "assistant", "content": text("c", "d")},
        {"role": "user", "content": text("e")},
    ] == turns(user("a"), user("b"), assistant("c"), assistant("d"), user("e"))


def test_results_come_first() -> None:
    """All of a turn's results in one user message, before its text, wherever they stood."""
    call = [ToolCall("a", "f", "{}"), ToolCall("b", "f", "{}")]
    last = turns(
        user("go"),
        assistant(*call),
        results(ToolResult("a", (Text("1"),))),
        user("and"),
        results(ToolResult("b", (Text("2"),))),
    )[-1]

    assert ["tool_result", "tool_result", "text"] == [block["type"] for block in last["content"]]
    assert ["a", "b"] == [block["tool_use_id"] for block in last["content"][:2]]


@pytest.mark.parametrize("messages", ((assistant("hello"),), (system("be kind"),)))
def test_the_user_begins(messages: tuple[Message, ...]) -> None:
    """A conversation without a user to begin it gets a harmless turn, and a note."""
    request = chat(*messages)

    assert {"role": "user", "content": text("Continue.")} == body_of(request)["messages"][0]
    assert ["messages"] == noted(request)


def test_what_is_empty_is_no_turn() -> None:
    """Nor does it part the turns beside it."""
    assert [{"role": "user", "content": text("a", "b")}] == turns(
        user("a"), assistant(" "), user("b")
    )


def test_a_prefill_ends_in_no_white_space() -> None:
    """The API refuses it."""
    request = chat(user("a"), assistant("Sure, \n"))

    assert text("Sure,") == body_of(request)["messages"][-1]["content"]
    assert ["messages"] == noted(request)
    assert [] == noted(chat(user("a"), assistant("Sure,")))


def test_an_assistants_images_are_noted() -> None:
    """It has none here."""
    request = chat(user("a"), assistant("b", Image(Remote("u"))), user("c"))

    assert ["messages.1.content"] == noted(request)
    assert text("b") == body_of(request)["messages"][1]["content"]


def test_names_are_noted() -> None:
    """OpenAI's participants."""
    assert ["messages.0.name"] == noted(chat(Message(Role.USER, (Text("hi"),), name="Bob")))


def test_a_messages_unknown_fields() -> None:
    """Kept for the same dialect, noted for another."""
    message = Message(Role.USER, (Text("hi", extra={"y": Raw(b"2")}),), extra={"x": Raw(b"1")})

    assert [{"role": "user", "content": [{**text("hi")[0], "y": 2}], "x": 1}] == turns(
        message, origin=NAME
    )
    assert ["messages.0.x", "messages.0.content.0.y"] == noted(chat(message))


MIDWAY = (user("a"), system("b"), assistant("c"), user("d"))


@pytest.mark.parametrize(
    "origin, model, quirks, role",
    (
        (NAME, "claude-opus-4-8", Quirks(), "system"),
        (NAME, "claude-haiku-4-5", Quirks(), "system"),
        (NAME, "claude-opus-4-8", Quirks(mid_system=False), "user"),
        ("openai-chat", "claude-opus-4-8", Quirks(), "system"),
        ("openai-chat", "claude-haiku-4-5", Quirks(), "user"),
        ("openai-chat", "claude-opus-4-8", Quirks(mid_system=False), "user"),
    ),
)
def test_system_amid_the_conversation(origin: str, model: str, quirks: Quirks, role: str) -> None:
    """It stays in place: as itself where the model takes it, else as the user's words."""
    request, to = chat(*MIDWAY, origin=origin), deployment(model, quirks)

    body = body_of(request, to)

    assert "system" not in body
    if role == "system":
        assert {"role": "system", "content": text("b")} == body["messages"][1]
        assert [] == noted(request, to)
    else:
        assert {"role": "user", "content": text("a", "b")} == body["messages"][0]
        assert ["messages.1.role"] == noted(request, to)


def test_system_may_not_follow_an_assistant() -> None:
    """The API takes it after a user turn only; a client of its own dialect knows."""
    after = (user("a"), assistant("b"), system("c"), user("d"))

    assert ["user", "assistant", "user"] == [turn["role"] for turn in turns(*after)]
    assert ["user", "assistant", "system", "user"] == [
        turn["role"] for turn in turns(*after, origin=NAME)
    ]


def test_thinking_keeps_its_place() -> None:
    """Among text and calls, unmerged."""
    thought = [Reasoning("1", "A", NAME), Text("x"), Reasoning("2", "B", NAME)]

    assert ["thinking", "text", "thinking"] == [
        block["type"] for block in turns(user("a"), assistant(*thought), user("b"))[1]["content"]
    ]


def test_what_a_user_shows_is_refused_if_unreadable() -> None:
    """Answered without, it would be answered wrong."""
    with pytest.raises(Unsupported) as caught:
        turns(user("what is this?", Opaque("gemini", Raw(b"{}"))))

    assert "messages.0.content.1" == caught.value.param
