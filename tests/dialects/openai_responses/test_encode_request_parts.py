"""Parts of content."""

import pytest
from msgspec import Raw

from tests.dialects.openai_responses.upstream import FOREIGN, OWN, items, notes, own, request
from trunkline.canon.content import (
    Audio,
    Document,
    FileRef,
    Image,
    Inline,
    Message,
    Opaque,
    PlainText,
    Remote,
    Role,
    Text,
)
from trunkline.canon.errors import Unsupported

PDF = Inline("application/pdf", "JVBERi0=")


def content(*parts, asked=request, **quirks):
    return items(asked(Message(Role.USER, parts)), **quirks)[0]["content"]


@pytest.mark.parametrize(
    ("part", "expected"),
    (
        (
            Image(Inline("image/png", "iVBO"), "low"),
            {"type": "input_image", "image_url": "data:image/png;base64,iVBO", "detail": "low"},
        ),
        (
            Image(Remote("https://example.com/a.png")),
            {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "auto"},
        ),
        (
            Image(FileRef("file-1", OWN)),
            {"type": "input_image", "file_id": "file-1", "detail": "auto"},
        ),
        (
            Document(PDF, "a.pdf"),
            {
                "type": "input_file",
                "filename": "a.pdf",
                "file_data": "data:application/pdf;base64,JVBERi0=",
            },
        ),
        (
            Document(PDF),
            {
                "type": "input_file",
                "filename": "document.pdf",
                "file_data": "data:application/pdf;base64,JVBERi0=",
            },
        ),
        (
            Document(Remote("https://example.com/a.pdf")),
            {"type": "input_file", "file_url": "https://example.com/a.pdf"},
        ),
        (Document(FileRef("file-1", "openai-chat")), {"type": "input_file", "file_id": "file-1"}),
        (
            Document(PlainText("words"), "Title", "Context"),
            {"type": "input_text", "text": "Title\n\nContext\n\nwords"},
        ),
        (
            Audio("UklG", "wav"),
            {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}},
        ),
    ),
)
def test_what_a_model_reads(part, expected):
    """Each kind in this API's terms."""
    assert [{"type": "input_text", "text": "see"}, expected] == content(Text("see"), part)


def test_texts():
    """One is a string; several stay several, where the provider takes a list."""
    assert "a" == content(Text("a"))
    assert ["a", "b"] == [part["text"] for part in content(Text("a"), Text("b"))]
    assert "a\n\nb" == content(Text("a"), Text("b"), flat_text=True)
    assert "" == content()


@pytest.mark.parametrize(
    "part",
    (
        Document(FileRef("file_1", FOREIGN)),
        Image(FileRef("file_1", FOREIGN)),
        Opaque(FOREIGN, Raw(b"{}")),
    ),
)
def test_what_only_another_provider_reads(part):
    """A user would not like an answer without it."""
    with pytest.raises(Unsupported) as refused:
        content(Text("see"), part)
    assert "messages.0.content.1" == refused.value.param


def test_fields_of_parts():
    """Kept for their own API alone."""
    text = Text("a", extra={"x": Raw(b"1")})
    assert [{"type": "input_text", "text": "a", "x": 1}] == content(text, asked=own)
    assert "a" == content(text)
    assert "messages.0.content.0.x" in notes(request(Message(Role.USER, (text,))))


def test_what_documents_lose():
    """A prompt's documents are not cited, and have no context."""
    document = Document(PDF, "t", "context", Raw(b'{"enabled":true}'))
    noted = notes(request(Message(Role.USER, (document,))))
    assert {"messages.0.content.0.citations", "messages.0.content.0.context"} == set(noted)


def test_citations_of_an_earlier_turn():
    """Go back to who wrote them."""
    mine = Text("See.", annotations=Raw(b'[{"type":"url_citation"}]'), origin=OWN)
    theirs = Text("See.", annotations=Raw(b'[{"cited_text":"x"}]'), origin=FOREIGN)
    asked = own(Message(Role.USER, (Text("hi"),)), Message(Role.ASSISTANT, (mine, theirs)))
    assert [[{"type": "url_citation"}], []] == [
        part["annotations"] for part in items(asked)[1]["content"]
    ]
    assert "messages.1.content.1.annotations" in notes(asked)


def test_several_texts_of_another_dialect():
    """A message each: the specification knows no list of them without an id of the API's."""
    turn = Message(Role.ASSISTANT, (Text("a"), Text("b", annotations=Raw(b"[1]"), origin=FOREIGN)))
    asked = request(Message(Role.USER, (Text("hi"),)), turn)
    assert ["a", "b"] == [item["content"] for item in items(asked)[1:]]
    assert any(field.endswith(".annotations") for field in notes(asked))


def test_images_a_model_said():
    """There is no part for them in an earlier turn."""
    turn = Message(Role.ASSISTANT, (Text("a"), Image(Remote("https://example.com/a.png"))))
    asked = request(Message(Role.USER, (Text("hi"),)), turn)
    assert "a" == items(asked)[1]["content"]
    assert any(field.startswith("messages.1.content") for field in notes(asked))
