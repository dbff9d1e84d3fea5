"""Parts of content, for upstreams."""

import pytest
from msgspec import Raw

from tests.dialects.openai_chat.kit import FOREIGN, notes, request, sent
from trunkline.canon.content import (
    Audio,
    CacheMark,
    Document,
    FileRef,
    Image,
    Inline,
    Message,
    Opaque,
    PlainText,
    Reasoning,
    Refusal,
    Remote,
    Role,
    Text,
)
from trunkline.canon.errors import Unsupported

OWN = "openai-chat"
PDF = Inline("application/pdf", "AA==")
PDF_URI = "data:application/pdf;base64,AA=="


def said(*parts, origin=FOREIGN):
    return request(Message(Role.USER, parts), origin=origin)


def content(*parts, origin=FOREIGN, **quirks):
    return sent(said(*parts, origin=origin), **quirks)["messages"][0]["content"]


def test_text():
    """A string where it is all there is; texts stay apart otherwise."""
    assert "a" == content(Text("a"))
    assert "" == content()
    assert [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}] == content(
        Text("a"), Text("b")
    )


def test_flat_text():
    """One string, for who takes nothing else; pictures still make a list."""
    assert "a\n\nb" == content(Text("a"), Text("b"), flat_text=True)
    assert 2 == len(content(Text("a"), Image(Remote("https://a")), flat_text=True))


@pytest.mark.parametrize("origin", (FOREIGN, OWN))
def test_cache_marks(origin):
    """Pass to who knows them, or whose client wrote them; else they are noted."""
    marked = Text("a", CacheMark())
    wire = [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}]
    assert wire == content(marked, origin=origin, cache_marks=True)
    assert (wire if origin == OWN else "a") == content(marked, origin=origin)
    assert ([] if origin == OWN else ["cache_control"]) == list(notes(said(marked, origin=origin)))


def test_cache_marks_on_pictures():
    """The same."""
    marked = Image(Remote("https://a"), cache=CacheMark())
    assert "cache_control" in content(marked, cache_marks=True)[0]
    assert "cache_control" not in content(marked)[0]
    assert ["cache_control"] == list(notes(said(marked)))


@pytest.mark.parametrize(
    ("part", "wire"),
    (
        (
            Audio("AA==", "wav"),
            {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
        ),
        (Refusal("no"), {"type": "refusal", "refusal": "no"}),
        (
            Document(PDF, "a.pdf"),
            {"type": "file", "file": {"file_data": PDF_URI, "filename": "a.pdf"}},
        ),
        (
            Document(PDF),
            {"type": "file", "file": {"file_data": PDF_URI, "filename": "document.pdf"}},
        ),
        (
            Document(PlainText("words"), "title", "context"),
            {"type": "text", "text": "title\n\ncontext\n\nwords"},
        ),
    ),
)
def test_parts(part, wire):
    """Each in its own form."""
    assert [wire] == content(part)


def test_own_files():
    """An id means something to who gave it; a name is not made up for a client of ours."""
    assert [{"type": "file", "file": {"file_id": "f"}}] == content(
        Document(FileRef("f", OWN)), origin=OWN
    )
    assert [{"type": "file", "file": {"file_data": "https://a"}}] == content(
        Document(Remote("https://a")), origin=OWN
    )


@pytest.mark.parametrize(
    ("how", "wire"),
    (
        ("document_url", {"type": "document_url", "document_url": "https://a"}),
        (
            "file_data",
            {"type": "file", "file": {"file_data": "https://a", "filename": "document.pdf"}},
        ),
    ),
)
def test_documents_by_url(how, wire):
    """As the provider takes them."""
    assert [wire] == content(Document(Remote("https://a")), document_url=how)


@pytest.mark.parametrize(
    "part",
    (
        Document(Remote("https://a")),
        Document(FileRef("f", FOREIGN)),
        Image(FileRef("f", FOREIGN)),
        Image(FileRef("f", OWN)),
    ),
)
def test_refused(part):
    """What the model would have to see and cannot is a clear error, not a hole."""
    with pytest.raises(Unsupported) as raised:
        content(part)
    assert "messages.0.content.0" == raised.value.param


def test_dropped_with_a_note():
    """Citations and context have no field; a document's text does not suffer."""
    document = Document(PDF, context="c", citations=Raw(b"{}"))
    assert ["messages.0.content.0.citations", "messages.0.content.0.context"] == list(
        notes(said(document))
    )


def test_parts_out_of_place():
    """A thought among a user's words is dropped, and noted."""
    odd = said(Reasoning("r"), Text("a"), origin=OWN)
    assert ("a", ["messages.0.content.0"]) == (
        sent(odd)["messages"][0]["content"],
        list(notes(odd)),
    )


def test_opaque_parts():
    """Its own to the byte; what a user shows in another dialect's words is refused."""
    own = Opaque(OWN, Raw(b'{"type":"video_url"}'))
    assert [{"type": "video_url"}] == content(own, origin=OWN)
    with pytest.raises(Unsupported):
        content(Opaque(FOREIGN, Raw(b"{}")), Text("a"))
