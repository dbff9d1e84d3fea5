"""A whole answer: what a stream of events amounts to."""

from collections.abc import Mapping

from msgspec import Raw, Struct

from trunkline.canon.content import Part
from trunkline.canon.event import FinishReason
from trunkline.canon.usage import Usage


class Choice(Struct, frozen=True, gc=False, kw_only=True):
    index: int = 0
    parts: tuple[Part, ...] = ()
    """Text, Reasoning, ToolCall, Refusal and Opaque, in order."""
    finish: FinishReason | None = None
    native: str = ""
    stop_sequence: str | None = None
    details: Raw | None = None
    logprobs: Raw | None = None


class Answer(Struct, frozen=True, gc=False, kw_only=True):
    id: str = ""
    model: str = ""
    created: int = 0
    choices: tuple[Choice, ...] = ()
    usage: Usage | None = None
    """None when the upstream reported nothing."""
    extra: Mapping[str, Raw] = {}
    origin: str = ""
