"""Tests of what only a request's own dialect understands, named for all others."""

from msgspec import Raw

from trunkline.canon.content import Message, Opaque, Role, Text, ToolCall, ToolResult
from trunkline.canon.foreign import foreign_fields
from trunkline.canon.note import Note

X = {"x": Raw(b"1")}


def test_every_extra_field_is_named() -> None:
    """Of the message, of its parts, and of the parts of results."""
    message = Message(
        Role.TOOL,
        (
            ToolResult("t", (Text("a"), Text("b", extra=X)), extra={"y": Raw(b"2")}),
            ToolCall("t", "f", "{}", extra=X),
        ),
        extra={"z": Raw(b"3")},
    )

    assert [
        Note("messages.4.z", "dropped"),
        Note("messages.4.content.0.content.1.x", "dropped"),
        Note("messages.4.content.0.y", "dropped"),
        Note("messages.4.content.1.x", "dropped"),
    ] == list(foreign_fields(4, message, "dropped"))


def test_opaque_parts_are_left_to_the_encoder() -> None:
    """It meets them anyway; and what has no extra says nothing."""
    message = Message(Role.USER, (Opaque("gemini", Raw(b"{}")), Text("a")))

    assert [] == list(foreign_fields(0, message, "dropped"))
