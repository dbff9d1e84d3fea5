"""Tests of what a request must not lose: its last turn, and all of it."""

import pytest

from tests.dialects.turns import as_parts, assistant, system, user
from trunkline.canon.content import Message, Opaque, Part, Role, ToolResult
from trunkline.canon.errors import Unsupported
from trunkline.dialects.point import is_empty, is_empty_turn, refuse_pointless

FOREIGN = Opaque("there", b"{}")


@pytest.mark.parametrize(
    ("parts", "expected"),
    (((), True), (("", " \n"), True), (("a",), False), ((" ", FOREIGN), False)),
)
def test_empty_parts(parts: tuple[Part | str, ...], expected: bool) -> None:
    """White space says nothing; a part of another kind says something."""
    assert expected == is_empty(as_parts(parts))


def test_an_empty_piece_of_a_turn() -> None:
    """An assistant's turn in several messages is empty where all of them are; a user's message is one."""
    messages = (user("a"), assistant("b"), assistant(""), user(""), user("c"), assistant(" "))

    assert [False, False, False, True, False, True] == [
        is_empty_turn(messages, at) for at in range(len(messages))
    ]


@pytest.mark.parametrize(
    ("messages", "last"),
    (
        ((user(),), None),
        ((system(" "),), None),
        ((system("be kind"), user("")), None),
        ((assistant(FOREIGN),), None),
    ),
)
def test_nothing_is_left(messages: tuple[Message, ...], last: str | None) -> None:
    """Of a conversation; nor was there anything to begin with."""
    with pytest.raises(Unsupported) as told:
        refuse_pointless(messages, last)

    assert "messages" == told.value.param


@pytest.mark.parametrize("last", ("assistant", "model"))
def test_the_last_turn_is_gone(last: str) -> None:
    """What would end the conversation is the model's."""
    for messages in (
        (user("a"), assistant("b"), user("")),
        (user("a"), assistant("b"), user(""), system("")),
    ):
        with pytest.raises(Unsupported) as told:
            refuse_pointless(messages, last)

        assert f"messages.{len(messages) - 1}.content" == told.value.param


@pytest.mark.parametrize(
    ("messages", "last"),
    (
        ((system("be kind"),), None),
        ((user("a"),), "user"),
        ((user("a"), user("")), "user"),
        ((user("a"), assistant("b")), "assistant"),
        ((user(""), assistant("b")), "model"),
        ((user("a"), assistant("b"), system("c")), "system"),
        ((assistant("b"), Message(Role.TOOL, (ToolResult("c", ()),))), "tool"),
    ),
)
def test_what_keeps_its_point(messages: tuple[Message, ...], last: str | None) -> None:
    """A system prompt alone, a user's turn with one empty message, a prefill."""
    refuse_pointless(messages, last)
