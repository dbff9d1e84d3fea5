"""
What an answer had said when it was broken off, told from the events of its stream.

Shapes are those of OpenAI's API reference, Responses, Streaming events (seen 2026-11-21).
"""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import MsgspecError, Raw, Struct, json

from trunkline.wire.sse import frames

# Of other items that are not done nothing is kept: nobody can carry out half a call, and a
# conversation that goes on from here would hold one that has no answer.
_KEPT: Final = frozenset({"message", "reasoning"})


class _Grown(Struct, frozen=True):
    """Where the text of a delta belongs."""

    list_name: str
    field: str
    kind: str
    """Of a part that was not announced."""


_GROWN: Final[Mapping[str, _Grown]] = {
    "response.output_text.delta": _Grown("content", "text", "output_text"),
    "response.refusal.delta": _Grown("content", "refusal", "refusal"),
    "response.reasoning_text.delta": _Grown("content", "text", "reasoning_text"),
    "response.reasoning_summary_text.delta": _Grown("summary", "text", "summary_text"),
}
_PARTS: Final[Mapping[str, str]] = {
    "response.content_part.added": "content",
    "response.content_part.done": "content",
    "response.reasoning_summary_part.added": "summary",
    "response.reasoning_summary_part.done": "summary",
}
_ANNOTATED: Final = "response.output_text.annotation.added"


class _Event(Struct):
    type: str = ""
    output_index: int = 0
    content_index: int = 0
    summary_index: int = 0
    item: dict[str, Raw] = {}
    part: dict[str, Raw] = {}
    delta: Raw = Raw(b'""')
    annotation: Raw = Raw(b"null")


class _Named(Struct):
    type: str = ""


_EVENT: Final = json.Decoder(_Event)
_TEXT: Final = json.Decoder(str)
_NAMED: Final = json.Decoder(_Named)


class _Part:
    """As it was announced, and what came since."""

    __slots__ = ("announced", "field", "notes", "pieces")

    def __init__(self, announced: Mapping[str, object]) -> None:
        self.announced = announced
        self.field = ""
        self.pieces: list[str] = []
        self.notes: list[Raw] = []

    def written(self) -> Mapping[str, object]:
        grown = {self.field: "".join(self.pieces)} if self.pieces else {}
        notes = {"annotations": self.notes} if self.notes else {}
        return {**self.announced, **grown, **notes}


class _Item:
    """One that is not done."""

    __slots__ = ("announced", "parts")

    def __init__(self, announced: Mapping[str, Raw]) -> None:
        self.announced = announced
        self.parts: dict[str, dict[int, _Part]] = {"content": {}, "summary": {}}

    def part(self, grown: _Grown, index: int) -> _Part:
        part = self.parts[grown.list_name].setdefault(index, _Part({"type": grown.kind}))
        part.field = grown.field
        return part

    def written(self) -> Raw:
        said = {
            name: [part.written() for _, part in sorted(parts.items())]
            for name, parts in self.parts.items()
            if parts
        }
        status = {"status": "incomplete"} if "status" in self.announced else {}
        return Raw(json.encode({**self.announced, **said, **status}))


def said_so_far(events: bytes) -> Sequence[Raw]:
    """
    The output items of a stream that ends in the midst: those that are done, and the words of others.

    An event that is not readable is left out.
    """
    begun: dict[int, _Item] = {}
    done: dict[int, Raw] = {}
    for _, data in frames(events):
        try:
            _take(_EVENT.decode(data), begun, done)
        except (MsgspecError, UnicodeDecodeError):
            continue
    halves = {place: item.written() for place, item in begun.items() if _is_kept(item)}
    return [item for _, item in sorted({**halves, **done}.items())]


def _take(event: _Event, begun: dict[int, _Item], done: dict[int, Raw]) -> None:
    """Raises MsgspecError."""
    place, kind = event.output_index, event.type
    if kind == "response.output_item.added":
        begun[place] = _Item(event.item)
    elif kind == "response.output_item.done":
        done[place] = Raw(json.encode(event.item))
    elif place in begun:
        _grow(begun[place], event)


def _grow(item: _Item, event: _Event) -> None:
    if grown := _GROWN.get(event.type):
        index = event.summary_index if grown.list_name == "summary" else event.content_index
        item.part(grown, index).pieces.append(_TEXT.decode(event.delta))
    elif list_name := _PARTS.get(event.type):
        index = event.summary_index if list_name == "summary" else event.content_index
        item.parts[list_name][index] = _Part(event.part)
    elif event.type == _ANNOTATED:
        text = _GROWN["response.output_text.delta"]
        item.part(text, event.content_index).notes.append(event.annotation)


def _is_kept(item: _Item) -> bool:
    return _NAMED.decode(json.encode(item.announced)).type in _KEPT
