"""What an answer cannot say in its client's dialect is named, without a word of its content."""

import pytest
from msgspec import Raw, json

from trunkline.canon.answer import Answer, Choice
from trunkline.canon.content import Opaque, Reasoning, Text, ToolCall
from trunkline.canon.unsaid import unsaid

OWN, FOREIGN = "openai-chat", "anthropic-messages"
CITED = Raw(b'[{"type":"char_location","cited_text":"secret"}]')


def told(*parts, dialect=OWN):
    answer = Answer(choices=(Choice(parts=parts), Choice(index=1, parts=parts)), origin=FOREIGN)
    return {note.field: note.message for note in unsaid(answer, dialect)}


def block(kind, origin=FOREIGN):
    return Opaque(origin, Raw(json.encode({"type": kind, "input": "secret"})))


def test_nothing_where_all_is_said():
    """Text, thinking and calls exist everywhere; what is of the client's own dialect stays."""
    everywhere = (Text("a"), Reasoning("b", "sig", FOREIGN), ToolCall("1", "f", "{}"))

    assert {} == told(*everywhere)
    assert {} == told(block("server_tool_use"), Text("a", None, CITED, FOREIGN), dialect=FOREIGN)


def test_tools_the_provider_ran_itself():
    """Each kind once, in their order."""
    parts = [block(k) for k in ("server_tool_use", "web_search_tool_result", "server_tool_use")]

    assert {
        "content": "dropped: server_tool_use, web_search_tool_result, "
        "which the provider's own dialect alone has"
    } == told(*parts, Text("found"))


def test_citations():
    """Once for all of them; an empty list cites nothing."""
    assert ["citations"] == list(
        told(Text("a", None, CITED, FOREIGN), Text("b", None, CITED, FOREIGN))
    )
    assert {} == told(Text("a", None, Raw(b"[ ]"), OWN))
    assert {} == told(Text("a", None, Raw(b"[]"), FOREIGN))


@pytest.mark.parametrize(
    "raw",
    (
        b"{}",
        b'{"type":5}',
        b'{"type":"my secret, in words"}',
        b'{"audio":{"data":"secret"}}',
        b"[" * 100_000,
        b'{"type":"\xff"}',
    ),
)
def test_content_never_gets_into_a_note(raw):
    """What is no word of an API is not repeated."""
    assert {"content": "dropped: a part, which the provider's own dialect alone has"} == told(
        Opaque(FOREIGN, Raw(raw))
    )


def test_a_note_is_short():
    """However many kinds there are."""
    assert len(told(*[block(f"kind_{n:059}") for n in range(100)])["content"]) < 700
