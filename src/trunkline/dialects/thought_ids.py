"""
Ids of tool calls with a thought signature in them: the one place that clients of every dialect
carry through and send back.

Gemini 3 refuses a history whose calls lack their signatures
(ai.google.dev/gemini-api/docs/thought-signatures, seen 2026-11-21), and no other field of a call
survives an Anthropic client. Whoever asks an upstream takes the id apart again.
"""

from base64 import b64decode, urlsafe_b64encode

_SIGNED = "__thought_"


def signed(call_id: str, signature: str) -> str:
    """The id with the signature in it, in letters every dialect's ids may have."""
    if not signature:
        return call_id
    return call_id + _SIGNED + urlsafe_b64encode(signature.encode()).decode().rstrip("=")


def unsigned(call_id: str) -> tuple[str, str]:
    """The id as the upstream gave it, and the thought signature or ""."""
    plain, mark, packed = call_id.partition(_SIGNED)
    if not (mark and packed):
        return call_id, ""
    padded = packed + "=" * (-len(packed) % 4)
    try:
        return plain, b64decode(padded, altchars=b"-_", validate=True).decode()
    except ValueError:
        return call_id, ""
