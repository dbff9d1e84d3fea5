"""Tests of a client's content blocks, made canonical."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.structs import replace

from tests.dialects.anthropic_messages.kit import NAME, raw
from tests.strategies import texts
from trunkline.canon.content import (
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
    Remote,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.canon.errors import Malformed
from trunkline.dialects.anthropic_messages.decode_content import (
    cache_mark,
    decode_block,
    decode_content,
    decode_message,
)
from trunkline.dialects.anthropic_messages.signature import pack


def block(**fields: Any) -> Part:
    return decode_block(raw(fields), "messages.0.content.0")


def message(role: str, content: Any, **more: Any) -> tuple[Message, ...]:
    return decode_message(raw({"role": role, "content": content, **more}), "messages.0")


def test_text() -> None:
    """Text with its breakpoint, and citations as they were written."""
    citations = [{"type": "char_location"}]

    assert Text("hi") == block(type="text", text="hi")
    assert Text("hi", CacheMark("1h")) == block(
        type="text", text="hi", cache_control={"type": "ephemeral", "ttl": "1h"}
    )
    assert Text("hi", annotations=raw(citations), origin=NAME) == block(
        type="text", text="hi", citations=citations
    )


def test_string_content_is_one_text() -> None:
    """The two ways to write it are the same."""
    assert (Text("hi"),) == decode_content("hi", "system")


def test_unknown_fields_of_a_block_are_kept() -> None:
    """They are for the same dialect alone: a tool call's caller, a cache scope."""
    call = block(type="tool_use", id="t", name="f", input={}, caller={"type": "direct"})
    control = {"type": "ephemeral", "scope": "global"}
    text = block(type="text", text="hi", cache_control=control)

    assert ToolCall("t", "f", "{}", extra={"caller": raw({"type": "direct"})}) == call
    assert Text("hi", CacheMark(), extra={"cache_control": raw(control)}) == text


@pytest.mark.parametrize(
    "source, canonical",
    (
        (
            {"type": "base64", "media_type": "image/png", "data": "AA=="},
            Inline("image/png", "AA=="),
        ),
        ({"type": "url", "url": "https://e.com/a.png"}, Remote("https://e.com/a.png")),
        ({"type": "file", "file_id": "file_1"}, FileRef("file_1", NAME)),
    ),
)
def test_image_sources(source: dict[str, str], canonical: Any) -> None:
    """Bytes, address, or file."""
    assert Image(canonical) == block(type="image", source=source)


def test_an_image_of_a_new_kind_is_opaque() -> None:
    """A source nobody knows stays as it is."""
    fields = {"type": "image", "source": {"type": "dream", "url": "x"}}

    assert Opaque(NAME, raw(fields)) == block(**fields)


def test_documents() -> None:
    """Title, context and citations come along; plain text is text."""
    source = {"type": "text", "media_type": "text/plain", "data": "words"}

    assert Document(PlainText("words"), "T", "C", raw({"enabled": True}), CacheMark()) == block(
        type="document",
        source=source,
        title="T",
        context="C",
        citations={"enabled": True},
        cache_control={"type": "ephemeral"},
    )


@pytest.mark.parametrize(
    "content, text",
    (("all", "all"), ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "a\nb")),
)
def test_a_document_in_pieces_keeps_them_beside_its_text(content: Any, text: str) -> None:
    """Other dialects get the text, this one its own division of it."""
    source = {"type": "content", "content": content}

    assert Document(PlainText(text), extra={"source": raw(source)}) == block(
        type="document", source=source
    )


def test_thinking() -> None:
    """Own signatures stay, ours are opened, hidden thinking is told apart."""
    assert Reasoning("hm", "Eq==", NAME) == block(type="thinking", thinking="hm", signature="Eq==")
    assert Reasoning("hm", "", NAME) == block(type="thinking", thinking="hm")
    assert Reasoning("hm", "sig", "openai-chat") == block(
        type="thinking", thinking="hm", signature=pack("sig", "openai-chat")
    )
    assert Reasoning("", "data", NAME, redacted=True) == block(
        type="redacted_thinking", data="data"
    )
    assert Reasoning("", "enc", "gemini", redacted=True) == block(
        type="redacted_thinking", data=pack("enc", "gemini")
    )


def test_cache_control_on_thinking_is_ignored() -> None:
    """The API refuses it, so it goes no further."""
    assert Reasoning("hm", "Eq==", NAME) == block(
        type="thinking", thinking="hm", signature="Eq==", cache_control={"type": "ephemeral"}
    )


def test_arguments_keep_their_writing() -> None:
    """A call's input is the client's own JSON text."""
    written = Raw(b'{"type":"tool_use","id":"t","name":"f","input":{ "a" : 1 }}')

    assert ToolCall("t", "f", '{ "a" : 1 }') == decode_block(written, "x")


@pytest.mark.parametrize("given", (None, [], "x"))
def test_arguments_must_be_an_object(given: Any) -> None:
    """As the API says, too."""
    with pytest.raises(Malformed) as caught:
        block(type="tool_use", id="t", name="f", input=given)

    assert "messages.0.content.0.input" == caught.value.param


def test_tool_results() -> None:
    """A string, blocks of any kind, nothing, or a failure."""
    picture = {"type": "image", "source": {"type": "url", "url": "u"}}
    reference = {"type": "tool_reference", "tool_name": "f"}
    found = {
        "type": "search_result",
        "title": "t",
        "source": "https://a.example",
        "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}],
        "citations": {"enabled": True},
        "cache_control": {"type": "ephemeral"},
    }
    read = Document(
        PlainText("https://a.example\n\none\ntwo"),
        "t",
        cache=CacheMark(),
        native=raw(found),
    )

    assert ToolResult("t", (Text("ok"),)) == block(
        type="tool_result", tool_use_id="t", content="ok", is_error=False
    )
    assert ToolResult("t", (Image(Remote("u")), Opaque(NAME, raw(reference)), read), True) == block(
        type="tool_result", tool_use_id="t", content=[picture, reference, found], is_error=True
    )
    assert ToolResult("t", ()) == block(type="tool_result", tool_use_id="t", content="")
    assert ToolResult("t", ()) == block(type="tool_result", tool_use_id="t")


@pytest.mark.parametrize("kind", ("server_tool_use", "web_search_tool_result", "container_upload"))
def test_what_the_provider_runs_is_opaque(kind: str) -> None:
    """Blocks of the provider's own tools are kept to the byte."""
    fields = {"type": kind, "id": "x", "content": [1]}

    assert Opaque(NAME, raw(fields)) == block(**fields)


def test_results_come_first_in_a_message_of_their_own() -> None:
    """Wherever the client put them in its turn."""
    given = [
        {"type": "text", "text": "and now"},
        {"type": "tool_result", "tool_use_id": "t", "content": "ok"},
    ]

    assert (
        Message(Role.TOOL, (ToolResult("t", (Text("ok"),)),)),
        Message(Role.USER, (Text("and now"),)),
    ) == message("user", given)
    assert (Message(Role.TOOL, (ToolResult("t", (Text("ok"),)),)),) == message("user", given[1:])


def test_a_message_keeps_its_unknown_fields() -> None:
    """For the same dialect."""
    assert (Message(Role.USER, (Text("hi"),), extra={"x": Raw(b"1")}),) == message(
        "user", "hi", x=1
    )


def test_roles() -> None:
    """system stands where it stands; a stranger is refused."""
    assert Role.SYSTEM is message("system", "hi")[0].role
    with pytest.raises(Malformed) as caught:
        message("tool", "hi")

    assert "messages.0.role" == caught.value.param


@pytest.mark.parametrize(
    "content, param",
    (
        ([{"type": "text"}], "messages.0.content.0.text"),
        ([{"text": "x"}], "messages.0.content.0.type"),
        ([{"type": 3}], "messages.0.content.0.type"),
        (["x"], "messages.0.content.0"),
        ([{"type": "document", "source": {}}], "messages.0.content.0.source.type"),
        (
            [{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text"}]}],
            "messages.0.content.0.content.0.text",
        ),
        (
            [{"type": "search_result", "source": "s", "title": "t", "content": [5]}],
            "messages.0.content.0.content.0",
        ),
        (3, "messages.0.content"),
    ),
)
def test_what_is_wrong_is_located(content: Any, param: str) -> None:
    """Down to the field, through nested content."""
    with pytest.raises(Malformed) as caught:
        message("user", content)

    assert param == caught.value.param


def test_results_belong_to_users() -> None:
    """An assistant has none."""
    with pytest.raises(Malformed):
        message("assistant", [{"type": "tool_result", "tool_use_id": "t"}])


@pytest.mark.parametrize(
    "given, mark",
    (
        (None, None),
        ({"type": "ephemeral"}, CacheMark("5m")),
        ({"type": "ephemeral", "ttl": "5m"}, CacheMark("5m")),
        ({"ttl": "1h", "type": "ephemeral"}, CacheMark("1h")),
    ),
)
def test_cache_marks(given: Any, mark: CacheMark | None) -> None:
    """Both lifetimes, in any writing."""
    assert mark == cache_mark(raw(given), {})


marks = st.sampled_from(({}, {"cache_control": {"type": "ephemeral"}}, {"cache_control": None}))
texts_of = st.builds(lambda text, mark: {"type": "text", "text": text, **mark}, texts, marks)
results = st.builds(
    lambda content, more: {"type": "tool_result", "tool_use_id": "t", **content, **more},
    st.sampled_from(({}, {"content": ""}, {"content": None}))
    | st.builds(lambda content: {"content": content}, texts | st.lists(texts_of, max_size=2)),
    st.sampled_from(({}, {"is_error": True}, {"cache_control": {"type": "ephemeral"}})),
)
others = st.sampled_from(
    (
        {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}},
        {"type": "thinking", "thinking": "a", "signature": "s"},
        {"type": "thinking", "thinking": "a", "signature": pack("s", "gemini")},
        {"type": "redacted_thinking", "data": "d"},
    )
)


@given(st.sampled_from(("user", "assistant")), texts | st.lists(texts_of | results | others))
def test_the_usual_message_reads_as_any_other(role: str, content: Any) -> None:
    """A message with one more field is read block by block: but for that field, it is the same."""
    try:
        slow = message(role, content, seen=1)
    except Malformed as refused:
        with pytest.raises(Malformed, match=re.escape(refused.message)):
            message(role, content)
        return

    assert message(role, content) == tuple([replace(one, extra={}) for one in slow])


@pytest.mark.parametrize(
    "content",
    (
        [{"type": "image", "source": {"type": "url", "url": "https://a.example"}}],
        [{"type": "text", "text": "a", "new": 1}],
        [{"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}],
    ),
)
def test_one_unusual_block_is_no_harm(content: Any) -> None:
    """It is read the long way, with those beside it."""
    (alone,) = message("user", content)
    (beside,) = message("user", [{"type": "text", "text": "b"}, *content])

    assert (Text("b"), *alone.parts) == beside.parts


def test_a_block_needs_its_type_wherever_it_stands() -> None:
    """Within a result, too, where all blocks are usual."""
    content = [{"type": "tool_result", "tool_use_id": "t", "content": [{"text": "a"}]}]

    with pytest.raises(Malformed) as refused:
        message("user", content)

    assert "messages.0.content.0.content.0.type" == refused.value.param
