"""Tests of what silence about thinking means."""

import pytest

from trunkline.canon.content import Message, Role, Text
from trunkline.canon.deployment import Quirks
from trunkline.canon.request import ChatRequest, Thinking
from trunkline.dialects.unasked import declines_thinking, least_effort


@pytest.mark.parametrize(
    ("origin", "asked", "declines"),
    (
        ("anthropic-messages", None, True),
        ("anthropic-messages", Thinking(), True),
        ("anthropic-messages", Thinking(effort="low"), False),
        ("anthropic-messages", Thinking(mode="enabled"), False),
        ("anthropic-messages", Thinking(mode="disabled"), False),
        ("openai-chat", None, False),
    ),
)
def test_silence(origin: str, asked: Thinking | None, *, declines: bool) -> None:
    """A no from Anthropic's clients, who would have to ask; of others it leaves all to the model."""
    said = (Message(Role.USER, (Text("hi"),)),)

    assert declines is declines_thinking(
        ChatRequest(model="m", messages=said, origin=origin, thinking=asked)
    )


@pytest.mark.parametrize(
    ("efforts", "least"),
    (
        (("none",), "none"),
        (("low", "none", "minimal"), "none"),
        (("minimal", "low"), "minimal"),
        (("low", "high"), None),
        ((), None),
        (Quirks().efforts, None),
    ),
)
def test_the_least_effort(efforts: tuple[str, ...], least: str | None) -> None:
    """None of it, or hardly any; nothing where it cannot be told, or nobody knows."""
    assert least == least_effort(efforts)
