"""An item of a stream that is not whole yet, and the parts it has given so far."""

from collections.abc import Mapping, Sequence

from msgspec import Raw

from trunkline.canon.content import Reasoning
from trunkline.canon.event import (
    Annotated,
    Event,
    PartClosed,
    PartDelta,
    PartKind,
    PartOpened,
    Signed,
)
from trunkline.dialects.openai_responses.decode_item import (
    CALLS,
    extra_of,
    given,
    id_of,
    name_of,
    texts_of,
)
from trunkline.dialects.openai_responses.reasoning import BETWEEN, part_of, signature_of
from trunkline.dialects.openai_responses.upstream_wire import ItemIn, TextIn
from trunkline.dialects.openai_responses.wire import NAME


class Parts:
    """Counts the parts of an answer, as they open."""

    __slots__ = ("called", "count")

    def __init__(self) -> None:
        self.count = 0
        self.called = False

    def next(self) -> int:
        self.count += 1
        return self.count - 1


class OpenItem:
    """
    A part opens with its first content, so that none is empty; a call opens at once.

    A message may have several parts, one after the other; any other item has one.
    """

    __slots__ = (
        "_annotations",
        "_closed",
        "_parts",
        "accepts",
        "at",
        "extra",
        "item",
        "length",
        "part",
    )

    def __init__(self, item: ItemIn, extra: Mapping[str, Raw], parts: Parts) -> None:
        self.item = item
        self.extra = _name_alone(extra) if item.type == "reasoning" else extra
        self._parts = parts
        self.part = -1
        """The open part; -1 for none."""
        self.accepts = ""
        """The type of the events that continue it."""
        self.at = 0
        """Its place within the item."""
        self.length = 0
        """Characters written to this place so far."""
        self._annotations = 0
        self._closed: set[int] = set()

    # --- what comes in pieces

    def more(self, kind: PartKind, event: str, at: int, text: str, out: list[Event]) -> None:
        """A delta, of any form; what does not belong into this item is left out."""
        if text and self._turn_to(kind, event, at, out):
            self.length += len(text)
            out.append(PartDelta(self.part, text))

    def fill(self, kind: PartKind, event: str, at: int, text: str, out: list[Event]) -> None:
        """A part's whole text: what of it had not come in pieces."""
        written = self.length if self.accepts == event and self.at == at else 0
        if at not in self._closed and len(text) > written:
            self.more(kind, event, at, text[written:], out)

    def annotate(self, at: int, raw: Raw, out: list[Event]) -> None:
        if self._turn_to(PartKind.TEXT, "response.output_text.delta", at, out):
            self._annotations += 1
            out.append(Annotated(self.part, raw, NAME))

    def complete(self, at: int, told: TextIn, out: list[Event]) -> None:
        """A message's part is whole, and said again."""
        if self.item.type != "message" or at in self._closed:
            return
        if told.refusal is not None:
            self.fill(PartKind.REFUSAL, "response.refusal.delta", at, told.refusal, out)
        else:
            self.fill(PartKind.TEXT, "response.output_text.delta", at, told.text or "", out)
            known = self._annotations if self.at == at else 0
            for raw in (told.annotations or ())[known:]:
                self.annotate(at, raw, out)
        if self.at == at:
            self.close(out)
        self._closed.add(at)

    # --- its end

    def open_call(self, out: list[Event]) -> None:
        """As soon as it is known whom it calls, by which id."""
        item, call_id = self.item, id_of(self.item)
        if self.part >= 0 or not (call_id and item.name):
            return
        self.part = self._parts.next()
        self._parts.called = True
        self.accepts = (
            "response.custom_tool_call_input.delta"
            if item.type == "custom_tool_call"
            else "response.function_call_arguments.delta"
        )
        out.append(
            PartOpened(
                self.part,
                PartKind.TOOL_CALL,
                0,
                call_id,
                name_of(item),
                CALLS[item.type],
                extra=self.extra,
            )
        )

    def end_message(self, item: ItemIn, out: list[Event]) -> None:
        for at, told in enumerate(item.content or ()):
            self.complete(at, told, out)
        self.close(out)

    def end_reasoning(self, item: ItemIn, out: list[Event]) -> None:
        item_id, sealed = item.id or self.item.id or "", item.encrypted_content or ""
        summary, content = texts_of(item.summary), texts_of(item.content)
        if self.part < 0:
            whole = part_of(item_id, sealed, summary, content)
            if whole is not None:
                self._say_thought(whole, out)
            return
        spoken = self.accepts == "response.reasoning_text.delta"
        texts = content if spoken else summary
        self.close(out, signature_of(item_id, sealed, texts, spoken=spoken))

    def end_call(self, item: ItemIn, raw: Raw, out: list[Event]) -> None:
        """Even one that never said whom it calls: the client shall see that it failed."""
        if self.part < 0:
            self.item, self.extra = item, extra_of(raw)
            if not id_of(item):
                self.item.call_id = f"call_{self._parts.count}"
            self.item.name = item.name or "unknown"
            self.open_call(out)
        self.fill(PartKind.TOOL_CALL, self.accepts, 0, given(item), out)
        self.close(out)

    def end_opaque(self, raw: Raw, out: list[Event]) -> None:
        part = self._parts.next()
        out.append(PartOpened(part, PartKind.OPAQUE, raw=raw, origin=NAME))
        out.append(PartClosed(part))

    def close(self, out: list[Event], signature: str = "") -> None:
        """The open part, if there is one."""
        if self.part < 0:
            return
        if signature:
            out.append(Signed(self.part, signature, NAME))
        out.append(PartClosed(self.part))
        self.part = -1
        self._annotations = self.length = 0

    # --- within

    def _turn_to(self, kind: PartKind, event: str, at: int, out: list[Event]) -> bool:
        """Make the part at this place the open one; False where the item cannot have it."""
        if self.part >= 0 and self.accepts == event and self.at == at:
            return True
        if at in self._closed or kind not in _HOLDS.get(self.item.type, ()):
            return False
        if self.item.type == "reasoning":
            return self._next_thought(event, at, out)
        if kind is PartKind.TOOL_CALL:
            return False  # a call has one place, open since it was named
        self.close(out)
        self._open(kind, event, at, out)
        return True

    def _next_thought(self, event: str, at: int, out: list[Event]) -> bool:
        """One part for all its texts; of a summary and the reasoning itself, the first to speak."""
        if self.part < 0:
            self._open(PartKind.REASONING, event, at, out)
            return True
        if self.accepts != event:
            return False
        out.append(PartDelta(self.part, BETWEEN))
        self.at, self.length = at, 0
        return True

    def _open(self, kind: PartKind, event: str, at: int, out: list[Event]) -> None:
        self.part = self._parts.next()
        self.accepts, self.at = event, at
        out.append(PartOpened(self.part, kind, extra=self.extra))

    def _say_thought(self, whole: Reasoning, out: list[Event]) -> None:
        self.part = self._parts.next()
        kind = PartKind.REASONING
        out.append(PartOpened(self.part, kind, redacted=whole.redacted, extra=self.extra))
        if whole.text:
            out.append(PartDelta(self.part, whole.text))
        self.close(out, whole.signature)


def _name_alone(extra: Mapping[str, Raw]) -> Mapping[str, Raw]:
    """All else of a reasoning item is in its text or its signature."""
    return {"id": extra["id"]} if "id" in extra else {}


_HOLDS: Mapping[str, Sequence[PartKind]] = {
    "message": (PartKind.TEXT, PartKind.REFUSAL),
    "reasoning": (PartKind.REASONING,),
    **dict.fromkeys(CALLS, (PartKind.TOOL_CALL,)),
}
