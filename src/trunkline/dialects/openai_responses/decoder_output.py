"""The items of a stream: which are open, where each stands, which are done."""

from collections.abc import Container, Sequence

from msgspec import Raw

from trunkline.canon.event import Event
from trunkline.dialects.openai_responses.decode_item import extra_of, is_call, known_item
from trunkline.dialects.openai_responses.decoder_item import OpenItem, Parts
from trunkline.dialects.openai_responses.upstream_wire import EventIn, ItemIn


class OpenItems:
    """
    Items are known by their output_index: behind GitHub's and others' gateways an item's id is
    another in each event (recorded 2026-08).
    """

    __slots__ = ("_done", "_ids", "_parts", "customs", "open")

    def __init__(self) -> None:
        self.open: dict[int, OpenItem] = {}
        self._done: set[int] = set()
        self._ids: dict[str, int] = {}
        """Where an item stands, for events that tell its id alone."""
        self._parts = Parts()
        self.customs: Container[str] | None = None
        """The client's custom tools, where they are known."""

    @property
    def called(self) -> bool:
        return self._parts.called

    def place(self, event: EventIn, item_id: str | None) -> int:
        if event.output_index is not None:
            return event.output_index
        known = self._ids.get(item_id or "")
        return len(self._ids) + len(self.open) if known is None else known

    def of(self, event: EventIn) -> OpenItem | None:
        return self.open.get(self.place(event, event.item_id))

    def add(self, place: int, item: ItemIn, raw: Raw, out: list[Event]) -> OpenItem | None:
        """None where there is one already, or was."""
        if place in self.open or place in self._done:
            return None
        return self._add(place, item, raw, out)

    def _add(self, place: int, item: ItemIn, raw: Raw, out: list[Event]) -> OpenItem:
        added = OpenItem(item, extra_of(raw), self._parts)
        self.open[place] = added
        if item.id:
            self._ids[item.id] = place
        if is_call(item, self.customs):
            added.open_call(out)
        return added

    def end(self, place: int, item: ItemIn, raw: Raw, out: list[Event]) -> None:
        if place in self._done:
            return
        ended = self.open.get(place)
        if ended is None or ended.item.type != item.type:
            if ended is not None:
                ended.close(out)
            ended = self._add(place, item, raw, out)
        del self.open[place]
        self._done.add(place)
        if item.type == "message":
            ended.end_message(item, out)
        elif item.type == "reasoning":
            ended.end_reasoning(item, out)
        elif ended.part >= 0 or is_call(item, self.customs):
            ended.end_call(item, raw, out)
        else:
            ended.end_opaque(raw, out)

    def end_all(self, output: Sequence[Raw], out: list[Event]) -> None:
        """
        As the last event tells them: of a stream without items there are no others, of any other
        what it left open.
        """
        silent = not (self.open or self._done)
        for place, raw in enumerate(output):
            if silent or place in self.open:
                self.end(place, known_item(raw), raw, out)
        for place in sorted(self.open):
            self.open.pop(place).close(out)
