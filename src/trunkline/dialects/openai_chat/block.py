"""Many events in one call into C: what makes reading a stream cost less than a microsecond each."""

from typing import TypeVar

from msgspec import json

from trunkline.dialects.raws import NOT_JSON

DONE = b"data: [DONE]\n\n"
CONTENT = b'"content":"'
"""What the text of a plain delta stands behind."""

_BEHIND = b"\n\n" + DONE
_JOINT = b"}\n\ndata: {"
_JOINED = b"}\n{"
_SAVED = len(_JOINT) - len(_JOINED)

ShapeT = TypeVar("ShapeT")


def is_done(block: bytes) -> bool:
    """A block's last event is the sentinel; bytes like it at the end of another event are not."""
    return block.endswith(DONE) and (len(block) == len(DONE) or block.endswith(_BEHIND))


def decode_block(block: bytes, decoder: json.Decoder[ShapeT]) -> list[ShapeT] | None:
    """
    The events of a block that holds nothing but lines of `data: {...}`; None where there is
    anything else in it, or anything wrong, so that wire.sse.frames must look one by one.

    Lines are joined as JSON lines. That every newline belongs to a joint, each between a brace
    that closes and one that opens, makes sure that no two events can pass as one or one as two.
    """
    if (
        block[:7] != b"data: {"
        or block.find(b"\r") >= 0
        or not (block.isascii() or _is_utf8(block))
    ):
        return None
    end = len(block) - 2
    try:
        if block.find(b"\n") == end:
            return [decoder.decode(block[6:end])]
        if not block.endswith(b"}\n\n"):
            return None
        joined = block.replace(_JOINT, _JOINED)
        count = (len(block) - len(joined)) // _SAVED + 1
        if joined.count(b"\n") != count + 1:
            return None
        events = decoder.decode_lines(joined[6:])
    except NOT_JSON:
        return None
    return events if len(events) == count else None


def _is_utf8(block: bytes) -> bool:
    """Fields that are skipped or kept raw would not tell."""
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True
