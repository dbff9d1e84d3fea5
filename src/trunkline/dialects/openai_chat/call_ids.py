"""
Ids of tool calls: invented where an upstream gives none, fitted to what an upstream takes, and
with a thought signature in them where an upstream gives one.
"""

from collections.abc import Mapping
from hashlib import sha256
from string import ascii_letters, digits

from msgspec import Raw, json

from trunkline.dialects import thought_ids
from trunkline.dialects.raws import NOT_JSON

# OpenAI: "string too long. Expected a string with maximum length 40" (seen 2026-11-21).
_LONGEST = 40
_ALPHABET = digits + ascii_letters
_MISTRAL_LENGTH = 9

_EXTRA = json.Decoder(dict[str, dict[str, Raw]])
_STRING = json.Decoder(str)


def invented(answer_id: str, choice: int, number: int) -> str:
    """For a choice's n-th call; the same however the answer is read."""
    return "call_" + sha256(f"{answer_id}:{choice}:{number}".encode()).hexdigest()[:24]


def signed(call_id: str, extra_content: Mapping[str, Raw] | None) -> str:
    """The id with Gemini's thought signature in it, as its OpenAI endpoint tells it."""
    if not extra_content:
        return call_id
    try:
        google = _EXTRA.decode(json.encode(extra_content))["google"]
        signature = _STRING.decode(google["thought_signature"])
    except (*NOT_JSON, KeyError):
        return call_id
    return thought_ids.signed(call_id, signature)


def fitted(call_id: str, style: str) -> str:
    """The id as an upstream takes it: the same for the call and its result, on every turn."""
    plain, _ = thought_ids.unsigned(call_id)
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
