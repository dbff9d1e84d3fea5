"""The quick way through the events that make up a stream: deltas that hold content."""

from collections.abc import Mapping
from typing import Final

from msgspec import Raw, Struct, json

from trunkline.canon.event import PartKind

_HEAD: Final = b"event: "
_DATA: Final = b"\ndata: "
NO_HEAD: Final = b"\n"
"""That no event begins with."""

DELTAS: Final[Mapping[bytes, PartKind]] = {
    b"response.output_text.delta": PartKind.TEXT,
    b"response.refusal.delta": PartKind.REFUSAL,
    b"response.reasoning_text.delta": PartKind.REASONING,
    b"response.reasoning_summary_text.delta": PartKind.REASONING,
    b"response.function_call_arguments.delta": PartKind.TOOL_CALL,
    b"response.custom_tool_call_input.delta": PartKind.TOOL_CALL,
}
"""Events that continue a part, and the kind of part each continues."""


class Delta(Struct, gc=False):
    delta: str
    output_index: int
    content_index: int = 0
    summary_index: int = 0
    logprobs: list[Raw] | None = None


class Said(Struct, gc=False):
    """As much of a delta as a watcher wants to know."""

    delta: str
    sequence_number: int = -1


DELTA: Final = json.Decoder(Delta)
SAID: Final = json.Decoder(Said)


def delta_head(event: bytes) -> bytes:
    """
    All before the data of a delta, as OpenAI and nearly all others write it: a name, then one line.

    Empty for any other event or form. Those that follow mostly begin alike.
    """
    end = event.find(b"\n", len(_HEAD))
    if event[: len(_HEAD)] != _HEAD or event[len(_HEAD) : end] not in DELTAS:
        return b""
    return event[: end + len(_DATA)] if event.startswith(_DATA, end) else b""


def name_in(head: bytes) -> str:
    return head[len(_HEAD) : -len(_DATA)].decode()
