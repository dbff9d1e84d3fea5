"""An upstream's stream of chunks to canonical events."""

from trunkline.canon.errors import Disconnected, GatewayError
from trunkline.canon.event import (
    Burst,
    Ended,
    Event,
    Faulted,
    Finished,
    Logprobs,
    PartClosed,
    PartDelta,
    PartKind,
    PartOpened,
    Started,
    UsageReported,
)
from trunkline.dialects.openai_completions.decode_answer import read_piece
from trunkline.dialects.openai_completions.logprobs import to_content
from trunkline.dialects.openai_completions.wire import (
    NAME,
    Choice,
    Piece,
    finish_reason,
    read_usage,
)
from trunkline.wire.sse import Frame, Reader


class StreamDecoder:
    """One per answer. A fault ends it, behind the events before it."""

    __slots__ = ("_closed", "_finished", "_parts", "_reader", "_started")

    def __init__(self) -> None:
        self._reader = Reader()
        self._parts: dict[int, int] = {}
        """By choice, its one part."""
        self._finished: set[int] = set()
        self._started = False
        self._closed = False

    def feed(self, data: bytes) -> Burst:
        return () if self._closed else self._read(self._reader.feed(data))

    def finish(self) -> Burst:
        if self._closed:
            return ()
        events = self._read(self._reader.finish())
        if events and isinstance(events[-1], Ended | Faulted):
            return events
        if not self._parts and not self._finished:
            raise Disconnected("the provider ended its answer without having begun it")
        if self._open:
            raise Disconnected("the provider broke off its answer")
        self._closed = True
        events.append(Ended())
        return events

    @property
    def _open(self) -> bool:
        return not self._finished or not self._parts.keys() <= self._finished

    def _read(self, found: list[Frame]) -> list[Event]:
        events: list[Event] = []
        for _, data in found:
            if self._closed:
                break
            if data == b"[DONE]":
                if self._started and not self._open:
                    self._closed = True
                    events.append(Ended())
                continue
            try:
                self._take(read_piece(data), events)
            except GatewayError as error:
                self._closed = True
                events.append(Faulted(error))
        return events

    def _take(self, piece: Piece, events: list[Event]) -> None:
        if not self._started:
            self._started = True
            created = max(0, piece.created or 0)
            events.append(Started(piece.id or "", piece.model or "", created, origin=NAME))
        for choice in piece.choices or ():
            if choice.index not in self._finished:
                self._say(choice, events)
        usage = read_usage(piece.usage)
        if usage is not None:
            events.append(UsageReported(usage))

    def _say(self, choice: Choice, events: list[Event]) -> None:
        at = choice.index
        if choice.text:
            if at not in self._parts:
                self._parts[at] = len(self._parts)
                events.append(PartOpened(self._parts[at], PartKind.TEXT, at))
            events.append(PartDelta(self._parts[at], choice.text))
        if (logprobs := to_content(choice.logprobs)) is not None:
            events.append(Logprobs(at, logprobs))
        if choice.finish_reason:
            if at in self._parts:
                events.append(PartClosed(self._parts[at]))
            self._finished.add(at)
            word = choice.finish_reason
            events.append(Finished(finish_reason(word), at, native=word, origin=NAME))
