"""Log probabilities as Completions writes them, and as Chat Completions does, which is canonical."""

from collections.abc import Sequence

from msgspec import UNSET, Raw, Struct, UnsetType, json

from trunkline.dialects.raws import NOT_JSON


class _Alternative(Struct):
    token: str
    logprob: float


class _Token(Struct):
    token: str
    logprob: float
    top_logprobs: list[_Alternative] = []


class _Content(Struct):
    content: list[_Token] | None = None


class _Columns(Struct):
    tokens: list[str] = []
    token_logprobs: list[float | None] = []
    top_logprobs: list[dict[str, float] | None] | None = None


class _Out(Struct):
    text_offset: Sequence[int]
    token_logprobs: Sequence[float]
    tokens: Sequence[str]
    top_logprobs: Sequence[dict[str, float]]


_CONTENT = json.Decoder(_Content)
_COLUMNS = json.Decoder(_Columns)


def to_columns(raw: Raw | None, offset: int) -> tuple[Raw | None, int]:
    """
    Canonical to Completions; `offset`: characters before it in this choice's text.

    Also how many characters it covers. None where there is nothing that can be read.
    """
    if raw is None:
        return None, 0
    try:
        tokens = _CONTENT.decode(raw).content or []
    except NOT_JSON:
        return None, 0
    offsets, at = [], offset
    for token in tokens:
        offsets.append(at)
        at += len(token.token)
    out = _Out(
        offsets,
        [token.logprob for token in tokens],
        [token.token for token in tokens],
        [{one.token: one.logprob for one in token.top_logprobs} for token in tokens],
    )
    return Raw(json.encode(out)), at - offset


def to_content(raw: Raw | UnsetType) -> Raw | None:
    """Completions to canonical; None where there is nothing that can be read."""
    if raw is UNSET or bytes(raw) == b"null":
        return None
    try:
        columns = _COLUMNS.decode(raw)
    except NOT_JSON:
        return None
    tops = columns.top_logprobs or [None] * len(columns.tokens)
    content = [
        _Token(token, logprob or 0.0, [_Alternative(t, p) for t, p in (top or {}).items()])
        for token, logprob, top in zip(columns.tokens, columns.token_logprobs, tops, strict=False)
    ]
    return Raw(json.encode(_Content(content)))
