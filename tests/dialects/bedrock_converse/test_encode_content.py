"""Tests of parts as content blocks."""

import base64

import pytest
from msgspec import Raw

from tests.dialects.bedrock_converse.kit import (
    LLAMA,
    NOVA,
    SONNET_4,
    body_of,
    chat,
    encode,
    noted,
    to,
    tool,
)
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
    Reasoning,
    Refusal,
    Remote,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.canon.errors import Unsupported

PNG = Inline("image/png", "iVBOR")


def content(*parts, model=SONNET_4):
    return body_of(chat(user(*parts)), to(model))["messages"][0]["content"]


def said(*parts, model=SONNET_4):
    """What an assistant's turn holds."""
    return body_of(chat(user("hi"), assistant(*parts), user("go")), to(model))["messages"][1][
        "content"
    ]


def test_images_are_bytes_with_a_format():
    """Inline, and as a data: URL."""
    expected = {"image": {"format": "png", "source": {"bytes": "iVBOR"}}}

    assert [expected] * 2 == content(Image(PNG), Image(Remote("data:image/png;base64,iVBOR")))


@pytest.mark.parametrize(
    "part",
    (
        Image(Remote("https://example.org/a.png")),
        Image(FileRef("f", "anthropic-messages")),
        Image(Inline("image/tiff", "x")),
        Image(PlainText("x")),
        Document(Remote("https://example.org/a.pdf")),
        Document(Inline("application/zip", "x")),
        Audio("x", "midi"),
    ),
    ids=("image URL", "file", "TIFF", "text image", "document URL", "zip", "midi"),
)
def test_what_cannot_be_sent_is_refused(part):
    """A 400 that names the part beats an answer to half a question."""
    with pytest.raises(Unsupported) as caught:
        encode(chat(user("look", part)))

    assert "messages.0.content.1" == caught.value.param


def test_documents():
    """Bytes with a format and a name; text as a text file."""
    pdf = Document(Inline("application/pdf", "JVBE"), title="a.pdf", context="c")
    blocks = content("read", pdf, Document(PlainText("hé")), Document(Inline("text/x-c", "aW50")))

    assert [
        {"name": "a pdf", "format": "pdf", "source": {"bytes": "JVBE"}, "context": "c"},
        {
            "name": "Document 2",
            "format": "txt",
            "source": {"bytes": base64.b64encode("hé".encode()).decode()},
        },
        {"name": "Document 3", "format": "txt", "source": {"bytes": "aW50"}},
    ] == [block["document"] for block in blocks[1:]]


def test_a_changed_title_is_noted():
    """And so are citations, which answers cannot carry back."""
    part = Document(PlainText("x"), title="a/b", citations=Raw(b'{"enabled":true}'))

    assert ["messages.0.content.1.title", "messages.0.content.1.citations"] == noted(
        chat(user("x", part))
    )


def test_audio():
    """The bytes, and which format they are."""
    assert [{"audio": {"format": "wav", "source": {"bytes": "UklG"}}}] == content(
        Audio("UklG", "wav")
    )


def test_a_cache_point_stands_behind_its_part():
    """As a block of its own."""
    blocks = content(Text("a", CacheMark()), "b")

    assert [{"text": "a"}, {"cachePoint": {"type": "default"}}, {"text": "b"}] == blocks


def test_empty_text_is_left_out():
    """The API refuses it."""
    assert [{"text": "x"}] == content("", " \n", "x")


def test_calls_and_results():
    """Ids fitted alike on both sides; arguments as the model wrote them; errors told."""
    call_id = "resp_" + "x" * 70 + ":call_0"
    request = chat(
        user("hi"),
        assistant(ToolCall(call_id, "f", '{"b":1, "a":2}'), ToolCall("c2", "g", "")),
        tool(ToolResult(call_id, (Text("ok"), Image(PNG))), ToolResult("c2", (), is_error=True)),
    )

    _, called, results = body_of(request)["messages"]
    first, second = (block["toolUse"] for block in called["content"])
    one, two = (block["toolResult"] for block in results["content"])

    assert {"b": 1, "a": 2} == first["input"]
    assert {} == second["input"]
    assert (first["toolUseId"], "c2") == (one["toolUseId"], two["toolUseId"])
    assert len(first["toolUseId"]) <= 64
    assert ["text", "image"] == [next(iter(block)) for block in one["content"]]
    assert ([{"text": "(no output)"}], "error") == (two["content"], two["status"])


@pytest.mark.parametrize("arguments", ("[1]", "{", "plain"))
def test_arguments_that_are_no_object(arguments):
    """They go as its `input`, with a note."""
    request = chat(user("hi"), assistant(ToolCall("c", "f", arguments)), user("go"))
    block = body_of(request)["messages"][1]["content"][0]

    assert {"input": arguments} == block["toolUse"]["input"]
    assert "messages.1.content.0.arguments" in noted(request)


def test_a_custom_tools_text_needs_no_note():
    """It never was JSON."""
    request = chat(user("hi"), assistant(ToolCall("c", "f", "free", kind="custom")), user("go"))

    assert ["tools"] == noted(request)


@pytest.mark.parametrize("origin", ("bedrock-converse", "anthropic-messages"))
def test_claudes_signatures_go_back(origin):
    """Anthropic's hold on every platform."""
    text = {"text": "hm", "signature": "sig"}

    assert [{"reasoningContent": {"reasoningText": text}}, {"text": "x"}] == said(
        Reasoning("hm", "sig", origin), "x"
    )


def test_redacted_thinking_goes_back():
    """To its own provider alone."""
    hidden = Reasoning("", "b64=", "bedrock-converse", redacted=True)

    assert [{"reasoningContent": {"redactedContent": "b64="}}, {"text": "x"}] == said(hidden, "x")


@pytest.mark.parametrize(
    ("part", "model"),
    (
        (Reasoning("hm", "sig", "openai-responses"), SONNET_4),
        (Reasoning("hm", "", "bedrock-converse"), SONNET_4),
        (Reasoning("", "data", "anthropic-messages", redacted=True), SONNET_4),
        (Reasoning("hm", "sig", "anthropic-messages"), NOVA),
        (Reasoning("hm", "", "openai-chat"), LLAMA),
    ),
)
def test_reasoning_without_proof_is_dropped_and_noted(part, model):
    """It would be answered by a 400."""
    request = chat(user("hi"), assistant(part, "x"), user("go"))

    assert [{"text": "x"}] == said(part, "x", model=model)
    assert ["messages.1.content.0"] == noted(request, to(model))


def test_models_that_sign_nothing_get_their_own_reasoning_back():
    """gpt-oss and DeepSeek on Bedrock."""
    text = {"text": "hm"}

    assert {"reasoningContent": {"reasoningText": text}} == said(
        Reasoning("hm", "", "bedrock-converse"), "x", model=LLAMA
    )[0]


def test_refusals_are_text_and_foreign_parts_go():
    """Both with a note."""
    request = chat(user("hi"), assistant(Refusal("no"), Opaque("x", Raw(b"{}"))), user("go"))

    assert [{"text": "no"}] == body_of(request)["messages"][1]["content"]
    assert ["messages.1.content.0", "messages.1.content.1"] == noted(request)


def test_foreign_citations_are_noted():
    """A text keeps its words."""
    part = Text("x", annotations=Raw(b"[]"), origin="openai-chat")

    assert ["messages.0.content.0.annotations"] == noted(chat(user(part)))


def test_a_mark_inside_a_result_is_noted():
    """A result's content takes no cache point; the result itself does."""
    inner = ToolResult("c", (Text("ok", CacheMark()),), cache=CacheMark())
    request = chat(user("hi"), assistant(ToolCall("c", "f", "{}")), tool(inner))

    assert {"cachePoint": {"type": "default"}} == body_of(request)["messages"][2]["content"][1]
    assert "cache_control" in noted(request)
