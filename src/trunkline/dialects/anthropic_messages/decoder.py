"""
The stream of an upstream, made canonical events.

message_start, then blocks that never overlap (start, deltas, stop), message_delta, message_stop;
pings anywhere. Recorded traffic, seen 2026-11-21.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar

from msgspec import Raw

from trunkline.canon.errors import Disconnected, Garbled
from trunkline.canon.event import (
    Burst,
    Ended,
    Event,
    Faulted,
    Finished,
    PartDelta,
    PartKind,
    Started,
    UsageReported,
)
from trunkline.dialects.anthropic_messages import wire
from trunkline.dialects.anthropic_messages.decode_answer import garbled
from trunkline.dialects.anthropic_messages.errors import decode_inline
from trunkline.dialects.anthropic_messages.finish import reason_of
from trunkline.dialects.anthropic_messages.open_blocks import OpenBlock, OpenBlocks
from trunkline.dialects.anthropic_messages.quick import (
    CONTENT_DELTA,
    DATA_AT,
    DELTA_HEAD,
    DELTA_TYPE,
    MARKERS,
    TextDelta,
    squeezed,
)
from trunkline.dialects.anthropic_messages.usage import UsageReader, with_usage
from trunkline.dialects.anthropic_messages.wire import NAME, EventIn, present
from trunkline.wire.run import RunReader
from trunkline.wire.sse import Splitter, frames

_START_FIELDS = frozenset({*wire.AnswerIn.__struct_fields__, "role"})
_EVENT_FIELDS = frozenset({"type", "delta", "usage"})
# The last is the event's own, not its delta's.
_STOP_FIELDS = frozenset({"stop_reason", "stop_sequence", "stop_details", "usage"})


class Decoder:
    __slots__ = (
        "_blocks",
        "_done",
        "_extra",
        "_fault",
        "_finished",
        "_out",
        "_runs",
        "_said",
        "_splitter",
        "_started",
        "_usage",
    )

    def __init__(self) -> None:
        self._splitter = Splitter()
        self._usage = UsageReader()
        self._out: list[Event] = []
        self._runs = RunReader()
        self._said = OpenBlock(-1, PartKind.TEXT, TextDelta)
        """The block whose deltas the run at hand is of; it ends when any block does."""
        self._blocks = OpenBlocks()
        self._started = self._finished = self._done = False
        self._fault: Garbled | None = None
        self._extra: Mapping[str, Raw] = {}

    def feed(self, data: bytes) -> Burst:
        """Events that `data` completes. What came before an unreadable one is given first."""
        if self._fault is not None:
            raise self._fault
        out: list[Event] = []
        self._out = out
        try:
            whole = self._splitter.feed(data)
            if b"\r" in whole:
                self._general(whole)
            else:
                self._events(whole)
        except Garbled as error:
            self._fault = error
        except wire.BROKEN as error:
            self._fault = garbled(error)
        if self._fault is not None and not out:
            raise self._fault
        return out

    def _events(self, whole: bytes) -> None:
        out = self._out
        for strings, piece in self._runs.cut(squeezed(whole)):
            if not strings:
                self._read(piece)
            elif not self._done:
                part = self._said.part
                deltas = [PartDelta(part, string) for string in strings if string]
                self._said.wrote |= bool(deltas)
                out += deltas

    def _read(self, events: bytes) -> None:
        """Events that no run covers."""
        for text in events.split(b"\n\n"):
            # Of data on two lines JSON might make one, where the wire has none of the second.
            if text[:DATA_AT] == DELTA_HEAD and text.find(b"\n", DATA_AT) < 0 and not self._done:
                block = self._usual_delta(text[DATA_AT:])
                if block is not None:
                    if self._runs.learn(events, MARKERS[block.delta]):
                        self._said = block
                    continue
            if text:
                self._general(text)

    def _general(self, whole: bytes) -> None:
        for _, data in frames(whole):
            self._event(data)

    def finish(self) -> Burst:
        if self._fault is not None:
            raise self._fault
        out: list[Event] = []
        self._out = out
        try:
            self._general(self._splitter.rest())
        except (Garbled, *wire.BROKEN) as error:
            # The last event lacks its end: cut, not wrong.
            raise _cut() from error
        if self._done:
            return out
        if not self._finished:
            raise _cut()
        self._message_stop(wire.EventIn(type="message_stop"), b"")
        return out

    def _event(self, data: bytes) -> None:
        if self._done or data == wire.FOREIGN_SENTINEL:
            return
        if DELTA_TYPE in data and self._usual_delta(data) is not None:
            return
        event = wire.EVENT.decode(data)
        if (error := present(event.error)) is not None:
            self._done = True
            self._out.append(Faulted(decode_inline(error)))
            return
        handler = self._HANDLERS.get(event.type)
        if handler is None:
            return  # ping, and what may be added one day
        if self._started == (event.type == "message_start"):
            raise Garbled("the provider's stream has no beginning, or two")
        handler(self, event, data)

    def _usual_delta(self, data: bytes) -> OpenBlock | None:
        """More of the content of the block it gives; None for any other event, however framed."""
        try:
            event = CONTENT_DELTA.decode(data)
        except wire.BROKEN:
            return None  # the long way tells what is wrong, if anything is
        delta, block = event.delta, self._blocks.known.get(event.index)
        if block is None or delta.__class__ is not block.delta:
            return None
        if delta.piece:
            block.wrote = True
            self._out.append(PartDelta(block.part, delta.piece))
        return block

    def _message_start(self, event: EventIn, _data: bytes) -> None:
        raw = present(event.message)
        if raw is None:
            raise Garbled("the provider's stream begins with no message")
        message = wire.ANSWER.decode(raw)
        extra: Mapping[str, Raw] = {
            k: v for k, v in wire.RAW_MAP.decode(raw).items() if k not in _START_FIELDS
        }
        self._started = True
        usage = present(message.usage)
        report = None if usage is None else UsageReported(self._usage.feed(usage))
        extra = with_usage(extra, self._usage.extra)
        self._out.append(Started(message.id, message.model, 0, extra, NAME))
        if report is not None:
            self._out.append(report)

    def _block_start(self, event: EventIn, _data: bytes) -> None:
        if self._finished:
            raise Garbled("the provider opened a content block after the end")
        self._blocks.start(event, self._out)

    def _block_delta(self, event: EventIn, data: bytes) -> None:
        """All but the usual."""
        self._blocks.more(event, data, self._out)

    def _block_stop(self, event: EventIn, _data: bytes) -> None:
        self._blocks.stop(event.index, self._out)
        self._runs.forget()

    def _message_delta(self, event: EventIn, data: bytes) -> None:
        fields = wire.RAW_MAP.decode(data)
        extra = {k: v for k, v in fields.items() if k not in _EVENT_FIELDS}
        if "delta" in fields:
            told = wire.RAW_MAP.decode(fields["delta"])
            extra |= {k: v for k, v in told.items() if k not in _STOP_FIELDS}
        self._extra = {**self._extra, **extra}
        usage, delta = present(event.usage), event.delta
        stopped = delta is not None and bool(delta.stop_reason) and not self._finished
        if stopped:
            self._blocks.stop_all(self._out)
            self._runs.forget()
        if usage is not None:
            self._out.append(UsageReported(self._usage.feed(usage)))
        if stopped and delta is not None and delta.stop_reason:
            self._finished = True
            self._out.append(
                Finished(
                    reason_of(delta.stop_reason, called=self._blocks.called),
                    0,
                    delta.stop_reason,
                    delta.stop_sequence,
                    NAME,
                    present(delta.stop_details),
                )
            )

    def _message_stop(self, _event: EventIn, _data: bytes) -> None:
        if not self._finished:
            raise Garbled("the provider's stream ended without saying why")
        self._done = True
        self._out.append(Ended(with_usage(self._extra, self._usage.extra)))

    # Of the class: methods bound to a decoder would hold what holds them, for the collector to part.
    _HANDLERS: ClassVar[Mapping[str, Callable[["Decoder", EventIn, bytes], None]]] = {
        "message_start": _message_start,
        "content_block_start": _block_start,
        "content_block_delta": _block_delta,
        "content_block_stop": _block_stop,
        "message_delta": _message_delta,
        "message_stop": _message_stop,
    }


def _cut() -> Disconnected:
    return Disconnected("the provider's stream ended before the answer was whole")
