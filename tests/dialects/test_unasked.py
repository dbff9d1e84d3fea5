"""Tests of what silence about thinking means."""

import pytest

from trunkline.canon.content import Message, Role, Text
from trunkline.canon.request import ChatRequest, Thinking
from trunkline.dialects.unasked import declines_thinking


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
