"""The notes of one translation, each thing said once."""

from trunkline.canon.note import Note


class Notes:
    __slots__ = ("_said",)

    def __init__(self) -> None:
        self._said: dict[Note, None] = {}

    def add(self, field: str, message: str) -> None:
        self._said[Note(field, message)] = None

    def all(self) -> tuple[Note, ...]:
        return tuple(self._said)
