"""
An upstream's stream to canonical events.

created, then items of which several may be open at once (added, parts, deltas, done), then one of
completed, incomplete and failed; no sentinel. Recorded traffic, seen 2026-11-21.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar

from msgspec import UNSET, Raw, UnsetType

from trunkline.canon.errors import Disconnected, Garbled, GatewayError
from trunkline.canon.event import (
    Burst,
    Ended,
    Event,
    Faulted,
    Finished,
    Logprobs,
    PartDelta,
    PartKind,
    Started,
    UsageReported,
)
from trunkline.canon.fold import unfold
from trunkline.dialects.openai_failures import decode_error
from trunkline.dialects.openai_responses.decode_answer import (
    CHAT,
    UNFINISHED,
    check_status,
    created,
    decode_answer,
    error_told,
    extra_fields,
    joined_logprobs,
    read_response,
    reason_of,
)
from trunkline.dialects.openai_responses.decode_item import (
    custom_names,
    known_item,
)
from trunkline.dialects.openai_responses.decoder_event import UNREADABLE, read_event, tells_error
from trunkline.dialects.openai_responses.decoder_item import OpenItem
from trunkline.dialects.openai_responses.decoder_output import OpenItems
from trunkline.dialects.openai_responses.decoder_quick import (
    DELTA,
    DELTAS,
    NO_HEAD,
    delta_head,
    name_in,
    read_run,
)
from trunkline.dialects.openai_responses.finish import finish_reason, native_of
from trunkline.dialects.openai_responses.upstream_wire import (
    FOREIGN_SENTINEL,
    TERMINAL,
    EventIn,
    ItemIn,
)
from trunkline.dialects.openai_responses.usage import read_raw_usage
from trunkline.dialects.openai_responses.wire import NAME
from trunkline.dialects.raws import NOT_JSON, RAW_MAP
from trunkline.wire.sse import Splitter, frames

_KINDS: Mapping[str, PartKind] = {name.decode(): kind for name, kind in DELTAS.items()}


class StreamDecoder:
    """
    One per answer. A fault ends it: whatever is wrong with an event becomes Faulted behind the
    events before it, so that no chunking loses one of them.
    """

    __slots__ = (
        "_closed",
        "_extra",
        "_head",
        "_items",
        "_name",
        "_out",
        "_splitter",
        "_started",
    )

    def __init__(self) -> None:
        self._splitter = Splitter()
        self._items = OpenItems()
        self._extra: Mapping[str, Raw] = {}
        self._out: list[Event] = []
        self._started = self._closed = False
        self._head = NO_HEAD
        """How the last delta began, up to its data; and its name."""
        self._name = ""

    def feed(self, data: bytes) -> Burst:
        if self._closed:
            return ()
        whole = self._splitter.feed(data)
        out: list[Event] = []
        self._out = out
        if not whole:
            return out
        if self._started and self._quick(whole):
            return out
        for block in [whole] if b"\r" in whole else whole.split(b"\n\n"):
            if self._started and self._quick(block):
                continue
            for name, payload in frames(block):
                if not self._read(name, payload):
                    return out
        return out

    def finish(self) -> Burst:
        if self._closed:
            return ()
        out: list[Event] = []
        self._out = out
        rest = self._splitter.rest()
        if not self._started and rest.lstrip()[:1] in (b"{", b"["):
            return self._read_whole(rest)
        for name, payload in frames(rest) if rest.strip() else ():
            # Half an event is the sign of a cut.
            if _is_json(payload) and not self._read(name, payload):
                return out
        raise Disconnected(UNFINISHED)

    def _quick(self, block: bytes) -> bool:
        """More of parts that items have open: nearly every event is."""
        if not block.startswith(self._head):
            head = delta_head(block)
            if not head:
                return False
            self._head, self._name = head, name_in(head)
        run = read_run(block, self._head, DELTA)
        if run is None:
            return False
        name, items, out = self._name, self._items.open, self._out
        for delta in run:
            item = items.get(delta.output_index)
            if item is None or item.part < 0 or not (item.accepts == name == delta.type):
                return False
            if item.at != delta.content_index + delta.summary_index:
                return False
        for delta in run:
            item, text = items[delta.output_index], delta.delta
            if text:
                item.length += len(text)
                out.append(PartDelta(item.part, text))
            if delta.logprobs:
                self._weigh(delta.logprobs)
        return True

    def _read(self, name: bytes, payload: bytes) -> bool:
        """False when the answer is over."""
        if payload == FOREIGN_SENTINEL or not payload.strip():
            return True
        try:
            event = read_event(payload)
            if name == b"error" or tells_error(event):
                raise decode_error(200, (), payload)
            self._take(event)
        except NOT_JSON as error:
            self._fault(Garbled(UNREADABLE, detail=str(error)))
        except GatewayError as error:
            self._fault(error)
        return not self._closed

    def _take(self, event: EventIn) -> None:
        if not self._started:
            self._start(event)
        handler = self._HANDLERS.get(event.type)
        if handler is not None:
            handler(self, event)

    def _start(self, event: EventIn) -> None:
        if not event.type.startswith("response."):
            raise Garbled(CHAT if event.object.startswith("chat.") else UNREADABLE)
        fields = _fields(event.response)
        response = read_response(fields)
        self._items.customs = custom_names(fields.get("tools"))
        self._extra = extra_fields(fields)
        self._started = True
        self._out.append(
            Started(response.id or "", response.model or "", created(response), self._extra, NAME)
        )

    # --- items

    def _added(self, event: EventIn) -> None:
        if event.item is not UNSET:
            item = known_item(event.item)
            self._items.add(self._items.place(event, item.id), item, event.item, self._out)

    def _delta(self, event: EventIn) -> None:
        opened, kind = self._items.of(event), _KINDS[event.type]
        if opened is None and kind in (PartKind.TEXT, PartKind.REFUSAL):
            # Never announced: better to be heard than to be in form.
            opened = self._unannounced(event)
        if opened is None or not event.delta:
            return
        at = event.content_index + event.summary_index
        opened.more(kind, event.type, at, event.delta, self._out)
        if event.logprobs:
            self._weigh(event.logprobs)

    def _unannounced(self, event: EventIn) -> OpenItem | None:
        item = ItemIn(type="message", id=event.item_id)
        place = self._items.place(event, event.item_id)
        return self._items.add(place, item, Raw(b"{}"), self._out)

    def _filled(self, event: EventIn) -> None:
        opened = self._items.of(event)
        if opened is None:
            return
        told = (event.text, event.refusal, event.arguments, event.input)
        text = next((words for words in told if words is not None), "")
        name = event.type.removesuffix("done") + "delta"
        at = event.content_index + event.summary_index
        opened.fill(_KINDS[name], name, at, text, self._out)

    def _annotated(self, event: EventIn) -> None:
        opened = self._items.of(event)
        if opened is not None and event.annotation is not UNSET:
            opened.annotate(event.content_index, event.annotation, self._out)

    def _part_done(self, event: EventIn) -> None:
        opened = self._items.of(event)
        if opened is not None and event.part is not None:
            opened.complete(event.content_index, event.part, self._out)

    def _item_done(self, event: EventIn) -> None:
        if event.item is not UNSET:
            item = known_item(event.item)
            place = self._items.place(event, item.id or event.item_id)
            self._items.end(place, item, event.item, self._out)

    # --- the end

    def _terminal(self, event: EventIn) -> None:
        fields = _fields(event.response)
        error_told(fields)
        response = read_response(fields)
        status = event.type.removeprefix("response.")
        check_status(status)
        self._items.end_all(response.output or (), self._out)
        usage = read_raw_usage(fields.get("usage"), fields.get("service_tier"))
        if usage is not None:
            self._out.append(UsageReported(usage))
        native = native_of(status, reason_of(response))
        reason = finish_reason(native, called=self._items.called)
        news = {k: v for k, v in extra_fields(fields).items() if self._extra.get(k) != v}
        self._out += (Finished(reason, 0, native, origin=NAME), Ended(news))
        self._closed = True

    def _weigh(self, logprobs: list[Raw]) -> None:
        raw = joined_logprobs(logprobs)
        if raw is not None:
            self._out.append(Logprobs(0, raw))

    def _fault(self, error: GatewayError) -> None:
        self._out.append(Faulted(error))
        self._closed = True

    def _read_whole(self, body: bytes) -> Burst:
        """A provider that does not stream answers with the whole, or with an error."""
        self._closed = True
        try:
            return unfold(decode_answer(body))
        except GatewayError as error:
            return (Faulted(error),)

    # Of the class: methods bound to a decoder would hold what holds them, for the collector to part.
    _HANDLERS: ClassVar[Mapping[str, Callable[["StreamDecoder", EventIn], None]]] = {
        "response.output_item.added": _added,
        "response.output_item.done": _item_done,
        "response.content_part.done": _part_done,
        "response.output_text.annotation.added": _annotated,
        **dict.fromkeys(_KINDS, _delta),
        **dict.fromkeys([name.removesuffix("delta") + "done" for name in _KINDS], _filled),
        **dict.fromkeys(TERMINAL, _terminal),
    }


def _fields(response: Raw | UnsetType) -> Mapping[str, Raw]:
    return {} if response is UNSET else RAW_MAP.decode(response)


def _is_json(payload: bytes) -> bool:
    try:
        RAW_MAP.decode(payload)
    except NOT_JSON:
        return False
    return True
