"""
Proofs of reasoning that clients of this API carry for us, in a reasoning item's `encrypted_content`.

Clients return that text unread with their next turn. So what another dialect's model gave as proof
of its reasoning travels there, behind a tag of ours that tells whose it is, and goes back to its
own maker alone. OpenAI's own content does too where its item could not keep its id, by which
OpenAI would know it again.
"""

import re

from trunkline.canon.content import Reasoning

_TAGGED = re.compile(r"trunkline\.1:([a-z0-9_-]*):([01]):", re.ASCII)


def carry(signature: str, origin: str, *, redacted: bool) -> str:
    """As a client shall see it."""
    return f"trunkline.1:{origin}:{redacted:d}:{signature}"


def carried(text: str, encrypted: str) -> Reasoning | None:
    """The part that an item with this text stands for; None where its proof is none of ours."""
    match = _TAGGED.match(encrypted)
    if match is None:
        return None
    return Reasoning(text, encrypted[match.end() :], match[1], match[2] == "1")
