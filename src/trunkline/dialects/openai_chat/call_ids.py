"""
Ids of tool calls: fitted to what an upstream takes, and with a thought signature in them where an
upstream gives one.
"""

from collections.abc import Mapping
from hashlib import sha256
from string import ascii_letters, digits

from msgspec import Raw, json

from trunkline.dialects import thought_ids
from trunkline.dialects.raws import NOT_JSON, RAW_MAP

# OpenAI: "string too long. Expected a string with maximum length 40" (seen 2026-11-21).
_LONGEST = 40
_ALPHABET = digits + ascii_letters
_MISTRAL_LENGTH = 9

_EXTRA = json.Decoder(dict[str, dict[str, Raw]])
_STRING = json.Decoder(str)


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


def mended(messages: Raw, *, signatures: bool) -> Raw:
    """
    A client's own messages without signatures in their ids, all else to the byte.

    `signatures`: the upstream wants them where Gemini's endpoint itself tells them.
    """

    def mend(message: Raw) -> Raw:
        message = thought_ids.mend_id(message, "tool_call_id", _short)
        return thought_ids.mend_list(message, "tool_calls", _told if signatures else _mended)

    return thought_ids.mend_each(messages, mend)


def extra_content(signature: str) -> Mapping[str, object]:
    """Of a call, as Gemini's OpenAI endpoint tells its signature."""
    return {"google": {"thought_signature": signature}}


def _short(plain: str) -> str:
    return fitted(plain, "")


def _mended(call: Raw) -> Raw:
    return thought_ids.mend_id(call, "id", _short)


def _told(call: Raw) -> Raw:
    mended = _mended(call)
    if mended == call:
        return call
    fields = RAW_MAP.decode(call)
    _, signature = thought_ids.unsigned(_STRING.decode(fields["id"]))
    told: dict[str, object] = {"extra_content": extra_content(signature)}
    return Raw(json.encode(told | RAW_MAP.decode(mended)))
