"""
Thinking with its proof of origin, carried through clients that know nothing of either.

The text stands in `reasoning_content`, as DeepSeek names it. The proof stands beside it in
`reasoning_details`, in OpenRouter's shape (openrouter.ai/docs/use-cases/reasoning-tokens, seen
2026-11-21), which clients already keep and send back: entries of ours say in `format` whose
signature it is, entries of an upstream are kept whole.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Raw, Struct, json

from trunkline.canon.content import Reasoning
from trunkline.dialects.openai_chat.wire import NAME
from trunkline.dialects.raws import NOT_JSON, RAW_LIST, RAW_MAP

UNPROVEN = "the proof of another provider's reasoning dropped: it is not known here"
"""The note for it."""
_OURS = "trunkline/"
_TAG = b'"trunkline'
"""Where an entry of ours may be. Some write the slash behind it with a backslash."""
_TEXT = "reasoning.text"
_HIDDEN = "reasoning.encrypted"
# Streamed in pieces; whatever else an entry has comes whole.
_PIECES = ("text", "summary", "data", "signature")


class Detail(Struct, omit_defaults=True):
    type: str = ""
    text: str | None = None
    summary: str | None = None
    data: str | None = None
    signature: str | None = None
    format: str | None = None


class _Ours(Struct, omit_defaults=True):
    type: str
    format: str
    index: int
    text: str = ""
    signature: str = ""
    data: str = ""


_DETAIL = json.Decoder(Detail)
_ANY = json.Decoder(dict[str, Any])


def write_details(reasoning: Reasoning, index: int) -> list[Raw]:
    """The entries of `reasoning_details` for one part; none where nothing proves it."""
    if not reasoning.signature:
        return []
    if reasoning.origin == NAME:
        try:
            return RAW_LIST.decode(reasoning.signature)
        except NOT_JSON:
            return []
    entry = _Ours(_TEXT, _OURS + reasoning.origin, index, reasoning.text, reasoning.signature)
    if reasoning.redacted:
        entry = _Ours(_HIDDEN, _OURS + reasoning.origin, index, data=reasoning.signature)
    return [Raw(json.encode(entry))]


def replayed(thoughts: Sequence[Reasoning]) -> list[Raw]:
    """The entries for an upstream: those that one of this dialect wrote. It can check no others."""
    return [
        raw
        for index, part in enumerate(thoughts)
        if part.origin == NAME
        for raw in write_details(part, index)
    ]


def without_ours(messages: Raw) -> Raw:
    """
    A client's history without our entries, which are proofs of other makers; itself where it has
    none. What is not the API's shape is left for the upstream to refuse.
    """
    if _TAG not in bytes(messages):
        return messages
    try:
        before = RAW_LIST.decode(messages)
        after = [_without_ours(message) for message in before]
    except NOT_JSON:
        return messages
    return messages if after == before else Raw(json.encode(after))


def _without_ours(message: Raw) -> Raw:
    if _TAG not in bytes(message):
        return message
    fields = RAW_MAP.decode(message)
    details = fields.pop("reasoning_details", None)
    before = [] if details is None or bytes(details) == b"null" else RAW_LIST.decode(details)
    kept = [raw for raw in before if ours_in(raw) is None]
    if len(kept) == len(before):
        return message
    return Raw(json.encode({**fields, "reasoning_details": kept} if kept else fields))


def read_reasoning(text: str, details: Sequence[Raw]) -> list[Reasoning]:
    """Back from both fields: a part for each entry of ours, one for all of an upstream's."""
    ours: list[Reasoning] = []
    theirs: list[Raw] = []
    for raw in details:
        part = ours_in(raw)
        if part is None:
            theirs.append(raw)
        else:
            ours.append(part)
    proof = proof_of(theirs)
    if proof or (text and not ours):
        said = text or _text_of(theirs)
        ours.insert(0, Reasoning(said, proof, NAME if proof else "", bool(proof) and not said))
    elif not ours and (said := _text_of(theirs)):
        ours.append(Reasoning(said))
    return ours


def ours_in(raw: Raw) -> Reasoning | None:
    """The part an entry of ours stands for; None for anybody else's."""
    detail = _detail(raw)
    if detail is None or not (detail.format or "").startswith(_OURS):
        return None
    origin = (detail.format or "").removeprefix(_OURS)
    if detail.type == _HIDDEN:
        return Reasoning("", detail.data or "", origin, redacted=True)
    return Reasoning(detail.text or "", detail.signature or "", origin)


def proof_of(details: Sequence[Raw]) -> str:
    """An upstream's entries as a signature: a JSON array, pieces joined; "" where they prove nothing."""
    known = [detail for raw in details if (detail := _detail(raw)) is not None]
    if not any(detail.signature or detail.data for detail in known):
        return ""
    return json.encode(_joined(details)).decode()


def shown_in(details: Sequence[Raw] | None) -> str:
    """What an upstream's entries say: Snowflake has no other field for it (recorded 2026-08)."""
    return _text_of([raw for raw in details or () if ours_in(raw) is None])


def _joined(details: Sequence[Raw]) -> Sequence[Mapping[str, object]]:
    """Entries of a stream that continue the one before (same type and index) become one with it."""
    joined: list[dict[str, Any]] = []
    for raw in details:
        try:
            entry = _ANY.decode(raw)
        except NOT_JSON:
            continue
        last = joined[-1] if joined else {}
        same = ("type" in last) and all(last.get(k) == entry.get(k) for k in ("type", "index"))
        if not same or (last.get("id") or entry.get("id")) != (entry.get("id") or last.get("id")):
            joined.append(entry)
            continue
        for key, value in entry.items():
            have = last.get(key)
            if key in _PIECES and isinstance(have, str) and isinstance(value, str):
                last[key] = have + value
            elif value is not None:
                last[key] = value
    return joined


def _text_of(details: Sequence[Raw]) -> str:
    known = [detail for raw in details if (detail := _detail(raw)) is not None]
    return "".join(detail.text or detail.summary or "" for detail in known)


def _detail(raw: Raw) -> Detail | None:
    try:
        return _DETAIL.decode(raw)
    except NOT_JSON:
        return None
