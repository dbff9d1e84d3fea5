"""
Ids of tool calls with a thought signature in them: the one place that clients of every dialect
carry through and send back.

Gemini 3 refuses a history whose calls lack their signatures
(ai.google.dev/gemini-api/docs/thought-signatures, seen 2026-11-21), and no other field of a call
survives an Anthropic client. Whoever asks an upstream takes the id apart again; what passes
untranslated is mended for that.
"""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping

from msgspec import Raw, json

from trunkline.dialects.raws import NOT_JSON, RAW_LIST, RAW_MAP

_SIGNED = "__thought_"
_MARK = _SIGNED.encode()
_STRING = json.Decoder(str)

Mend = Callable[[Raw], Raw]
"""An object of a request as another upstream takes it; the same one where nothing is to be done."""


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


def mend_each(entries: Raw, mend: Mend) -> Raw:
    """A list in a request; one cheap look tells of most that nothing in them is signed."""
    if _MARK not in bytes(entries):
        return entries
    try:
        before = RAW_LIST.decode(entries)
        after = [mend(entry) if _MARK in bytes(entry) else entry for entry in before]
    except NOT_JSON:
        return entries  # not the API's shape: the upstream may refuse it
    return entries if after == before else Raw(json.encode(after))


def mend_list(entry: Raw, field: str, mend: Mend) -> Raw:
    """An object with the entries of one of its fields mended. Raises NOT_JSON."""
    fields = RAW_MAP.decode(entry)
    before = fields.get(field)
    after = None if before is None else mend_each(before, mend)
    return entry if after == before else _with(fields, field, after)


def mend_id(entry: Raw, field: str, fit: Callable[[str], str]) -> Raw:
    """An object with the signature off the id in `field`, the rest of it fitted. Raises NOT_JSON."""
    fields = RAW_MAP.decode(entry)
    raw = fields.get(field)
    if raw is None or _MARK not in bytes(raw) or not bytes(raw).startswith(b'"'):
        return entry
    plain, signature = unsigned(_STRING.decode(raw))
    return _with(fields, field, fit(plain)) if signature else entry


def _with(fields: Mapping[str, Raw], field: str, value: object) -> Raw:
    return Raw(json.encode({**fields, field: value}))
