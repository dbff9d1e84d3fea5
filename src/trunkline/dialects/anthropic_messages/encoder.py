"""
Canonical events as the stream an Anthropic client reads.

The shape is the real one to the key: message_start, blocks one after the other with indices
without gaps, a ping after the first start, one message_delta with the whole usage,
message_stop. Clients dispatch on the `event:` line (anthropic-sdk-python, seen 2026-11-21).
"""

from collections.abc import Mapping

from msgspec import Raw, json
from msgspec.structs import replace

from trunkline.canon.errors import GatewayError
from trunkline.canon.event import (
    Annotated,
    Burst,
    Ended,
    Event,
    Faulted,
    Finished,
    FinishReason,
    PartClosed,
    PartDelta,
    PartKind,
    PartOpened,
    Signed,
    Started,
    UsageReported,
)
from trunkline.canon.usage import Usage
from trunkline.dialects.anthropic_messages import templates
from trunkline.dialects.anthropic_messages.encoder_frame import message_delta, message_start
from trunkline.dialects.anthropic_messages.errors import stream_error
from trunkline.dialects.anthropic_messages.finish import stop_reason_of
from trunkline.dialects.anthropic_messages.names import fit_id
from trunkline.dialects.anthropic_messages.opaque import streamed
from trunkline.dialects.anthropic_messages.signature import pack
from trunkline.dialects.anthropic_messages.wire import NAME, Fields
from trunkline.dialects.base import Stamp
from trunkline.dialects.invented_ids import named
from trunkline.wire.run import write_run

_QUOTE = json.Encoder().encode


class Encoder:
    __slots__ = (
        "_begun",
        "_called",
        "_closed",
        "_finished",
        "_guessed",
        "_index",
        "_opened",
        "_out",
        "_part",
        "_pinged",
        "_plain",
        "_prefix",
        "_refused",
        "_shown",
        "_signed",
        "_stamp",
        "_started",
        "_usage",
        "_waiting",
    )

    def __init__(self, stamp: Stamp, guessed_input: int) -> None:
        self._stamp = stamp
        self._guessed = guessed_input
        """What message_start says of the input's tokens, unless the upstream has told by then."""
        self._out: list[bytes] = []
        self._started = Started("", "")
        self._begun = False
        """message_start went out. It waits for something to say, as the usage may come first."""
        self._index = 0  # of the block now open, or next to open
        self._part = -1
        """The part that block shows; others wait, for blocks may not overlap."""
        self._opened = PartOpened(-1, PartKind.TEXT)
        self._shown = self._signed = self._plain = False
        """The block's start went out; its signature; its deltas need nothing but quoting."""
        self._prefix = b""
        self._waiting: dict[int, list[Event]] = {}
        self._usage = Usage()
        self._finished = Finished(FinishReason.STOP)
        self._called = self._refused = self._pinged = self._closed = False

    def feed(self, burst: Burst) -> bytes:
        if self._closed:
            return b""
        out: list[bytes] = []
        self._out = out
        texts: list[str] = []
        for event in burst:
            if type(event) is PartDelta and event.index == self._part and self._plain:
                texts.append(event.text)
            elif not self._closed:
                if texts:
                    out.append(write_run(self._prefix, templates.SUFFIX, texts))
                    texts = []
                self._event(event)
        if texts:
            out.append(write_run(self._prefix, templates.SUFFIX, texts))
        return b"".join(out)

    def fault(self, error: GatewayError, request_id: str) -> bytes:
        return stream_error(error, request_id)

    def _event(self, event: Event) -> None:
        match event:
            case PartOpened(index=index, choice=choice):
                if choice != 0:
                    return  # there is one choice here: the first
                if self._part < 0:
                    self._open(event)
                else:
                    self._waiting[index] = [event]
            case (
                PartDelta(index=index)
                | Signed(index=index)
                | Annotated(index=index)
                | PartClosed(index=index)
            ):
                if index == self._part:
                    self._within(event)
                    self._drain()
                elif index in self._waiting:
                    self._waiting[index].append(event)
            case UsageReported(usage=usage):
                self._usage = usage
            case Started():
                self._started = event
            case Finished(choice=0):
                self._finished = event
            case Ended(extra=extra):
                self._end(extra)
            case Faulted(error=error):
                self._closed, self._plain = True, False
                self._out.append(self.fault(error, ""))
            case _:
                pass  # other choices' ends and log probabilities have no place here

    def _drain(self) -> None:
        """What waited for the block to close, in order of opening."""
        while self._part < 0 and self._waiting:
            events = self._waiting.pop(next(iter(self._waiting)))
            for event in events:
                if isinstance(event, PartOpened):
                    self._open(event)
                else:
                    self._within(event)

    def _begin(self) -> None:
        self._begun = True
        self._out.append(message_start(self._started, self._told(), self._stamp))

    def _told(self) -> Usage:
        """Where the upstream tells nothing, the guess: 0 would be a context that never fills."""
        told = self._usage
        return told if told.total_input else replace(told, input=self._guessed)

    def _show(self, block: bytes) -> None:
        if not self._begun:
            self._begin()
        self._shown = True
        self._out.append(templates.START % (self._index, block))
        if not self._pinged:
            self._pinged = True
            self._out.append(templates.PING)

    def _delta(self, delta: Fields) -> None:
        self._out.append(templates.DELTA % (self._index, json.encode(delta)))

    def _open(self, opened: PartOpened) -> None:
        """Text and thinking are shown once they say something: an empty block is no block."""
        self._part, self._opened = opened.index, opened
        self._shown = self._signed = self._plain = False
        if opened.kind is PartKind.OPAQUE:
            if opened.origin == NAME and opened.raw is not None:
                start, deltas = streamed(opened.raw)
                self._show(bytes(start))
                self._out += [templates.DELTA % (self._index, delta) for delta in deltas]
            return
        self._prefix = templates.PREFIX % (self._index, templates.CONTENT[opened.kind])
        if opened.kind is PartKind.TOOL_CALL:
            self._open_call(opened)

    def _open_call(self, opened: PartOpened) -> None:
        self._called = True
        own = opened.extra if self._started.origin == NAME else {}
        block: Fields = {
            "type": "tool_use",
            "id": fit_id(named(opened.id, self._stamp.id, opened.index)),
            "name": opened.name,
            "input": {},
            **own,
        }
        self._show(json.encode(block))
        self._delta({"type": "input_json_delta", "partial_json": ""})
        self._plain = opened.call_kind != "custom"
        if not self._plain:
            self._piece('{"input":"')

    def _within(self, event: Event) -> None:
        kind = self._opened.kind
        match event:
            case PartClosed():
                self._close()
            case PartDelta(text=text) if text and kind is not PartKind.OPAQUE:
                self._say(text)
            case Signed(signature=signature, origin=origin) if kind is PartKind.REASONING:
                self._sign(signature, origin or self._origin)
            case Annotated(raw=raw, origin=origin) if kind is PartKind.TEXT and origin == NAME:
                if not self._shown:
                    self._show_text()
                self._delta({"type": "citations_delta", "citation": raw})
            case _:
                pass

    @property
    def _origin(self) -> str:
        return self._opened.origin or self._started.origin

    def _show_text(self) -> None:
        thinking = self._opened.kind is PartKind.REASONING
        self._refused |= self._opened.kind is PartKind.REFUSAL
        self._show(templates.THINKING_START if thinking else templates.TEXT_START)
        self._plain = True

    def _say(self, text: str) -> None:
        if self._opened.redacted:
            return
        if self._opened.kind is PartKind.TOOL_CALL:
            # A custom tool's free text becomes the one string of an object.
            self._piece(text if self._plain else _QUOTE(text)[1:-1].decode())
            return
        if not self._shown:
            self._show_text()
        self._piece(text)

    def _piece(self, text: str) -> None:
        self._out += (self._prefix, _QUOTE(text), templates.SUFFIX)

    def _sign(self, signature: str, origin: str) -> None:
        packed = pack(signature, origin)
        self._signed = True
        if self._opened.redacted:
            self._show(json.encode({"type": "redacted_thinking", "data": packed}))
            return
        if not self._shown:
            self._show_text()
        self._delta({"type": "signature_delta", "signature": packed})

    def _close(self) -> None:
        opened = self._opened
        unsigned = self._shown and opened.kind is PartKind.REASONING and not self._signed
        if unsigned and self._origin != NAME:
            # Another dialect's thinking still tells whose it is when it comes back.
            self._sign("", self._origin)
        if opened.kind is PartKind.TOOL_CALL and not self._plain:
            self._piece('"}')
        if self._shown:
            self._out.append(templates.STOP % self._index)
            self._index += 1
        self._part = -1
        self._shown = self._plain = False

    def _end(self, extra: Mapping[str, Raw]) -> None:
        self._closed = True
        if not self._begun:
            self._begin()
        reason = stop_reason_of(self._finished, called=self._called, refused=self._refused)
        sequence = self._finished.stop_sequence
        told = message_delta(self._started, extra, reason, sequence, self._told())
        self._out += (told, templates.MESSAGE_STOP)
