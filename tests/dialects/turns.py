"""Messages of a conversation, said shortly: a string stands for a text."""

from collections.abc import Iterable

from trunkline.canon.content import Message, Part, Role, Text


def user(*parts: Part | str) -> Message:
    return Message(Role.USER, as_parts(parts))


def assistant(*parts: Part | str) -> Message:
    return Message(Role.ASSISTANT, as_parts(parts))


def system(*parts: Part | str) -> Message:
    return Message(Role.SYSTEM, as_parts(parts))


def as_parts(parts: Iterable[Part | str]) -> tuple[Part, ...]:
    return tuple(Text(part) if isinstance(part, str) else part for part in parts)
