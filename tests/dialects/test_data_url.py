"""Data URLs, however they are written."""

import pytest

from trunkline.canon.content import Inline, Remote
from trunkline.canon.errors import Unsupported
from trunkline.dialects.data_url import document, picture, source_of, text_of

PNG = "iVBORw0KGgoAAAANSUhEUg=="


@pytest.mark.parametrize(
    "head",
    (
        "data:image/webp;base64,",
        "DATA:Image/WEBP;Base64,",
        "data:image/webp;name=a.webp;base64,",
        "data: image/webp ; base64,",
    ),
)
def test_a_data_url_is_its_type_and_its_bytes(head: str):
    """In any case, and without its parameters."""
    assert Inline("image/webp", "AAAA") == source_of(head + "AAAA")


@pytest.mark.parametrize(
    "url",
    ("https://a.example/x,y.png", "data:text/plain,hello", "data:image/png;base64", "", "data:,"),
)
def test_what_holds_no_base64_stays_an_address(url: str):
    """Its reader may know what to do with it."""
    assert Remote(url) == source_of(url)


def test_a_common_misnomer_is_put_right():
    """Anthropic knows image/jpeg alone."""
    assert Inline("image/jpeg", "AAAA") == source_of("data:image/jpg;base64,AAAA")


@pytest.mark.parametrize(
    ("data", "kind"),
    (
        (PNG, "image/png"),
        ("/9j/4AAQSkZJRg==", "image/jpeg"),
        ("R0lGODlhAQABAA==", "image/gif"),
        ("UklGRiQAAABXRUJQ", "image/webp"),
    ),
)
@pytest.mark.parametrize("said", ("image/tiff", "application/octet-stream", ""))
def test_a_picture_is_what_its_bytes_are(data: str, kind: str, said: str):
    """Whatever type it was said to be: OpenAI looks at the bytes, Anthropic refuses the wrong type."""
    assert Inline(kind, data) == picture(f"data:{said};base64,{data}")


def test_a_picture_nobody_knows_keeps_its_type():
    """And one by address its address."""
    assert Inline("image/bmp", "Qk0=") == picture("data:image/bmp;base64,Qk0=")
    assert Remote("https://a.example/x") == picture("https://a.example/x")


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    (
        ("data:text/csv;base64,YSxi", "a.pdf", "text/csv"),
        ("data:application/octet-stream;base64,YSxi", "a.csv", "text/csv"),
        ("data:;base64,YSxi", "", "application/pdf"),
        ("YSxi", "notes.MD", "text/markdown"),
        ("YSxi", "", "application/pdf"),
    ),
)
def test_a_document_is_what_it_is_said_to_be(data: str, name: str, kind: str):
    """By its data URL, else by the file's name; a PDF where neither tells."""
    assert Inline(kind, "YSxi") == document(data, name)


def test_a_document_may_be_an_address():
    """As OpenRouter takes it."""
    assert Remote("https://a.example/a.pdf") == document("https://a.example/a.pdf", "a.pdf")


def test_base64_is_read_as_text():
    """Of any script."""
    assert "naïve 🦘" == text_of("bmHDr3ZlIPCfppg=", "p")


@pytest.mark.parametrize("data", ("YQ", "YQ==x", "/w==", "\ufeff", "é", "a b="))
def test_what_is_no_text_is_refused(data: str):
    """Padding, letters of no alphabet, bytes of no text: with where it stood."""
    with pytest.raises(Unsupported) as refused:
        text_of(data, "messages[0].content[1]")

    assert "messages[0].content[1]" == refused.value.param
