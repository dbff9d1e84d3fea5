"""Parts of content off the wire."""

import pytest
from msgspec import Raw

from tests.dialects.openai_responses.kit import items
from trunkline.canon.content import (
    Audio,
    Document,
    FileRef,
    Image,
    Inline,
    Opaque,
    Refusal,
    Remote,
    Text,
)

OWN = "openai-responses"
CASES = (
    ({"type": "input_text", "text": "a"}, Text("a")),
    ({"type": "output_text", "text": "a", "annotations": [], "logprobs": []}, Text("a")),
    (
        {"type": "output_text", "text": "a", "annotations": [{"x": 1}]},
        Text("a", annotations=Raw(b'[{"x":1}]'), origin=OWN),
    ),
    ({"type": "refusal", "refusal": "no"}, Refusal("no")),
    (
        {"type": "input_image", "image_url": "https://e.com/a.png", "detail": "low"},
        Image(Remote("https://e.com/a.png"), "low"),
    ),
    (
        {"type": "input_image", "image_url": "data:image/png;base64,AA=="},
        Image(Inline("image/png", "AA==")),
    ),
    (
        {"type": "input_image", "image_url": "data:image/jpeg;base64,R0lGODlhAQ=="},
        Image(Inline("image/gif", "R0lGODlhAQ==")),
    ),
    ({"type": "input_image", "file_id": "file_1"}, Image(FileRef("file_1", OWN))),
    (
        {
            "type": "input_file",
            "filename": "a.pdf",
            "file_data": "data:application/pdf;base64,AA==",
        },
        Document(Inline("application/pdf", "AA=="), "a.pdf"),
    ),
    (
        {"type": "input_file", "filename": "a.txt", "file_data": "AA=="},
        Document(Inline("text/plain", "AA=="), "a.txt"),
    ),
    ({"type": "input_file", "file_data": "AA=="}, Document(Inline("application/pdf", "AA=="))),
    ({"type": "input_file", "file_url": "https://e.com/a"}, Document(Remote("https://e.com/a"))),
    ({"type": "input_file", "file_id": "file_1"}, Document(FileRef("file_1", OWN))),
    (
        {"type": "input_audio", "input_audio": {"data": "AA==", "format": "mp3"}},
        Audio("AA==", "mp3"),
    ),
    ({"type": "new"}, Opaque(OWN, Raw(b'{"type":"new"}'))),
)


@pytest.mark.parametrize(("part", "expected"), CASES)
def test_parts(part, expected):
    """In messages and in what tools gave alike."""
    (message,) = items({"role": "user", "content": [part]}).messages
    given = {"type": "function_call_output", "call_id": "c", "output": [part]}
    (outputs,) = items(given).messages
    assert (expected,) == message.parts
    assert (expected,) == outputs.parts[0].parts


def test_nothing():
    """An empty string is no part; a field that is absent or null neither."""
    for content in ("", None, []):
        (message,) = items({"role": "user", "content": content}).messages
        assert () == message.parts
