"""
Canonical events to the stream a Responses client reads.

Everything is announced before it is filled and said again when it is whole: the response, its items
with indices without gaps, their contents. What each delta of a part repeats is encoded once per
part, and deltas that follow each other are written in a few calls.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Raw, json

from trunkline.canon.errors import GatewayError
from trunkline.canon.event import (
    Annotated,
    Burst,
    Ended,
    Event,
    Faulted,
    Finished,
    FinishReason,
    Logprobs,
    PartClosed,
    PartDelta,
    PartKind,
    PartOpened,
    Signed,
    Started,
    UsageReported,
)
from trunkline.canon.request import Request
from trunkline.canon.usage import Usage
from trunkline.dialects.base import Stamp
from trunkline.dialects.openai_errors import error_out
from trunkline.dialects.openai_responses import encoder_parts as write
from trunkline.dialects.openai_responses.encode_answer import logprobs_of
from trunkline.dialects.openai_responses.encode_items import REASONING, CallHead, ItemWriter
from trunkline.dialects.openai_responses.encode_response import ResponseWriter, status_of
from trunkline.dialects.openai_responses.encoder_events import NO_LOGPROBS, Events
from trunkline.dialects.openai_responses.encoder_output import Item, Output
from trunkline.dialects.openai_responses.encoder_parts import Part
from trunkline.dialects.openai_responses.wire import NAME

_encode = json.Encoder().encode

_TERMINAL: Final[Mapping[bytes, bytes]] = {
    b"completed": b"response.completed",
    b"incomplete": b"response.incomplete",
}
_NO_PART: Final = Part(PartOpened(-1, PartKind.OPAQUE))
"""Stands where none is at hand; nobody writes to it."""


class StreamEncoder:
    """One per answer. After Ended or Faulted it says nothing more."""

    __slots__ = (
        "_closed",
        "_events",
        "_logprobs",
        "_origin",
        "_output",
        "_parts",
        "_reason",
        "_request",
        "_response",
        "_stamp",
        "_text",
        "_usage",
    )

    def __init__(self, request: Request, stamp: Stamp) -> None:
        self._request, self._stamp = request, stamp
        self._events = Events()
        self._response: ResponseWriter | None = None
        """None until it was announced."""
        self._output = Output(self._events, ItemWriter(request, stamp, own=False))
        self._origin = ""
        self._parts: dict[int, Part] = {}
        self._text: Part | None = None
        """The text shown last: log probabilities belong to it."""
        self._logprobs: list[bytes] = []
        """Those that came before any text."""
        self._reason = FinishReason.STOP
        self._usage: Usage | None = None
        self._closed = False

    def feed(self, burst: Burst) -> bytes:
        if self._closed:
            return b""
        events, part, texts = self._events, _NO_PART, list[str]()
        for event in burst:
            if event.__class__ is PartDelta:
                if event.index != part.opened.index:
                    if texts:
                        self._say(part, texts)
                        texts = []
                    part = self._parts.get(event.index, _NO_PART)
                if part.plain:
                    texts.append(event.text)
                elif part is not _NO_PART and event.text:
                    self._more(part, event.text)
            else:
                if texts:
                    self._say(part, texts)
                    texts = []
                part = _NO_PART
                if not self._closed:
                    self._take(event)
        if texts:
            self._say(part, texts)
        data = b"".join(events.out)
        events.out.clear()
        return data

    def _say(self, part: Part, texts: Sequence[str]) -> None:
        """More of a plain part."""
        self._events.deltas(part.template, texts)
        part.pieces += texts

    def fault(self, error: GatewayError, request_id: str) -> bytes:
        """The API's own `error`, then the response as it stands, failed (recorded 2025-11)."""
        response = self._begun()
        self._closed = True
        events = self._events
        events.say(b"error", b'"error":' + _encode(error_out(error)))
        told = response.failed(error, self._output.written(), self._usage)
        events.say(b"response.failed", b'"response":' + told)
        data = b"".join(events.out)
        events.out.clear()
        return data

    def _take(self, event: Event) -> None:
        match event:
            case PartOpened(choice=0):
                self._open(event)
            case PartClosed(index=index):
                part = self._parts.pop(index, None)
                if part is not None and part.item is not None:
                    self._close(part, part.item)
            case Signed(index=index):
                part = self._parts.get(index)
                if part is not None:
                    self._show_reasoning(part)
                    part.signed = event
            case Annotated(index=index, origin=origin) if origin == NAME:
                part = self._parts.get(index)
                if part is not None:
                    self._annotate(part, event.raw)
            case Logprobs(choice=0, raw=raw):
                self._weigh(logprobs_of(raw)[1:-1])
            case UsageReported(usage=usage):
                self._usage = usage
            case Started():
                self._start(event)
            case Finished(choice=0, reason=reason):
                self._reason = reason
                self._output.put_away(status_of(reason))
            case Ended(extra=extra):
                self._end(extra)
            case Faulted(error=error):
                self._events.out.append(self.fault(error, ""))
            case _:
                pass  # other choices have no place here

    # --- the response

    def _begun(self) -> ResponseWriter:
        if self._response is None:
            self._start(Started("", ""))
        assert self._response is not None  # noqa: S101 - _start has just made it
        return self._response

    def _start(self, event: Started) -> None:
        self._origin = event.origin
        self._output.items = ItemWriter(self._request, self._stamp, own=event.origin == NAME)
        self._response = ResponseWriter(self._request, self._stamp, event)
        told = b'"response":' + self._response.in_progress()
        self._events.say(b"response.created", told)
        self._events.say(b"response.in_progress", told)

    def _end(self, extra: Mapping[str, Raw]) -> None:
        response = self._begun()
        self._output.put_away(status_of(self._reason))
        if self._origin == NAME:
            response.learn(extra)
        told = response.ended(self._reason, self._output.written(), self._usage)
        name = _TERMINAL[status_of(self._reason)]
        self._events.say(name, b'"response":' + told)
        self._closed = True

    # --- parts

    def _open(self, opened: PartOpened) -> None:
        if opened.kind is PartKind.OPAQUE:
            if opened.origin == NAME and opened.raw is not None:
                self._output.insert(bytes(opened.raw))
            return
        part = Part(opened)
        self._parts[opened.index] = part
        if opened.kind is PartKind.TOOL_CALL:
            self._open_call(part, opened)

    def _open_call(self, part: Part, opened: PartOpened) -> None:
        output, items = self._output, self._output.items
        item = output.announce(items.kind_of(opened.name, opened.call_kind), opened.extra)
        call_id = items.call_id(opened.id, item.place)
        head = CallHead(item.id, call_id, opened.name, item.kind, opened.extra)
        write.begin_call(part, item, head)
        output.add(item, item.written(items, b"in_progress"))

    def _more(self, part: Part, text: str) -> None:
        """The first text of a part, and what needs more than quoting."""
        kind = part.opened.kind
        if kind is PartKind.TOOL_CALL:
            write.unwrap(part, text, self._events)
            return
        if kind is PartKind.REASONING:
            if part.opened.redacted:
                return
            self._show_reasoning(part)
            write.begin_summary(part, self._events)
        elif part.item is None:
            self._show_text(part)
        part.plain = True
        part.pieces.append(text)
        self._events.deltas(part.template, (text,))
        if self._logprobs and kind is PartKind.TEXT:
            held, self._logprobs = self._logprobs, []
            self._weigh(b",".join(held))

    def _show_text(self, part: Part) -> None:
        item = self._output.message(part.opened.extra)
        if part.opened.kind is PartKind.REFUSAL:
            write.begin_refusal(part, item, self._events)
        else:
            self._text = part
            write.begin_text(part, item, self._events)

    def _show_reasoning(self, part: Part) -> None:
        if part.item is None:
            item = self._output.announce(REASONING, part.opened.extra)
            write.begin_reasoning(part, item)
            self._output.add(item, b'{"id":%b,"type":"reasoning","summary":[]}' % _encode(item.id))

    def _annotate(self, part: Part, raw: Raw) -> None:
        if part.item is None:
            self._show_text(part)
        told = b'"annotation":%b,"annotation_index":%d' % (bytes(raw), len(part.notes))
        self._events.say(b"response.output_text.annotation.added", part.place.fields(told))
        part.notes.append(raw)

    def _weigh(self, logprobs: bytes) -> None:
        """Into the delta of the tokens they weigh, if it is still in hand."""
        part, out = self._text, self._events.out
        if part is None:
            self._logprobs.append(logprobs)
            return
        part.logprobs.append(logprobs)
        if out and out[-1].startswith(part.before):
            # It may be a run: the last of its events. No text in it has a newline, as `before` has.
            last = out[-1].rfind(part.before)
            before, empty, behind = out[-1][last:].rpartition(NO_LOGPROBS)
            if empty:
                out[-1] = b'%b%b,"logprobs":[%b]%b' % (out[-1][:last], before, logprobs, behind)

    def _close(self, part: Part, item: Item) -> None:
        match part.opened.kind:
            case PartKind.TOOL_CALL:
                write.end_call(part, item, self._events)
            case PartKind.REASONING:
                write.end_reasoning(part, item, self._events, self._origin)
            case PartKind.REFUSAL:
                write.end_refusal(part, item, self._events)
            case _:
                write.end_text(part, item, self._events)
        self._output.fill(item)
