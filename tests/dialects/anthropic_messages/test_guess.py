"""A rough size of a request, for whoever must say one at once."""

import pytest
from msgspec import Raw

from tests.dialects.anthropic_messages.kit import chat, results
from tests.dialects.turns import assistant, user
from trunkline.canon.content import (
    Document,
    Image,
    Inline,
    Part,
    PlainText,
    Reasoning,
    Refusal,
    Remote,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.canon.request import Tool
from trunkline.dialects.anthropic_messages.guess import guess_input

PER_MESSAGE = 4


@pytest.mark.parametrize(
    ("part", "tokens"),
    (
        (Text("x" * 400), 100),
        (Refusal("x" * 400), 100),
        (ToolCall("call_1", "look", "x" * 396), 100),
        (ToolResult("call_1", (Text("x" * 400), Image(Remote("https://a.test/b")))), 1600),
        (Image(Inline("image/png", "A" * 1_000_000)), 1500),
        (Document(Inline("application/pdf", "A" * 1_000_000)), 1500),
        (Document(PlainText("x" * 400)), 100),
        (Reasoning("x" * 400), 0),
    ),
)
def test_parts_by_what_they_are(part: Part, tokens: int) -> None:
    """Four characters a token; a picture is one whatever its bytes; old thinking is free."""
    assert PER_MESSAGE + tokens == guess_input(chat(user(part)))


def test_tools_and_every_message_count() -> None:
    """Definitions of tools are read by the model as well."""
    tool = Tool(name="look", description="x" * 196, parameters=Raw(b'{"a":' + b"1" * 194 + b"}"))

    request = chat(user("x" * 40), assistant("x" * 40), results(), tools=(tool,))

    assert 100 + 3 * PER_MESSAGE + 20 == guess_input(request)


def test_an_empty_request_is_not_nothing() -> None:
    """0 would read as "not told"."""
    assert 1 <= guess_input(chat(user()))
