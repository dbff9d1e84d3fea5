"""
Signatures of what another provider wrote: of its reasoning, carried through a Gemini client, and of
its calls, for which Google takes a word.

Such a client sends `thoughtSignature` back as it came, but for its alphabet: it is bytes to the
SDK, which reads either form of base64 and writes the URL-safe one (google-genai 3.4). So the
foreign proof travels as base64 of a text that begins with a tag of ours and says whose it is.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, MutableMapping, Sequence

from msgspec import Raw

from trunkline.dialects.gemini.wire import NAME
from trunkline.dialects.raws import NULL

_TAG = "trunkline.1:"
TAG = b64encode(_TAG.encode())
"""How every packed signature begins, in either alphabet: twelve bytes are sixteen letters."""

_TAGGED = re.compile(r"trunkline\.1:([a-z0-9_-]*):", re.ASCII)

PLACEHOLDER = "skip_thought_signature_validator"
"""What Google takes where a call of another model has no signature (ai.google.dev, thought
signatures, seen 2026-11-21)."""

_CALL = ("functionCall", "function_call")
_SIGNATURE = ("thoughtSignature", "thought_signature")
_UNSIGNED = (None, "", NULL, Raw(b'""'))


def sign_calls(contents: Iterable[tuple[str, Sequence[Raw | MutableMapping[str, object]]]]) -> bool:
    """
    Whether there was one to sign; each content is its role and parts, calls among them as mappings.

    Gemini 3 wants the first call of each turn signed, whoever wrote it. What a model says in one
    turn may stand in several contents: Google's SDK keeps one for each chunk of a stream.
    """
    called = changed = False
    for role, parts in contents:
        if role != "model":
            called = False
        first = None if called else next(filter(_is_call, parts), None)
        if first is None or isinstance(first, Raw):
            continue
        called = True
        field = next((name for name in _SIGNATURE if name in first), _SIGNATURE[0])
        if first.get(field) in _UNSIGNED:
            first[field] = PLACEHOLDER
            changed = True
    return changed


def _is_call(part: Raw | MutableMapping[str, object]) -> bool:
    return not isinstance(part, Raw) and any(part.get(name) is not None for name in _CALL)


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
