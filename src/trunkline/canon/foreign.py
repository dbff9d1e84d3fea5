"""What a request carries inside its messages that only the dialect it arrived in understands."""

from collections.abc import Iterator

from trunkline.canon.content import Message, Opaque, Part, ToolResult
from trunkline.canon.note import Note


def foreign_fields(index: int, message: Message, why: str) -> Iterator[Note]:
    """
    A note for every extra field of a message and its parts, for an encoder of another dialect.

    `index` is the message's place, `why` the note's clause. Opaque parts are left to the
    encoder, which meets them anyway.
    """
    for field in message.extra:
        yield Note(f"messages.{index}.{field}", why)
    yield from _parts(f"messages.{index}.content", message.parts, why)


def _parts(path: str, parts: tuple[Part, ...], why: str) -> Iterator[Note]:
    for position, part in enumerate(parts):
        if isinstance(part, ToolResult):
            yield from _parts(f"{path}.{position}.content", part.parts, why)
        if not isinstance(part, Opaque):
            for field in getattr(part, "extra", ()):
                yield Note(f"{path}.{position}.{field}", why)
