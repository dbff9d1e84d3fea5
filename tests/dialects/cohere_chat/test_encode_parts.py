"""Parts as blocks of content."""

import base64

import pytest
from msgspec import Raw

from tests.dialects.cohere_chat.kit import chat, messages_of, noted, to
from tests.dialects.turns import user
from trunkline.canon.content import (
    Audio,
    CacheMark,
    Document,
    FileRef,
    Image,
    Inline,
    Opaque,
    PlainText,
    Reasoning,
    Refusal,
    Remote,
    Text,
)
from trunkline.canon.errors import Unsupported
from trunkline.dialects.cohere_chat.draft import Draft
from trunkline.dialects.cohere_chat.encode_parts import content_of, encode_part, encode_parts


def content(*parts):
    return messages_of(user(*parts))[0]["content"]


def data(text):
    return base64.b64encode(text).decode()


def test_one_text_is_a_string_and_several_are_a_list():
    """White space alone is nothing."""
    assert "hi" == content("hi")
    assert [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}] == content("a", " ", "b")
    assert [] == content_of([])


def test_images():
    """By URL or inline, with the detail it knows."""
    inline = Image(Inline("image/png", "QUJD"), detail="low")

    assert [
        {
            "type": "image_url",
            "image_url": {"url": "data:image/png;base64,QUJD", "detail": "low"},
        },
        {"type": "image_url", "image_url": {"url": "https://x/y.png"}},
    ] == content(inline, Image(Remote("https://x/y.png"), detail="original"))
    assert ["messages.0.content.0.detail"] == noted(
        chat(user(Image(Remote("https://x/y.png"), detail="original")))
    )


def test_documents_are_their_text():
    """With title and context before it, whether they came as text or as a file of it."""
    plain = Document(PlainText("body"), title="T", context="C", citations=Raw(b"{}"))

    assert "T\n\nC\n\nbody" == content(plain)
    assert "é" == content(Document(Inline("text/plain", data("é".encode()))))
    assert ["messages.0.content.0.citations"] == noted(chat(user(plain)))


@pytest.mark.parametrize(
    "part",
    (
        Document(Inline("application/pdf", "QUJD")),
        Document(Inline("text/plain", "?")),
        Document(Inline("text/plain", data(b"\xff"))),
        Document(Remote("https://x/y.pdf")),
        Document(FileRef("f", "openai-chat")),
        Image(FileRef("f", "openai-chat")),
        Audio("QUJD", "wav"),
    ),
)
def test_what_cannot_be_said_is_refused(part):
    """By its path."""
    with pytest.raises(Unsupported) as refused:
        content("hi", part)

    assert "messages.0.content.1" == refused.value.param


def test_what_is_left_out_is_noted():
    """Other dialects' citations and marks."""
    said = (
        Text("a", CacheMark(), annotations=Raw(b"[]"), origin="x"),
        Refusal("no"),
    )

    assert [{"type": "text", "text": "a"}, {"type": "text", "text": "no"}] == content(*said)
    assert [
        "cache_control",
        "messages.0.content.0.annotations",
        "messages.0.content.1",
    ] == noted(chat(user(*said)))


def test_a_part_that_no_content_holds():
    """Thinking and calls are the messages' business; a client may put them into a result."""
    draft = Draft(chat(), to())
    assert encode_part(Reasoning("x"), "p", draft) is None
    assert encode_part(Opaque("gemini", Raw(b"{}")), "q", draft) is None
    assert [
        ("p", "dropped: Reasoning cannot stand here"),
        ("q", "dropped: only gemini knows this part"),
    ] == [(note.field, note.message) for note in draft.notes.all()]
    assert [] == encode_parts([], "p", Draft(chat(), to()))
