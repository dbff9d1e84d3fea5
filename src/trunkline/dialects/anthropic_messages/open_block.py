"""A streamed block of a kind every dialect knows: text, thinking, a tool call."""

from collections.abc import Mapping
from types import NoneType
from typing import Final

from trunkline.canon.event import PartKind
from trunkline.dialects.anthropic_messages.quick import JsonDelta, TextDelta, ThinkingDelta

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
