"""
The stream of Cohere's Chat API, made canonical events.

message-start; blocks of content, the plan and tool calls, each with a start, deltas and an end (the
plan with deltas alone); message-end (docs.cohere.com, "Streaming", seen 2026-11-21; recorded).
"""

from trunkline.canon.errors import Disconnected, Garbled, GatewayError
from trunkline.canon.event import (
    Annotated,
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
from trunkline.dialects.cohere_chat import wire
from trunkline.dialects.cohere_chat.decode_answer import PLAN, arguments_of, belongs, garbled
from trunkline.dialects.cohere_chat.errors import in_answer
from trunkline.dialects.cohere_chat.finish import failure_of, reason_of
from trunkline.dialects.cohere_chat.logprobs import logprobs_of
from trunkline.dialects.cohere_chat.usage import usage_of
from trunkline.dialects.cohere_chat.wire import NAME
from trunkline.wire.sse import Reader

_DONE = b"[DONE]"
"""The SDKs of Cohere skip it, so somebody must send it (cohere-python 5, seen 2026-11-21)."""
_NULL = "null"
_TYPES = frozenset(
    str(event.__struct_config__.tag)
    for event in (
        wire.MessageStart,
        wire.ContentStarted,
        wire.ContentGrew,
        wire.ContentEnded,
        wire.PlanGrew,
        wire.CallStarted,
        wire.CallGrew,
        wire.CallEnded,
        wire.CitationStarted,
        wire.MessageEnded,
    )
)


class _Call:
    """A tool call being streamed."""

    __slots__ = ("held", "part", "wrote")

    def __init__(self, part: int) -> None:
        self.part = part
        self.held = ""
        """What may still turn out to be "null"."""
        self.wrote = False

    def feed(self, piece: str) -> str:
        if self.wrote:
            return piece
        self.held += piece
        if _NULL.startswith(self.held.strip()):
            return ""
        self.wrote, held = True, self.held
        return held

    def finish(self) -> str:
        return "" if self.wrote else arguments_of(self.held)


class Decoder:
    __slots__ = (
        "_called",
        "_calls",
        "_done",
        "_fault",
        "_index",
        "_kind",
        "_out",
        "_part",
        "_parts",
        "_reader",
        "_started",
    )

    def __init__(self) -> None:
        self._reader = Reader()
        self._out: list[Event] = []
        self._parts = 0
        self._part: int | None = None
        """The text or thinking that is open."""
        self._index = PLAN
        """Of its block."""
        self._kind = PartKind.TEXT
        self._calls: dict[int, _Call] = {}
        self._called = self._started = self._done = False
        self._fault: GatewayError | None = None

    def feed(self, data: bytes) -> Burst:
        """Events that `data` completes. What came before an unreadable one is given first."""
        if self._done:
            return []
        self._raise_fault()
        try:
            frames = self._reader.feed(data)
        except Garbled as error:
            self._fault = error
            raise
        return self._events(frames)

    def finish(self) -> Burst:
        if self._done:
            return []
        self._raise_fault()
        out = self._events(self._reader.finish())
        if out and isinstance(out[-1], Ended | Faulted):
            return out
        self._raise_fault()
        raise Disconnected("the provider's stream ended before the answer was whole")

    def _raise_fault(self) -> None:
        if self._fault is not None:
            raise self._fault

    def _events(self, frames: list[tuple[bytes, bytes]]) -> Burst:
        out: list[Event] = []
        self._out = out
        try:
            for _, data in frames:
                if self._done:
                    break
                self._event(data)
        except Garbled as error:
            self._fault = error
        except wire.BROKEN as error:
            self._fault = garbled(error)
        if not out:
            self._raise_fault()
        return out

    def _event(self, data: bytes) -> None:
        try:
            event: wire.EventIn = wire.EVENT.decode(data)
        except wire.BROKEN:
            self._strange(data)
            return
        if self._started == isinstance(event, wire.MessageStart):
            raise Garbled("the provider's stream has no beginning, or two")
        match event:
            case wire.ContentGrew() | wire.ContentStarted():
                self._content(event)
            case wire.CallGrew() | wire.CallStarted():
                self._call(event)
            case wire.PlanGrew(delta=delta):
                if delta is not None and delta.message is not None and delta.message.tool_plan:
                    self._say(PartKind.TEXT, PLAN, delta.message.tool_plan)
            case wire.MessageStart():
                self._started = True
                self._out.append(Started(event.id or "", "", origin=NAME))
            case wire.ContentEnded():
                # A text stays open: its citations may follow.
                if self._kind is PartKind.REASONING:
                    self._close()
            case wire.CallEnded(index=index):
                self._close_call(index or 0)
            case wire.CitationStarted():
                self._cite(event)
            case wire.MessageEnded(delta=delta):
                self._end(delta or wire.EndDelta())

    def _strange(self, data: bytes) -> None:
        """None of the events above: one that may be added one day, an error, or rubbish."""
        if data.strip() in (b"", _DONE):
            return
        head = wire.HEAD.decode(data)
        if bytes(head.type).strip(b'"').decode("latin-1") in _TYPES:
            wire.EVENT.decode(data)  # says what is wrong with it
        failed = bytes(head.type) in (b"", b"null", b'"error"')
        if failed and (bytes(head.message) or bytes(head.error)):
            self._fail(in_answer(data) or Garbled("the provider's stream tells of an error"))
        elif bytes(head.type) == b"":
            raise Garbled("the provider sent an event without a type")

    def _fail(self, error: GatewayError) -> None:
        self._done = True
        self._out.append(Faulted(error))

    def _content(self, event: wire.ContentGrew | wire.ContentStarted) -> None:
        delta = event.delta
        if delta is None or delta.message is None or delta.message.content is None:
            return
        piece, index = delta.message.content, event.index or 0
        if piece.thinking:
            self._say(PartKind.REASONING, index, piece.thinking)
        if piece.text:
            self._say(PartKind.TEXT, index, piece.text)
            if isinstance(event, wire.ContentGrew) and event.logprobs is not None:
                told = logprobs_of((event.logprobs,))
                if told is not None:
                    self._out.append(Logprobs(0, told))

    def _say(self, kind: PartKind, index: int, text: str) -> None:
        """More of the block at `index`, which begins with its first piece."""
        part = self._part
        if part is None or index != self._index or kind is not self._kind:
            self._close()
            part = self._part = self._parts
            self._parts += 1
            self._index, self._kind = index, kind
            origin = NAME if kind is PartKind.REASONING else ""
            self._out.append(PartOpened(part, kind, origin=origin))
        self._out.append(PartDelta(part, text))

    def _close(self) -> None:
        if self._part is not None:
            self._out.append(PartClosed(self._part))
            self._part = None

    def _cite(self, event: wire.CitationStarted) -> None:
        delta = event.delta
        raw = wire.ABSENT if delta is None or delta.message is None else delta.message.citations
        if bytes(raw) in (b"", b"null"):
            return
        place = wire.CITED.decode(raw)
        if self._part is None or self._kind is not PartKind.TEXT:
            return
        if belongs(place, self._index):
            self._out.append(Annotated(self._part, raw, NAME))

    def _call(self, event: wire.CallGrew | wire.CallStarted) -> None:
        delta, index = event.delta, event.index or 0
        told = None if delta is None or delta.message is None else delta.message.tool_calls
        told = told or wire.CallIn()
        function = told.function or wire.FunctionIn()
        call = self._calls.get(index)
        if isinstance(event, wire.CallStarted):
            if call is not None:
                raise Garbled("the provider opened a tool call that is open already")
            self._close()
            self._called = True
            call = self._calls[index] = _Call(self._parts)
            self._parts += 1
            opened = PartOpened(
                call.part, PartKind.TOOL_CALL, id=told.id or "", name=function.name or ""
            )
            self._out.append(opened)
        if call is None:
            raise Garbled("the provider continued a tool call that is not open")
        piece = call.feed(function.arguments or "")
        if piece:
            self._out.append(PartDelta(call.part, piece))

    def _close_call(self, index: int) -> None:
        call = self._calls.pop(index, None)
        if call is not None:
            rest = call.finish()
            if rest:
                self._out.append(PartDelta(call.part, rest))
            self._out.append(PartClosed(call.part))

    def _end(self, told: wire.EndDelta) -> None:
        """The last event: nothing follows it."""
        if not told.finish_reason:
            raise Garbled("the provider's stream ends without saying why")
        usage = usage_of(told.usage)
        failure = failure_of(told.finish_reason, told.error)
        if failure is not None:
            if usage is not None:
                self._out.append(UsageReported(usage))
            self._fail(failure)
            return
        self._close()
        for index in sorted(self._calls):
            self._close_call(index)
        reason = reason_of(told.finish_reason, called=self._called)
        self._out.append(Finished(reason, native=told.finish_reason, origin=NAME))
        if usage is not None:
            self._out.append(UsageReported(usage))
        self._out.append(Ended())
        self._done = True
