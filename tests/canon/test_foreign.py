"""Tests of what only a request's own dialect understands, named for all others."""

import pytest
from msgspec import Raw

from trunkline.canon.content import Message, Opaque, Role, Text, ToolCall, ToolResult
from trunkline.canon.errors import Unsupported
from trunkline.canon.foreign import (
    foreign_fields,
    refuse_foreign_choice,
    refuse_foreign_needs,
    refuse_foreign_parts,
)
from trunkline.canon.note import Note
from trunkline.canon.request import ChatRequest, ChoiceMode, Tool, ToolChoice

X = {"x": Raw(b"1")}


def test_every_extra_field_is_named() -> None:
    """Of the message, of its parts, and of the parts of results."""
    message = Message(
        Role.TOOL,
        (
            ToolResult("t", (Text("a"), Text("b", extra=X)), extra={"y": Raw(b"2")}),
            ToolCall("t", "f", "{}", extra=X),
        ),
        extra={"z": Raw(b"3")},
    )

    assert [
        Note("messages.4.z", "dropped"),
        Note("messages.4.content.0.content.1.x", "dropped"),
        Note("messages.4.content.0.y", "dropped"),
        Note("messages.4.content.1.x", "dropped"),
    ] == list(foreign_fields(4, message, "dropped"))


def test_opaque_parts_are_left_to_the_encoder() -> None:
    """It meets them anyway; and what has no extra says nothing."""
    message = Message(Role.USER, (Opaque("gemini", Raw(b"{}")), Text("a")))

    assert [] == list(foreign_fields(0, message, "dropped"))


def asked(mode: ChoiceMode, *names: str) -> ChatRequest:
    tools = (
        Tool(name="search", kind="builtin", origin="there"),
        Tool(name="python", kind="builtin", origin="here"),
        Tool(name="f"),
    )
    choice = ToolChoice(mode, names)
    return ChatRequest(model="m", messages=(), origin="there", tools=tools, tool_choice=choice)


@pytest.mark.parametrize(
    ("mode", "names"),
    ((ChoiceMode.ONE, ("search",)), (ChoiceMode.SUBSET_REQUIRED, ("search",))),
)
def test_a_tool_that_is_demanded_but_not_here(mode: ChoiceMode, names: tuple[str, ...]) -> None:
    """Is refused, by its name."""
    with pytest.raises(Unsupported, match="search") as told:
        refuse_foreign_choice(asked(mode, *names), "here")

    assert "tool_choice" == told.value.param


def test_any_tool_is_demanded_where_none_is_here() -> None:
    """An answer without one is not what was asked for; where one is here, or it is free, it is."""
    tools = tuple(Tool(name=name, kind="builtin", origin="there") for name in ("search", "code"))
    required, auto = (
        ChatRequest(model="m", messages=(), origin="there", tools=tools, tool_choice=choice)
        for choice in (ToolChoice(ChoiceMode.REQUIRED), ToolChoice(ChoiceMode.AUTO))
    )
    with pytest.raises(Unsupported, match="search") as told:
        refuse_foreign_choice(required, "here")
    refuse_foreign_choice(auto, "here")
    refuse_foreign_choice(required, "there")

    assert "tool_choice" == told.value.param


@pytest.mark.parametrize(
    ("mode", "names"),
    (
        (ChoiceMode.ONE, ("python",)),
        (ChoiceMode.ONE, ("f",)),
        (ChoiceMode.ONE, ("unknown",)),
        (ChoiceMode.SUBSET, ("search",)),
        (ChoiceMode.SUBSET_REQUIRED, ("search", "f")),
        (ChoiceMode.REQUIRED, ()),
    ),
)
def test_a_choice_that_can_be_met(mode: ChoiceMode, names: tuple[str, ...]) -> None:
    """With what is here, or by leaving out what only may be called."""
    refuse_foreign_choice(asked(mode, *names), "here")


def test_a_field_that_cannot_be_done_without() -> None:
    """Is refused by its name, by all but its own dialect."""
    needing = ChatRequest(model="m", messages=(), origin="there", needs={"prompt": "kept there"})
    with pytest.raises(Unsupported, match="kept there") as told:
        refuse_foreign_needs(needing, "here")
    refuse_foreign_needs(needing, "there")
    refuse_foreign_needs(asked(ChoiceMode.AUTO), "here")

    assert "prompt" == told.value.param


def test_what_a_user_shows_is_not_left_out() -> None:
    """A part nobody here can read is refused, by its place."""
    shown = Message(Role.USER, (Text("what is this?"), Opaque("there", Raw(b"{}"))))
    with pytest.raises(Unsupported) as told:
        refuse_foreign_parts(3, shown, "here")

    assert "messages.3.content.1" == told.value.param


@pytest.mark.parametrize(
    ("role", "origin"),
    ((Role.USER, "here"), (Role.ASSISTANT, "there"), (Role.TOOL, "there"), (Role.SYSTEM, "there")),
)
def test_what_the_history_holds_besides_may_be_left_out(role: Role, origin: str) -> None:
    """The model's own doings elsewhere; and what is of this dialect stays anyway."""
    refuse_foreign_parts(0, Message(role, (Opaque(origin, Raw(b"{}")),)), "here")
