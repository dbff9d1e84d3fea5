"""What a user shows and tools return, as Google takes it."""

import pytest
from msgspec import Raw

from tests.dialects.gemini.kit import notes, request, results, sent
from tests.dialects.turns import assistant, user
from trunkline.canon.content import (
    Audio,
    CacheMark,
    Document,
    FileRef,
    Image,
    Inline,
    Opaque,
    PlainText,
    Refusal,
    Remote,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.canon.errors import Unsupported

PNG = Inline("image/png", "aGk=")
CALL = ToolCall("c1", "look", "{}")


def parts(*given, **quirks):
    return sent(request(user(*given)), **quirks)["contents"][0]["parts"]


def responses(*returned, **quirks):
    """The contents behind the call."""
    said = request(user("hi"), assistant(CALL), results(*returned))
    return sent(said, **quirks)["contents"][2:]


def test_media():
    """Inline with its type; by URL with what its ending tells."""
    assert [
        {"inlineData": {"mimeType": "image/png", "data": "aGk="}},
        {"fileData": {"fileUri": "https://a.example/b.jpg", "mimeType": "image/jpeg"}},
        {"fileData": {"fileUri": "https://a.example/b", "mimeType": "application/pdf"}},
        {"fileData": {"fileUri": "https://a.example/c", "mimeType": "image/jpeg"}},
        {"inlineData": {"mimeType": "application/pdf", "data": "aGk="}},
        {"inlineData": {"mimeType": "audio/wav", "data": "aGk="}},
        {"fileData": {"fileUri": "https://x/v1beta/files/f"}},
    ] == parts(
        Image(PNG),
        Image(Remote("https://a.example/b.jpg")),
        Document(Remote("https://a.example/b")),
        Image(Remote("https://a.example/c")),
        Document(Inline("application/pdf", "aGk=")),
        Audio("aGk=", "wav"),
        Document(FileRef("https://x/v1beta/files/f", "gemini")),
    )


def test_a_text_document():
    """Its title before it."""
    document = Document(PlainText("body"), "Title", "Context")
    assert [{"text": "Title\n\nContext\n\nbody"}] == parts(document)


def test_what_cannot_be_shown():
    """Files of others, and parts only another dialect knows: the client would not like it dropped."""
    for part in (
        Image(FileRef("f", "openai-chat")),
        Image(PlainText("x")),
        Opaque("x", Raw(b"{}")),
    ):
        with pytest.raises(Unsupported) as caught:
            parts(part)
        assert "messages.0.content.0" == caught.value.param


def test_what_is_left_out():
    """Empty text says nothing; marks, details and citations have no field here, and that is said."""
    said = request(
        user("", Text("a", CacheMark()), Image(PNG, "high"), Document(PNG, citations=Raw(b"{}")))
    )
    assert {
        "cache_control",
        "messages.0.content.2.detail",
        "messages.0.content.3.citations",
    } == set(notes(said))
    assert 3 == len(sent(said)["contents"][0]["parts"])


def test_a_refusal_of_before():
    """Is a text of the model's."""
    contents = sent(request(user("hi"), assistant(Refusal("no"))))["contents"]
    assert {"role": "model", "parts": [{"text": "no"}]} == contents[1]


def test_results():
    """An object, as the tool wrote it or around what it said."""
    answered = [
        ToolResult("c1", (Text('{"a": 1}'),)),
        ToolResult("c1", (Text("sunny"), Text("warm"))),
        ToolResult("c1", (Text("[1]"),)),
        ToolResult("c1", (Text('{"broken'),)),
        ToolResult("c1", (Text('{"a": 1}'),), is_error=True),
        ToolResult("c1", ()),
    ]
    (content,) = responses(*answered)
    assert [
        {"a": 1},
        {"output": "sunny\nwarm"},
        {"output": "[1]"},
        {"output": '{"broken'},
        {"error": '{"a": 1}'},
        {"output": ""},
    ] == [part["functionResponse"]["response"] for part in content["parts"]]
    assert {("c1", "look")} == {
        (part["functionResponse"]["id"], part["functionResponse"]["name"])
        for part in content["parts"]
    }


def test_a_result_of_no_call():
    """Has a name all the same: Google insists on one."""
    (content,) = responses(ToolResult("c9", (Text("x"),)))
    assert "tool" == content["parts"][0]["functionResponse"]["name"]


def test_attachments():
    """In the response where the model takes them, else behind all of them."""
    result = ToolResult("c1", (Image(PNG),))
    inline = {"inlineData": {"mimeType": "image/png", "data": "aGk="}}
    (content,) = responses(result, tool_images=True)
    assert [inline] == content["parts"][0]["functionResponse"]["parts"]
    first, second = responses(result, ToolResult("c1", (Text("x"),)))
    assert 2 == len(first["parts"])
    assert "user" == second["role"]
    assert [{"text": "Attached to the result of look:"}, inline] == second["parts"]
