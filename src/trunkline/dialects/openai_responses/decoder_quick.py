"""The quick way through the events that make up a stream: deltas that hold content."""

from collections.abc import Mapping
from typing import Final

from msgspec import Raw, Struct, json

from trunkline.canon.event import PartKind

HEAD: Final = b"event: "
DATA: Final = b"data: "

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
    type: str
    delta: str
    output_index: int
    sequence_number: int = -1
    content_index: int = 0
    summary_index: int = 0
    logprobs: list[Raw] | None = None


DELTA: Final = json.Decoder(Delta)


def quick_delta(block: bytes) -> Delta | None:
    """
    One event as OpenAI and nearly all others write it: a name, then one line of data.

    None for any other event or form. Raises one of raws.NOT_JSON where it only looks like one.
    """
    if block[:7] != HEAD:
        return None
    end = block.find(b"\n", 7)
    name = block[7:end]
    if name not in DELTAS or block[end + 1 : end + 7] != DATA:
        return None
    delta = DELTA.decode(block[end + 7 :])
    return delta if delta.type.encode() == name else None
