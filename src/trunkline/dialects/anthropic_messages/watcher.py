"""A passing stream watched: how far it is, what it used, whether it failed."""

import re

from msgspec import Raw, Struct, json

from trunkline.canon.errors import GatewayError
from trunkline.canon.usage import Usage
from trunkline.dialects.anthropic_messages.decode_answer import garbled
from trunkline.dialects.anthropic_messages.errors import decode_inline, stream_error
from trunkline.dialects.anthropic_messages.quick import (
    CONTENT_DELTA,
    DATA_AT,
    DELTA_HEAD,
    MARKERS,
    squeezed,
)
from trunkline.dialects.anthropic_messages.usage import UsageReader
from trunkline.dialects.anthropic_messages.wire import (
    ABSENT,
    BROKEN,
    FOREIGN_SENTINEL,
    UsageIn,
    present,
)
from trunkline.dialects.base import Sighting
from trunkline.wire.run import RunReader
from trunkline.wire.sse import frames

_BOUNDARY = re.compile(rb"\r\n\r\n|\n\n|\r\r")


class _Delta(Struct):
    text: str = ""
    thinking: str = ""
    partial_json: str = ""
    signature: str = ""
    stop_reason: str | None = None


class _Block(Struct):
    type: str = ""
    name: str = ""
    text: str = ""


class _Message(Struct):
    usage: UsageIn | None = None


class _Seen(Struct):
    """As much of an event as a watcher wants to know."""

    type: str
    delta: _Delta | None = None
    content_block: _Block | None = None
    message: _Message | None = None
    usage: UsageIn | None = None
    error: Raw = ABSENT


_SEEN = json.Decoder(_Seen, strict=False)  # as wire.USAGE


class Watcher:
    """The contract is dialects.base.Watcher; usage always comes, so nothing is held back."""

    __slots__ = ("_at", "_runs", "_usage", "before_error", "delivered", "sighting", "usage")

    def __init__(self) -> None:
        self.sighting = Sighting.NOTHING
        self.usage: Usage | None = None
        self.delivered: list[str] = []
        self.before_error = b""
        self._usage = UsageReader()
        self._runs = RunReader()
        self._at = 0
        """Events of the block at hand that were sound."""

    def feed(self, events: bytes) -> bytes:
        self._at = 0
        try:
            if b"\r" in events:
                self._each(events)
                return events
            for strings, piece in self._runs.cut(squeezed(events)):
                if strings:
                    self.delivered += strings
                    self._at += len(strings)
                else:
                    self._read(piece)
        except GatewayError:
            self.before_error = _before(events, self._at)
            raise
        except BROKEN as error:
            self.before_error = _before(events, self._at)
            raise garbled(error) from error
        return events

    def fault(self, error: GatewayError, request_id: str) -> bytes:
        return stream_error(error, request_id)

    def _read(self, events: bytes) -> None:
        """Events that no run covers."""
        for block in events.split(b"\n\n"):
            if block.startswith(DELTA_HEAD) and (marker := self._quick(block)):
                self._at += 1
                self._runs.learn(events, marker)
            elif block:
                self._each(block)

    def _each(self, events: bytes) -> None:
        for _, data in frames(events):
            self._see(data)
            self._at += 1

    def _quick(self, block: bytes) -> bytes:
        """What the text stands behind; empty for what is no delta of content."""
        try:
            delta = CONTENT_DELTA.decode(block[DATA_AT:]).delta
        except BROKEN:
            return b""  # looked at again: it may be another kind of event, or may be mended
        if delta.piece:
            self.delivered.append(delta.piece)
            if self.sighting is Sighting.NOTHING:
                self.sighting = Sighting.CONTENT
        return MARKERS[delta.__class__]

    def _see(self, data: bytes) -> None:
        if data == FOREIGN_SENTINEL:
            return
        seen = _SEEN.decode(data)
        delta = seen.delta
        match seen.type:
            case "content_block_delta":
                if delta is None:
                    return
                text = delta.text or delta.thinking or delta.partial_json
                if text:
                    self.delivered.append(text)
                    self._reach(Sighting.CONTENT)
                elif delta.signature:
                    self._reach(Sighting.CONTENT)
            case "content_block_start":
                self._block(seen.content_block or _Block())
            case "message_start":
                self._count(seen.message.usage if seen.message else None)
            case "message_delta":
                self._count(seen.usage)
                if delta is not None and delta.stop_reason:
                    self._reach(Sighting.FINISHED)
            case "message_stop":
                self._reach(Sighting.ENDED)
            case _:
                if (error := present(seen.error)) is not None:
                    raise decode_inline(error)

    def _block(self, block: _Block) -> None:
        """A text block may yet stay empty; any other says something by being there."""
        if block.name or block.text:
            self.delivered.append(block.name or block.text)
        if block.type != "text" or block.text:
            self._reach(Sighting.CONTENT)

    def _count(self, report: UsageIn | None) -> None:
        if report is not None:
            self._usage.count(report)
            self.usage = self._usage.usage()

    def _reach(self, sighting: Sighting) -> None:
        if sighting.value > self.sighting.value:
            self.sighting = sighting


def _before(events: bytes, count: int) -> bytes:
    """The bytes of the first `count` events that say something."""
    start = 0
    for boundary in _BOUNDARY.finditer(events):
        if count == 0:
            break
        count -= len(frames(events[start : boundary.end()]))
        start = boundary.end()
    return events[:start]
