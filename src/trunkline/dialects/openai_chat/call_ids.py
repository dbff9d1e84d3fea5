"""
Ids of tool calls: invented where an upstream gives none, fitted to what an upstream takes, and
the one place clients of any dialect carry through in which a thought signature can travel.
"""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from string import ascii_letters, digits

from msgspec import Raw, json

from trunkline.dialects.raws import NOT_JSON

# OpenAI: "string too long. Expected a string with maximum length 40" (seen 2026-11-21).
_LONGEST = 40
_ALPHABET = digits + ascii_letters
_MISTRAL_LENGTH = 9
_SIGNED = "__thought_"

_EXTRA = json.Decoder(dict[str, dict[str, Raw]])
_STRING = json.Decoder(str)


def invented(answer_id: str, choice: int, number: int) -> str:
    """For a choice's n-th call; the same however the answer is read."""
    return "call_" + sha256(f"{answer_id}:{choice}:{number}".encode()).hexdigest()[:24]


def signed(call_id: str, extra_content: Mapping[str, Raw] | None) -> str:
    """
    The id with Gemini's thought signature in it, in letters every dialect's ids may have.

    Gemini 3 refuses a history whose calls lack it (ai.google.dev/gemini-api/docs/thought-signatures,
    seen 2026-11-21), and no other field survives an Anthropic client.
    """
    if not extra_content:
        return call_id
    try:
        google = _EXTRA.decode(json.encode(extra_content))["google"]
        signature = _STRING.decode(google["thought_signature"])
    except (*NOT_JSON, KeyError):
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


def fitted(call_id: str, style: str) -> str:
    """The id as an upstream takes it: the same for the call and its result, on every turn."""
    plain, _ = unsigned(call_id)
    if style == "mistral":
        if len(plain) == _MISTRAL_LENGTH and plain.isascii() and plain.isalnum():
            return plain
        number = int.from_bytes(sha256(plain.encode()).digest()[:8], "big")
        letters = []
        for _ in range(_MISTRAL_LENGTH):
            number, at = divmod(number, len(_ALPHABET))
            letters.append(_ALPHABET[at])
        return "".join(letters)
    if len(plain) <= _LONGEST:
        return plain
    return "call_" + sha256(plain.encode()).hexdigest()[:32]
