"""What a client shows."""

import pytest
from msgspec import Raw, json

from tests.dialects.gemini.kit import sent
from trunkline.canon.content import (
    Audio,
    Document,
    FileRef,
    Image,
    Inline,
    Message,
    Opaque,
    Remote,
    Role,
    Text,
)
from trunkline.canon.errors import Malformed
from trunkline.canon.request import ChatRequest
from trunkline.dialects.camel import Camel
from trunkline.dialects.gemini.decode_parts import read_part


def part(**fields):
    raw = Raw(json.encode(fields))
    return read_part(Camel.of(raw, "p"), raw)


def inline(media_type, **more):
    return part(inlineData={"mimeType": media_type, "data": "aGk="}, **more)


def test_kinds():
    """By their media type; what is not sent along is a file, whatever it holds."""
    assert Document(Remote("https://a/b.mp4")) == part(
        fileData={"fileUri": "https://a/b.mp4", "mimeType": "video/mp4"}
    )
    assert Text("hi") == part(text="hi")
    assert Image(Inline("image/png", "aGk=")) == inline("image/png")
    assert Audio("aGk=", "mp3") == inline("audio/mpeg")
    assert Document(Inline("application/pdf", "aGk=")) == inline("application/pdf")
    assert Image(Remote("https://a/b.png")) == part(
        fileData={"fileUri": "https://a/b.png", "mimeType": "image/png"}
    )
    assert Document(Remote("https://a/b")) == part(fileData={"fileUri": "https://a/b"})


def test_snake_case():
    """Either spelling."""
    assert Image(Inline("image/png", "aGk=")) == part(
        inline_data={"mime_type": "image/png", "data": "aGk="}
    )


def test_an_uploaded_file():
    """Means nothing to others."""
    uri = "https://generativelanguage.googleapis.com/v1beta/files/abc"
    read = part(fileData={"fileUri": uri, "mimeType": "application/pdf"})
    assert isinstance(read, Document)
    assert FileRef(uri, "gemini") == read.source


def test_what_only_google_knows():
    """Videos, code, whatever comes next: as it came."""
    for fields in (
        {"inlineData": {"mimeType": "video/mp4", "data": "aGk="}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK"}},
        {},
    ):
        read = part(**fields)
        assert isinstance(read, Opaque)
        assert fields == json.decode(read.raw)


@pytest.mark.parametrize(
    "fields",
    (
        {"inlineData": {"mimeType": "image/png", "data": "aGk=", "displayName": "x"}},
        {"fileData": {"fileUri": "https://a/b", "mimeType": "image/png"}},
        {"text": "x", "mediaResolution": {"level": "LOW"}},
        {
            "inlineData": {"mimeType": "application/pdf", "data": "aGk="},
            "mediaResolution": {"level": "LOW"},
        },
    ),
)
def test_all_else_is_kept(fields):
    """To go back where it came from."""
    said = (Message(Role.USER, (part(**fields),)),)
    request = ChatRequest(model="m", messages=said, origin="gemini")
    assert [fields] == sent(request)["contents"][0]["parts"]


def test_mistakes():
    """Are told by their place."""
    for fields, param in (
        ({"text": 7}, "p.text"),
        ({"inlineData": {"data": "x"}}, "p.inlineData.mimeType"),
        ({"fileData": {}}, "p.fileData.fileUri"),
    ):
        with pytest.raises(Malformed) as caught:
            part(**fields)
        assert param == caught.value.param
