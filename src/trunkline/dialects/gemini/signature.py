"""
Signatures of reasoning that another provider wrote, carried through a Gemini client.

Such a client sends `thoughtSignature` back as it came, but for its alphabet: it is bytes to the
SDK, which reads either form of base64 and writes the URL-safe one (google-genai 3.4). So the
foreign proof travels as base64 of a text that begins with a tag of ours and says whose it is.
"""

import re
from base64 import b64decode, b64encode

from trunkline.dialects.gemini.wire import NAME

_TAG = "trunkline.1:"
TAG = b64encode(_TAG.encode())
"""How every packed signature begins, in either alphabet: twelve bytes are sixteen letters."""

_TAGGED = re.compile(r"trunkline\.1:([a-z0-9_-]*):", re.ASCII)

PLACEHOLDER = "skip_thought_signature_validator"
"""What Google takes where a call of another model has no signature (ai.google.dev, thought
signatures, seen 2026-11-21)."""


def pack(signature: str, origin: str) -> str:
    """As a Gemini client shall see it; Gemini's own is left alone."""
    if origin == NAME:
        return signature
    return b64encode(f"{_TAG}{origin}:{signature}".encode()).decode()


def unpack(packed: str) -> tuple[str, str]:
    """The signature and the dialect it belongs to."""
    if not packed.startswith(TAG.decode()):
        return packed, NAME
    plain = packed.replace("-", "+").replace("_", "/")
    try:
        text = b64decode(plain + "=" * (-len(plain) % 4), validate=True).decode()
    except ValueError:
        return packed, NAME
    match = _TAGGED.match(text)
    return (packed, NAME) if match is None else (text[match.end() :], match[1])
