"""
Signatures of reasoning that another provider wrote, carried through an Anthropic client.

A client of this dialect returns `signature` and redacted `data` unread with its next turn.
So the proof a foreign model gave for its reasoning travels there, behind a tag of ours that
tells whose it is; on the way back in it is unpacked and goes to its own maker alone.
"""

import re

from trunkline.dialects.anthropic_messages.wire import NAME

TAG = "trunkline.1:"
_TAGGED = re.compile(r"trunkline\.1:([a-z0-9_-]*):", re.ASCII)


def pack(signature: str, origin: str) -> str:
    """As an Anthropic client shall see it; Anthropic's own is left alone."""
    return signature if origin == NAME else f"{TAG}{origin}:{signature}"


def unpack(packed: str) -> tuple[str, str]:
    """The signature and the dialect it belongs to."""
    match = _TAGGED.match(packed)
    if match is None:
        return packed, NAME
    return packed[match.end() :], match.group(1)
