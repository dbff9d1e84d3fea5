"""The events of a stream as bytes, numbered from 0 without a gap."""

from typing import Final

from msgspec import json

_encode = json.Encoder().encode

_EVENT: Final = b'event: %b\ndata: {"type":"%b",%b,"sequence_number":%d}\n\n'
DELTA_END: Final = b"%b%b%b%d}\n\n"
"""Before, text and after of a delta, and its number."""
_BEFORE: Final = b'event: %b\ndata: {"type":"%b",%b"delta":'
_AFTER: Final = b',"item_id":%b%b,"output_index":%d,"sequence_number":'
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

    def delta(self, before: bytes, text: str, after: bytes) -> None:
        self.out.append(DELTA_END % (before, _encode(text), after, self.count))
        self.count += 1


class Place:
    """Where an event belongs: an item, and a content or summary within it."""

    __slots__ = ("at", "item", "output")

    def __init__(self, item: bytes, output: int, at: bytes = b"") -> None:
        self.item = item
        """The item's id, as JSON."""
        self.output = output
        self.at = at
        """The field that tells the place within the item, with a comma behind it."""

    def around_delta(self, name: bytes, logprobs: bytes = b"") -> tuple[bytes, bytes]:
        """The bytes before and behind the text of each delta."""
        before = _BEFORE % (name, name, self.at)
        return before, _AFTER % (self.item, logprobs, self.output)

    def fields(self, more: bytes) -> bytes:
        return b'%b"item_id":%b,%b,"output_index":%d' % (self.at, self.item, more, self.output)
