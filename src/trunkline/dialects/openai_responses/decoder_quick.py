"""The quick way through the events that make up a stream: deltas that hold content."""

from collections.abc import Mapping
from typing import Final, TypeVar

from msgspec import Raw, Struct, json

from trunkline.canon.event import PartKind
from trunkline.dialects.raws import NOT_JSON

ShapeT = TypeVar("ShapeT")

_HEAD: Final = b"event: "
_DATA: Final = b"\ndata: "
_END: Final = b"\n\n"
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
    type: str
    delta: str
    output_index: int
    content_index: int = 0
    summary_index: int = 0
    logprobs: list[Raw] | None = None


class Said(Struct, gc=False):
    """As much of a delta as a watcher wants to know."""

    type: str
    delta: str
    sequence_number: int = -1


DELTA: Final = json.Decoder(Delta)
SAID: Final = json.Decoder(Said)


def delta_head(event: bytes) -> bytes:
    """
    All before the data of a delta, as OpenAI and nearly all others write it: a name, then one line.

    Empty for any other event or form. Those that follow mostly begin alike. Where data of another
    type follows, the data is right.
    """
    end = event.find(b"\n", len(_HEAD))
    if event[: len(_HEAD)] != _HEAD or event[len(_HEAD) : end] not in DELTAS:
        return b""
    return event[: end + len(_DATA)] if event.startswith(_DATA, end) else b""


def read_run(block: bytes, head: bytes, decoder: json.Decoder[ShapeT]) -> list[ShapeT] | None:
    """
    The events of a block in one call into C, where all of them begin with `head` and have one line
    of data; None where there is anything else in it, or anything wrong.
    """
    if not block.startswith(head) or b"\r" in block or not _is_text(block):
        return None
    data = block[len(head) :].removesuffix(_END).replace(_END + head, b"\n")
    try:
        if b"\n" not in data:
            return [decoder.decode(data)]
        # As many lines as events: then each line is the data of one.
        count = data.count(b"\n") + 1
        if _END in data or count != block.count(_END) + (not block.endswith(_END)):
            return None
        events = decoder.decode_lines(data)
    except NOT_JSON:
        return None
    return events if len(events) == count else None


def _is_text(data: bytes) -> bool:
    """UTF-8, whatever of it is read."""
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def name_in(head: bytes) -> str:
    return head[len(_HEAD) : -len(_DATA)].decode()
