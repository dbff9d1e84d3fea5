"""The output of a stream: items announced, filled and done, in order, one after the other."""

from collections.abc import Mapping

from msgspec import Raw

from trunkline.dialects.openai_responses.encode_items import MESSAGE, CallHead, ItemWriter
from trunkline.dialects.openai_responses.encoder_events import Events

COMPLETED = b"completed"


class Item:
    """An item that is not done yet."""

    __slots__ = ("call", "contents", "extra", "given", "given_id", "id", "kind", "place", "thought")

    def __init__(self, kind: str, item_id: str, place: int) -> None:
        self.kind = kind
        self.id = item_id
        self.place = place
        """Its output_index."""
        self.extra: Mapping[str, Raw] = {}
        self.given_id = ""
        """The upstream's own id, where that speaks this API."""
        self.contents: list[bytes] = []
        """Of a message: those that are done."""
        self.call: CallHead | None = None
        self.given = ""
        """Of a call: its arguments or input."""
        self.thought = b""
        """Of reasoning: all of it, written."""

    def written(self, items: ItemWriter, status: bytes) -> bytes:
        if self.call is not None:
            return items.call(self.call, status.decode(), self.given)
        if self.kind == MESSAGE:
            return items.message(self.id, status, self.contents, self.extra)
        return self.thought


class Output:
    """One per answer."""

    __slots__ = ("_done", "_events", "_last", "_whole", "items")

    def __init__(self, events: Events, items: ItemWriter) -> None:
        self._events = events
        self.items = items
        self._last = -1
        """The place of the item announced last."""
        self._whole: Item | None = None
        """It has all it will have; whether it was cut short shows when the answer goes on, or not."""
        self._done: dict[int, bytes] = {}

    def announce(self, kind: str, extra: Mapping[str, Raw]) -> Item:
        """A new item, behind all others; `add` says so to the client."""
        self.put_away(COMPLETED)
        self._last += 1
        item = Item(kind, self.items.id_of(kind, self._last, extra), self._last)
        item.extra, item.given_id = extra, self.items.given_id(extra)
        return item

    def add(self, item: Item, written: bytes) -> None:
        told = b'"item":%b,"output_index":%d' % (written, item.place)
        self._events.say(b"response.output_item.added", told)

    def insert(self, raw: bytes) -> None:
        """A whole item, as the upstream wrote it."""
        item = self.announce("", {})
        self.add(item, raw)
        self._finish(item, raw)

    def message(self, extra: Mapping[str, Raw]) -> Item:
        """The last item, if it is a message that may go on; else a new one."""
        whole = self._whole
        goes_on = whole is not None and whole.kind == MESSAGE and whole.place == self._last
        given_id = self.items.given_id(extra)
        if whole is not None and goes_on and given_id in ("", whole.given_id):
            self._whole = None
            return whole
        item = self.announce(MESSAGE, extra)
        self.add(item, item.written(self.items, b"in_progress"))
        return item

    def fill(self, item: Item) -> None:
        """It has all it will have, unless it is a message."""
        self.put_away(COMPLETED)
        self._whole = item

    def put_away(self, status: bytes) -> None:
        """The item that is whole is done, if there is one."""
        item, self._whole = self._whole, None
        if item is not None:
            self._finish(item, item.written(self.items, status))

    def written(self) -> bytes:
        """The items that are done, joined by commas."""
        return b",".join(item for _, item in sorted(self._done.items()))

    def _finish(self, item: Item, written: bytes) -> None:
        told = b'"item":%b,"output_index":%d' % (written, item.place)
        self._events.say(b"response.output_item.done", told)
        self._done[item.place] = written
