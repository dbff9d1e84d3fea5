"""Tests of an answer that is one of several words."""

import pytest
from msgspec import Raw

from trunkline.canon.content import Message, Role, Text
from trunkline.canon.request import ChatRequest, OutputFormat
from trunkline.dialects.one_of import KIND, in_words, words_of

USER = Message(Role.USER, (Text("hi"),))
SYSTEM = Message(Role.SYSTEM, (Text("Be kind."),))


def asked(wanted: OutputFormat | None, *messages: Message) -> ChatRequest:
    return ChatRequest(model="m", messages=messages, origin="gemini", output_format=wanted)


def test_the_words_are_said() -> None:
    """Behind the system prompt, in their order; the format is gone, and a note tells."""
    wanted = OutputFormat(kind=KIND, schema=Raw(b'{"enum":["a b","c"]}'))
    request, notes = in_words(asked(wanted, SYSTEM, USER))

    assert [SYSTEM, USER] == [request.messages[0], request.messages[2]]
    assert Role.SYSTEM is request.messages[1].role
    (told,) = request.messages[1].parts
    assert isinstance(told, Text)
    assert told.text.endswith(":\na b\nc")
    assert (None, ["generationConfig.responseMimeType"]) == (
        request.output_format,
        [note.field for note in notes],
    )


def test_other_formats_stay() -> None:
    """So does a request without one."""
    for wanted in (None, OutputFormat(kind="json_schema", schema=Raw(b'{"enum":["a"]}'))):
        request = asked(wanted, USER)

        assert (request, ()) == in_words(request)


@pytest.mark.parametrize("schema", (b"{}", b"[]", b'{"enum":[1]}', b'{"enum":"a"}', b"{"))
def test_what_lists_no_words(schema: bytes) -> None:
    """Is no list to choose from."""
    assert [] == words_of(Raw(schema))
