"""The blocks of a stream that are open: what each makes of its start, its deltas and its end."""

from collections.abc import Mapping
from types import NoneType
from typing import Final

from msgspec import Raw

from trunkline.canon.errors import Garbled
from trunkline.canon.event import (
    Annotated,
    Event,
    PartClosed,
    PartDelta,
    PartKind,
    PartOpened,
    Signed,
)
from trunkline.dialects.anthropic_messages import wire
from trunkline.dialects.anthropic_messages.decode_answer import call_extra, text_extra
from trunkline.dialects.anthropic_messages.opaque import OpaqueBlock
from trunkline.dialects.anthropic_messages.quick import JsonDelta, TextDelta, ThinkingDelta
from trunkline.dialects.anthropic_messages.wire import NAME, EventIn, present

KINDS: Final[Mapping[str, tuple[PartKind, type]]] = {
    "text": (PartKind.TEXT, TextDelta),
    "thinking": (PartKind.REASONING, ThinkingDelta),
    "redacted_thinking": (PartKind.REASONING, NoneType),
    "tool_use": (PartKind.TOOL_CALL, JsonDelta),
}
"""The part a block becomes, and what its content comes as."""

DELTAS: Final[Mapping[str, type]] = {
    "text_delta": TextDelta,
    "thinking_delta": ThinkingDelta,
    "input_json_delta": JsonDelta,
}
"""What a block's content comes as, by the delta's type."""


class OpenBlock:
    """A block being streamed: where its deltas go, and what they amount to besides."""

    __slots__ = ("delta", "given", "kind", "part", "signature", "wrote")

    def __init__(self, part: int, kind: PartKind, delta: type) -> None:
        self.part = part
        self.kind = kind
        self.delta = delta
        """What its content comes as."""
        self.wrote = False
        self.signature = ""
        self.given = ""
        """A call's input that already stood in its start."""


class OpenBlocks:
    """Of one answer, whose parts they number. What is wrong with an event raises Garbled."""

    __slots__ = ("_opaque", "_parts", "called", "known")

    def __init__(self) -> None:
        self.known: dict[int, OpenBlock] = {}
        """Those of a kind every dialect has, by their index."""
        self._opaque: dict[int, OpaqueBlock] = {}
        self._parts = 0
        self.called = False
        """A tool of the client's was."""

    def start(self, event: EventIn, out: list[Event]) -> None:
        raw = present(event.content_block)
        if raw is None or event.index in self.known or event.index in self._opaque:
            raise Garbled("the provider opened a content block that is none, or open already")
        block = wire.ANSWER_BLOCK.decode(raw)
        known = KINDS.get(block.type)
        if known is None:
            self._opaque[event.index] = OpaqueBlock(raw)
            return
        kind, delta = known
        opened = OpenBlock(self._parts, kind, delta)
        self.known[event.index] = opened
        self._parts += 1
        self._open(opened, block, raw, out)

    def more(self, event: EventIn, data: bytes, out: list[Event]) -> None:
        """Signatures, citations, what belongs to blocks we do not look into."""
        delta = event.delta
        opaque = self._opaque.get(event.index)
        if opaque is not None:
            opaque.feed(data)
            return
        block = self.known.get(event.index)
        if block is None or delta is None:
            raise Garbled("the provider continued a content block that is not open")
        if delta.type == "signature_delta" and block.kind is PartKind.REASONING:
            block.signature += delta.signature
        elif delta.type == "citations_delta" and block.kind is PartKind.TEXT:
            if (citation := present(delta.citation)) is not None:
                out.append(Annotated(block.part, citation, NAME))
        elif DELTAS.get(delta.type) is block.delta:
            # Content in an unusual frame.
            if text := delta.content:
                block.wrote = True
                out.append(PartDelta(block.part, text))
        elif delta.type in DELTAS:
            raise Garbled(f"the provider sent a {delta.type} within a {block.kind.value}")

    def stop(self, index: int, out: list[Event]) -> None:
        if index not in self.known and index not in self._opaque:
            raise Garbled("the provider closed a content block that is not open")
        self._close(index, out)

    def stop_all(self, out: list[Event]) -> None:
        """Those that nobody closed, when the answer has ended."""
        for index in sorted([*self.known, *self._opaque]):
            self._close(index, out)

    def _open(self, opened: OpenBlock, block: wire.AnswerBlock, raw: Raw, out: list[Event]) -> None:
        part = opened.part
        match block.type:
            case "text":
                out.append(PartOpened(part, PartKind.TEXT, extra=text_extra(raw)))
                opened.wrote = bool(block.text)
                if block.text:
                    out.append(PartDelta(part, block.text))
                out += [Annotated(part, citation, NAME) for citation in block.citations or ()]
            case "tool_use":
                self.called = True
                opened.given = wire.text_of(block.input)
                kind, extra = PartKind.TOOL_CALL, call_extra(raw)
                out.append(PartOpened(part, kind, 0, block.id, block.name, extra=extra))
            case _:
                redacted = block.type == "redacted_thinking"
                kind = PartKind.REASONING
                out.append(PartOpened(part, kind, origin=NAME, redacted=redacted))
                if block.thinking:
                    out.append(PartDelta(part, block.thinking))
                opened.signature = block.data if redacted else block.signature or ""

    def _close(self, index: int, out: list[Event]) -> None:
        opaque = self._opaque.pop(index, None)
        if opaque is not None:
            part = self._parts
            self._parts += 1
            out.append(PartOpened(part, PartKind.OPAQUE, raw=opaque.close(), origin=NAME))
            out.append(PartClosed(part))
            return
        block = self.known.pop(index)
        if block.kind is PartKind.TOOL_CALL and not block.wrote:
            # A call without arguments sends empty pieces only; as a whole answer it says {}.
            out.append(PartDelta(block.part, block.given or "{}"))
        if block.signature:
            out.append(Signed(block.part, block.signature, NAME))
        out.append(PartClosed(block.part))
