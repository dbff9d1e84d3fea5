"""What the usual messages of both of OpenAI's APIs have in common."""

from trunkline.canon.content import Role, Text
from trunkline.dialects.openai_usual import SPEAKERS, Words, texts_of


def test_a_tool_is_no_speaker() -> None:
    """What one gave is told in another way by each API."""
    assert {"system", "developer", "user", "assistant"} == set(SPEAKERS)
    assert Role.DEVELOPER is SPEAKERS["developer"]


def test_words_are_text_part_by_part() -> None:
    """An empty part was meant to be one; an empty string, or none, says nothing."""
    assert (Text("hello"),) == texts_of("hello")
    assert (Text("a"), Text("")) == texts_of([Words("text", "a"), Words("input_text", "")])
    assert () == texts_of("") == texts_of([]) == texts_of(None)
