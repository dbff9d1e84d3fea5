"""
Canonical events as the stream a Gemini client reads.

Each event is a whole GenerateContentResponse: text comes piece by piece, calls come whole, the last
one says why it finished and what it took. There is no sentinel (recorded traffic, seen 2026-11-21).
"""

from collections.abc import Mapping

from msgspec import Raw, json

from trunkline.canon.content import ToolCall
from trunkline.canon.errors import GatewayError
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
    Signed,
    Started,
    UsageReported,
)
from trunkline.dialects.base import Stamp
from trunkline.dialects.gemini.encode_answer import details_of, write_call
from trunkline.dialects.gemini.finish import word_of
from trunkline.dialects.gemini.logprobs import write_logprobs
from trunkline.dialects.gemini.signature import pack
from trunkline.dialects.gemini.usage import write_usage
from trunkline.dialects.gemini.wire import NAME, Fields
from trunkline.dialects.google_errors import stream_error
from trunkline.dialects.invented_ids import named

_encode = json.Encoder().encode
_TEXT = b'{"text":%b}'
_THOUGHT = b'{"text":%b,"thought":true}'
_SHAPES: Mapping[PartKind, bytes] = {
    PartKind.TEXT: _TEXT,
    PartKind.REFUSAL: _TEXT,
    PartKind.REASONING: _THOUGHT,
}
_FEEDBACK = "promptFeedback"


class StreamEncoder:
    """One per answer. After Ended or Faulted it says nothing more."""

    __slots__ = (
        "_calls",
        "_closed",
        "_finished",
        "_logprobs",
        "_open",
        "_out",
        "_spoke",
        "_stamp",
        "_started",
        "_tail",
        "_usage",
    )

    def __init__(self, stamp: Stamp) -> None:
        self._stamp = stamp
        self._started = Started("", "")
        self._open: dict[int, PartOpened] = {}
        self._calls: dict[int, list[str]] = {}
        """The arguments of calls that are being written: they go out whole."""
        self._logprobs: dict[int, list[Raw]] = {}
        self._finished: dict[int, Finished] = {}
        """Said in the last event, with the usage that may come behind."""
        self._usage: Fields = {}
        self._out: list[bytes] = []
        self._tail = b""
        self._spoke = self._closed = False

    def feed(self, burst: Burst) -> bytes:
        if self._closed:
            return b""
        for event in burst:
            if event.__class__ is PartDelta:
                self._say(event.index, event.text)
            elif not self._closed:
                self._take(event)
        data = b"".join(self._out)
        self._out.clear()
        return data

    def fault(self, error: GatewayError, request_id: str) -> bytes:
        self._closed = True
        return stream_error(error, request_id)

    def _take(self, event: Event) -> None:
        match event:
            case PartOpened(index=index):
                self._begin(event)
                self._open[index] = event
            case PartClosed(index=index):
                self._close(self._open.pop(index))
            case Signed(index=index):
                self._sign(self._open[index], event)
            case Logprobs(choice=choice, raw=raw):
                self._logprobs.setdefault(choice, []).append(raw)
            case UsageReported(usage=usage):
                self._usage = {"usageMetadata": write_usage(usage)}
                self._tail = b""
            case Finished(choice=choice):
                self._finished[choice] = event
            case Started():
                self._started = event
                self._tail = b""
            case Ended():
                self._end()
            case Faulted(error=error):
                self._out.append(self.fault(error, ""))
            case _:
                pass  # another dialect's citations have no place here

    def _begin(self, opened: PartOpened) -> None:
        if opened.kind is PartKind.TOOL_CALL:
            self._calls[opened.index] = []
        elif opened.kind is PartKind.OPAQUE and opened.origin == NAME and opened.raw is not None:
            self._part(opened.choice, bytes(opened.raw))

    def _say(self, index: int, text: str) -> None:
        opened = self._open[index]
        pieces = self._calls.get(index)
        if pieces is not None:
            pieces.append(text)
        elif text and opened.kind in _SHAPES:
            self._part(opened.choice, _SHAPES[opened.kind] % _encode(text))

    def _sign(self, opened: PartOpened, signed: Signed) -> None:
        """Behind its text. Google's own proof of what nobody sees is no thought, but an empty text."""
        origin = signed.origin or self._started.origin
        wire: Fields = {"text": ""}
        if not (opened.redacted and origin == NAME):
            wire["thought"] = True
        wire["thoughtSignature"] = pack(signed.signature, origin)
        self._part(opened.choice, _encode(wire))

    def _close(self, opened: PartOpened) -> None:
        pieces = self._calls.pop(opened.index, None)
        if pieces is not None:
            call_id = named(opened.id, self._stamp.id, opened.index)
            call = ToolCall(call_id, opened.name, "".join(pieces), opened.call_kind)
            self._part(opened.choice, _encode(write_call(call)))

    def _part(self, choice: int, part: bytes) -> None:
        self._spoke = True
        tail = self._tail or self._renew_tail()
        self._out.append(
            b'data: {"candidates":[{"content":{"parts":[%b],"role":"model"},"index":%d}],%b'
            % (part, choice, tail)
        )

    def _renew_tail(self) -> bytes:
        """What every event repeats, behind its candidates."""
        started = self._started
        own = started.origin == NAME
        extra = {k: v for k, v in started.extra.items() if k != _FEEDBACK} if own else {}
        rest: Fields = {
            **self._usage,
            "modelVersion": started.model or self._stamp.model,
            "responseId": (own and started.id) or self._stamp.id,
            **extra,
        }
        self._tail = _encode(rest)[1:] + b"\r\n\r\n"
        return self._tail

    def _end(self) -> None:
        self._closed = True
        self._tail = b""
        started = self._started
        feedback = started.extra.get(_FEEDBACK) if started.origin == NAME else None
        if feedback is not None and not self._spoke:
            self._last(b'data: {"promptFeedback":%b,' % bytes(feedback))
            return
        finishes = self._finished.values()
        candidates = [self._candidate(finished) for finished in finishes]
        self._last(b'data: {"candidates":%b,' % _encode(candidates))

    def _last(self, head: bytes) -> None:
        self._out.append(head + self._renew_tail())

    def _candidate(self, finished: Finished) -> Fields:
        own = finished.origin == NAME
        candidate: Fields = {
            "content": {"parts": [{"text": ""}], "role": "model"},
            "finishReason": word_of(finished.reason, finished.native if own else ""),
            "index": finished.choice,
        }
        told = write_logprobs(self._logprobs.get(finished.choice, ()))
        if told is not None:
            candidate["logprobsResult"] = told
        if own and finished.details is not None:
            candidate.update(details_of(finished.details))
        return candidate
