"""
The stream of Bedrock, made canonical events.

messageStart, then blocks (start for tools alone, deltas, stop), messageStop, metadata; exceptions
come as events (docs.aws.amazon.com/bedrock, ConverseStream, seen 2026-11-21).
"""

import base64
from collections.abc import Callable, Mapping
from typing import ClassVar

from trunkline.canon.errors import Disconnected, Garbled, GatewayError
from trunkline.canon.event import (
    Annotated,
    Burst,
    Ended,
    Event,
    Faulted,
    Finished,
    PartClosed,
    PartDelta,
    PartKind,
    PartOpened,
    Signed,
    Started,
    UsageReported,
)
from trunkline.dialects.bedrock_converse import wire
from trunkline.dialects.bedrock_converse.decode_answer import check_stop, garbled
from trunkline.dialects.bedrock_converse.errors import decode_exception
from trunkline.dialects.bedrock_converse.finish import reason_of
from trunkline.dialects.bedrock_converse.usage import usage_of
from trunkline.dialects.bedrock_converse.wire import NAME, EventIn, present
from trunkline.wire.awsstream import Message, Reader


class _Block:
    """A block being streamed."""

    __slots__ = ("kind", "part", "redacted", "signature", "wrote")

    def __init__(self, part: int, kind: PartKind, *, redacted: bool) -> None:
        self.part = part
        self.kind = kind
        self.redacted = redacted
        self.signature = ""
        self.wrote = False


class Decoder:
    __slots__ = (
        "_blocks",
        "_called",
        "_done",
        "_fault",
        "_finished",
        "_ignored",
        "_out",
        "_parts",
        "_reader",
        "_started",
    )

    def __init__(self) -> None:
        self._reader = Reader()
        self._out: list[Event] = []
        self._blocks: dict[int, _Block] = {}
        self._ignored: set[int] = set()
        """Blocks of tools that the provider runs itself."""
        self._parts = 0
        self._called = self._started = self._finished = self._done = False
        self._fault: GatewayError | None = None

    def feed(self, data: bytes) -> Burst:
        """Events that `data` completes. What came before an unreadable one is given first."""
        if self._done:
            return []
        if self._fault is not None:
            raise self._fault
        out: list[Event] = []
        self._out = out
        try:
            for message in self._reader.feed(data):
                self._message(message)
        except Garbled as error:
            self._fault = error
        except wire.BROKEN as error:
            self._fault = garbled(error)
        if self._fault is not None and not out:
            raise self._fault
        return out

    def finish(self) -> Burst:
        if self._done:
            return []
        if self._fault is not None:
            raise self._fault
        if self._reader.cut or not self._finished:
            raise Disconnected("the provider's stream ended before the answer was whole")
        self._done = True
        return [Ended()]

    def _message(self, message: Message) -> None:
        if self._done:
            return
        headers = message.headers
        kind = headers.get(":message-type")
        if kind == "exception":
            self._fail(decode_exception(str(headers.get(":exception-type", "")), message.payload))
        elif kind == "error":  # not of the service, but of the stream itself
            told = str(headers.get(":error-message", ""))
            code = str(headers.get(":error-code", ""))
            self._fail(decode_exception(code, message.payload or told.encode()))
        else:
            event_type = str(headers.get(":event-type", ""))
            handler = self._HANDLERS.get(event_type)
            if handler is None:
                return  # what may be added one day
            if self._started == (event_type == "messageStart"):
                raise Garbled("the provider's stream has no beginning, or two")
            handler(self, wire.EVENT.decode(message.payload))

    def _fail(self, error: GatewayError) -> None:
        self._done = True
        self._out.append(Faulted(error))

    def _message_start(self, _event: EventIn) -> None:
        self._started = True
        self._out.append(Started("", "", origin=NAME))

    def _block_start(self, event: EventIn) -> None:
        index = event.content_block_index
        if self._finished:
            raise Garbled("the provider opened a content block after the end")
        if index in self._blocks:
            raise Garbled("the provider opened a content block that is open already")
        call = None if event.start is None else event.start.tool_use
        if call is None or not call.is_clients:
            self._ignored.add(index)
            return
        self._called = True
        block = self._blocks[index] = _Block(self._parts, PartKind.TOOL_CALL, redacted=False)
        self._parts += 1
        self._out.append(
            PartOpened(block.part, PartKind.TOOL_CALL, id=call.tool_use_id, name=call.name)
        )

    def _block_delta(self, event: EventIn) -> None:
        delta, index = event.delta, event.content_block_index
        if delta is None or index in self._ignored:
            return
        if (text := delta.text) is not None:
            self._write(self._open(index, PartKind.TEXT), text)
        elif delta.tool_use is not None:
            block = self._blocks.get(index)
            if block is None or block.kind is not PartKind.TOOL_CALL:
                raise Garbled("the provider continued a tool call that is not open")
            self._write(block, delta.tool_use.input)
        elif delta.reasoning_content is not None:
            self._reason(index, delta.reasoning_content)
        elif (citation := present(delta.citation)) is not None:
            block = self._open(index, PartKind.TEXT)
            self._out.append(Annotated(block.part, citation, NAME))

    def _reason(self, index: int, delta: wire.ReasoningDeltaIn) -> None:
        if (hidden := delta.redacted_content) is not None:
            block = self._open(index, PartKind.REASONING, redacted=True)
            block.signature = _joined(block.signature, hidden)
            return
        block = self._open(index, PartKind.REASONING)
        if delta.text:
            self._write(block, delta.text)
        block.signature += delta.signature or ""

    def _open(self, index: int, kind: PartKind, *, redacted: bool = False) -> _Block:
        """
        The block at `index`: only those of tools are announced.

        A block of another kind is closed first, for models that think and speak in one.
        """
        block = self._blocks.get(index)
        if block is not None and block.kind is kind and block.redacted == redacted:
            return block
        if self._finished:
            raise Garbled("the provider opened a content block after the end")
        if block is not None:
            self._close(index)
        block = self._blocks[index] = _Block(self._parts, kind, redacted=redacted)
        self._parts += 1
        origin = NAME if kind is PartKind.REASONING else ""
        self._out.append(PartOpened(block.part, kind, origin=origin, redacted=redacted))
        return block

    def _write(self, block: _Block, text: str) -> None:
        if text:
            block.wrote = True
            self._out.append(PartDelta(block.part, text))

    def _block_stop(self, event: EventIn) -> None:
        index = event.content_block_index
        self._ignored.discard(index)
        if index in self._blocks:  # else an empty text: it had no delta
            self._close(index)

    def _close(self, index: int) -> None:
        block, out = self._blocks.pop(index), self._out
        if block.kind is PartKind.TOOL_CALL and not block.wrote:
            # A call without arguments sends no pieces; as a whole answer it says {}.
            out.append(PartDelta(block.part, "{}"))
        if block.signature:
            out.append(Signed(block.part, block.signature, NAME))
        out.append(PartClosed(block.part))

    def _message_stop(self, event: EventIn) -> None:
        if self._finished or not event.stop_reason:
            raise Garbled("the provider's stream ends twice, or without saying why")
        check_stop(event.stop_reason)
        for index in sorted(self._blocks):
            self._close(index)
        self._finished = True
        reason = reason_of(event.stop_reason, called=self._called)
        self._out.append(Finished(reason, native=event.stop_reason, origin=NAME))

    def _metadata(self, event: EventIn) -> None:
        """The last event: nothing follows it."""
        if event.usage is not None:
            self._out.append(UsageReported(usage_of(event.usage)))
        if self._finished:
            self._done = True
            self._out.append(Ended())

    # Of the class: methods bound to a decoder would hold what holds them, for the collector to part.
    _HANDLERS: ClassVar[Mapping[str, Callable[["Decoder", EventIn], None]]] = {
        "messageStart": _message_start,
        "contentBlockStart": _block_start,
        "contentBlockDelta": _block_delta,
        "contentBlockStop": _block_stop,
        "messageStop": _message_stop,
        "metadata": _metadata,
    }


def _joined(before: str, more: str) -> str:
    """Pieces of base64 as the base64 of the whole. Raises ValueError."""
    if not before:
        return more
    decode = base64.b64decode
    return base64.b64encode(decode(before, validate=True) + decode(more, validate=True)).decode()
