"""The events of a stream as bytes, numbered from 0 without a gap."""

from collections.abc import Sequence
from typing import Final

from trunkline.wire.run import write_numbered

_EVENT: Final = b'event: %b\ndata: {"type":"%b",%b,"sequence_number":%d}\n\n'
_BEFORE: Final = b'event: %b\ndata: {"type":"%b",%b"delta":"'
_AFTER: Final = b'","item_id":%b%b,"output_index":%d,"sequence_number":'
_NUMBER: Final = b"%d}\n\n"
NO_LOGPROBS: Final = b',"logprobs":[]'


class Events:
    """One per answer: what was said, until somebody takes it."""

    __slots__ = ("count", "out")

    def __init__(self) -> None:
        self.count = 0
        self.out: list[bytes] = []

    def say(self, name: bytes, fields: bytes) -> None:
        """`fields`: those of the event but for type and number, without the braces."""
        self.out.append(_EVENT % (name, name, fields, self.count))
        self.count += 1

    def deltas(self, template: bytes, texts: Sequence[str]) -> None:
        """`template`: of each, with %b for its text and %d for its number (Place.delta)."""
        self.out.append(write_numbered(template, texts, self.count))
        self.count += len(texts)


class Place:
    """Where an event belongs: an item, and a content or summary within it."""

    __slots__ = ("at", "item", "output")

    def __init__(self, item: bytes, output: int, at: bytes = b"") -> None:
        self.item = item
        """The item's id, as JSON."""
        self.output = output
        self.at = at
        """The field that tells the place within the item, with a comma behind it."""

    def delta(self, name: bytes, logprobs: bytes = b"") -> tuple[bytes, bytes]:
        """What stands before the text of each delta, and the template of all of it."""
        before = _BEFORE % (name, name, self.at)
        after = _AFTER % (self.item, logprobs, self.output)
        return before, _percent(before) + b"%b" + _percent(after) + _NUMBER

    def fields(self, more: bytes) -> bytes:
        return b'%b"item_id":%b,%b,"output_index":%d' % (self.at, self.item, more, self.output)


def _percent(text: bytes) -> bytes:
    """As a template has it: an upstream's item may have any id."""
    return text.replace(b"%", b"%%")
