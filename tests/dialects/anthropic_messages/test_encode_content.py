"""Tests of canonical parts as content blocks of a request."""

from typing import Any

import pytest
from msgspec import Raw, json

from tests.dialects.anthropic_messages.kit import NAME, chat, deployment, raw
from tests.dialects.turns import assistant, user
from trunkline.canon.content import (
    Audio,
    CacheMark,
    Document,
    FileRef,
    Image,
    Inline,
    Message,
    Opaque,
    Part,
    PlainText,
    Reasoning,
    Refusal,
    Remote,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.canon.deployment import Quirks
from trunkline.canon.errors import Unsupported
from trunkline.dialects.anthropic_messages.decode_content import decode_block
from trunkline.dialects.anthropic_messages.draft import Draft
from trunkline.dialects.anthropic_messages.encode_content import encode_part, tool_input
from trunkline.dialects.registry import DIALECTS
from trunkline.dialects.thought_ids import signed


def encoded(part: Part, origin: str = "openai-chat", **quirks: Any) -> tuple[Any, list[str]]:
    """The block, and what was noted about."""
    draft = Draft(chat(origin=origin), deployment(quirks=Quirks(**quirks)))
    block = encode_part(part, "p", draft)
    return json.decode(json.encode(block)), [note.field for note in draft.notes]


def test_text() -> None:
    """With its breakpoint and its own citations."""
    citations = raw([{"type": "char_location"}])

    assert ({"type": "text", "text": "hi"}, []) == encoded(Text("hi"))
    assert (
        {"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}},
        [],
    ) == encoded(Text("hi", CacheMark()))
    assert (
        {"type": "text", "text": "hi", "citations": [{"type": "char_location"}]},
        [],
    ) == encoded(Text("hi", annotations=citations, origin=NAME))


def test_foreign_citations_are_noted() -> None:
    """OpenAI's annotations mean nothing here."""
    assert ({"type": "text", "text": "hi"}, ["p.annotations"]) == encoded(
        Text("hi", annotations=raw([{}]), origin="openai-chat")
    )


@pytest.mark.parametrize("text", ("", " ", "\n\n\t"))
def test_empty_text_is_never_sent(text: str) -> None:
    """The API refuses it; a lost breakpoint is noted."""
    assert (None, []) == encoded(Text(text))
    assert (None, ["p"] if text else []) == encoded(Text(text, CacheMark()))


def test_unknown_fields_return_to_their_own_dialect() -> None:
    """And to no other."""
    part = Text("hi", extra={"x": Raw(b"1")})

    assert {"type": "text", "text": "hi", "x": 1} == encoded(part, NAME)[0]
    assert {"type": "text", "text": "hi"} == encoded(part)[0]


@pytest.mark.parametrize(
    "source, fields",
    (
        (
            Inline("image/png", "AA=="),
            {"type": "base64", "media_type": "image/png", "data": "AA=="},
        ),
        (Remote("https://e.com/a"), {"type": "url", "url": "https://e.com/a"}),
        (FileRef("f1", NAME), {"type": "file", "file_id": "f1"}),
        (
            Remote("data:image/gif;base64,R0lG"),
            {"type": "base64", "media_type": "image/gif", "data": "R0lG"},
        ),
    ),
)
def test_images(source: Any, fields: dict[str, str]) -> None:
    """By bytes, address or file; a data: URL is bytes."""
    assert ({"type": "image", "source": fields}, []) == encoded(Image(source))


def test_a_search_result_is_a_document_to_others() -> None:
    """For its own API it is the block it was; what it says reaches an upstream of any dialect."""
    found = {
        "type": "search_result",
        "title": "t",
        "source": "https://a.example",
        "content": [{"type": "text", "text": "one"}],
    }
    part = decode_block(raw(found), "x")
    words = {"type": "text", "media_type": "text/plain", "data": "https://a.example\n\none"}

    assert found == encoded(part, NAME)[0]
    assert {"type": "document", "source": words, "title": "t"} == encoded(part)[0]
    message = Message(Role.TOOL, (ToolResult("c", (part,)),))
    asked = chat(user("go"), assistant(ToolCall("c", "f", "{}")), message, origin=NAME)
    for dialect in DIALECTS.values():
        sent = dialect.encode_request(asked, deployment())
        assert b"one" in sent.body, dialect.name
        assert not any("search_result" in note.field for note in sent.notes), dialect.name


def test_detail_is_noted() -> None:
    """OpenAI's choice of resolution is not there; "auto" was none."""
    assert ["p.detail"] == encoded(Image(Remote("u"), "high"))[1]
    assert [] == encoded(Image(Remote("u"), "auto"))[1]


def test_documents() -> None:
    """PDF by bytes or address, text as text however it came."""
    pdf = {"type": "base64", "media_type": "application/pdf", "data": "JVBE"}
    words = {"type": "text", "media_type": "text/plain", "data": "héllo"}

    assert {"type": "document", "source": pdf, "title": "a.pdf"} == encoded(
        Document(Inline("application/pdf", "JVBE"), "a.pdf")
    )[0]
    assert {"type": "document", "source": words} == encoded(
        Document(Inline("text/markdown", "aMOpbGxv"))
    )[0]
    assert {
        "type": "document",
        "source": words,
        "context": "C",
        "citations": {"enabled": True},
    } == encoded(Document(PlainText("héllo"), None, "C", raw({"enabled": True})))[0]


@pytest.mark.parametrize(
    "part",
    (
        Audio("AA==", "wav"),
        Image(FileRef("f", "openai-chat")),
        Image(PlainText("x")),
        Document(FileRef("f", "openai-chat")),
        Document(Inline("application/msword", "AA==")),
        Document(Inline("text/plain", "!!")),
        Document(Inline("text/plain", "/w==")),
    ),
)
def test_what_has_no_block_is_refused(part: Part) -> None:
    """A prompt cannot do without it, so the client is told which it is."""
    with pytest.raises(Unsupported) as caught:
        encoded(part)

    assert "p" == caught.value.param


def test_own_thinking_is_replayed() -> None:
    """Verbatim, shown or hidden."""
    assert (
        {"type": "thinking", "thinking": "hm", "signature": "Eq"},
        [],
    ) == encoded(Reasoning("hm", "Eq", NAME))
    assert ({"type": "redacted_thinking", "data": "D"}, []) == encoded(
        Reasoning("", "D", NAME, redacted=True)
    )


def test_thinking_without_a_signature_is_for_those_who_want_it() -> None:
    """Some that speak this dialect sign nothing and insist on the replay."""
    assert (
        {"type": "thinking", "thinking": "hm", "signature": ""},
        [],
    ) == encoded(Reasoning("hm", "", NAME), replay_reasoning=True)
    assert (None, ["p"]) == encoded(Reasoning("hm", "", NAME))


def test_tool_calls() -> None:
    """Ids and names made to fit, the arguments' own writing kept."""
    block, notes = encoded(ToolCall("call.1", "f", '{"a": 1.0}'))

    assert ("tool_use", "f", {"a": 1.0}, []) == (
        block["type"],
        block["name"],
        block["input"],
        notes,
    )
    assert block["id"].startswith("call_1_")


@pytest.mark.parametrize(
    "call, written",
    (
        (ToolCall("t", "f", '{ "a": 1.0 }'), b'{ "a": 1.0 }'),
        (ToolCall("t", "f", ""), b"{}"),
        (ToolCall("t", "f", "[1]"), b'{"input":"[1]"}'),
        (ToolCall("t", "f", '{"a":'), b'{"input":"{\\"a\\":"}'),
        (ToolCall("t", "f", "print(1)", "custom"), b'{"input":"print(1)"}'),
        (ToolCall("t", "f", "{}", "custom"), b'{"input":"{}"}'),
    ),
)
def test_input_is_always_an_object(call: ToolCall, written: bytes) -> None:
    """JSON gone wrong and free text go inside one."""
    assert written == json.encode(tool_input(call))


def test_broken_arguments_are_noted() -> None:
    """What a model once wrote was no JSON: the next one sees it, wrapped."""
    assert ["p.arguments"] == encoded(ToolCall("t", "f", "oops"))[1]
    assert [] == encoded(ToolCall("t", "f", "oops", "custom"))[1]


def test_tool_results() -> None:
    """Text, images, failures, nothing."""
    picture = {"type": "image", "source": {"type": "url", "url": "u"}}

    assert {
        "type": "tool_result",
        "tool_use_id": "t",
        "content": [{"type": "text", "text": "ok"}, picture],
        "is_error": True,
    } == encoded(ToolResult("t", (Text("ok"), Image(Remote("u"))), is_error=True))[0]
    assert {"type": "tool_result", "tool_use_id": "t"} == encoded(ToolResult("t", (Text(""),)))[0]


def test_a_results_id_is_fitted_as_its_calls() -> None:
    """Else they would not find each other."""
    call, result = encoded(ToolCall("a:b", "f", "{}"))[0], encoded(ToolResult("a:b", ()))[0]

    assert call["id"] == result["tool_use_id"]


def test_opaque_parts_are_for_their_own() -> None:
    """Kept to the byte, or dropped with a note."""
    own = {"type": "server_tool_use", "id": "s", "input": {}}

    assert (own, []) == encoded(Opaque(NAME, raw(own)))
    assert (None, ["p"]) == encoded(Opaque("openai-responses", raw(own)))


def test_refusals_are_text() -> None:
    """What the model said, said."""
    assert ({"type": "text", "text": "No."}, ["p"]) == encoded(Refusal("No."))


def test_signatures_in_call_ids_stay_behind() -> None:
    """They are Gemini's; the call and its result still agree."""
    call_id = signed("call_1", "sig")
    call, result = encoded(ToolCall(call_id, "f", "{}"))[0], encoded(ToolResult(call_id, ()))[0]

    assert ("call_1", "call_1") == (call["id"], result["tool_use_id"])
