"""
Log probabilities between Google's form and the canonical one, which is OpenAI's.

Google: {"chosenCandidates":[{token,tokenId,logProbability}],"topCandidates":[{"candidates":[..]}]},
one entry a token (ai.google.dev/api/generate-content, LogprobsResult, seen 2026-11-21).
"""

from collections.abc import Sequence

from msgspec import Raw, Struct, json

from trunkline.dialects.gemini.wire import Fields, present
from trunkline.dialects.raws import NOT_JSON


class _Candidate(Struct, rename="camel"):
    token: str = ""
    log_probability: float | None = None


class _Top(Struct):
    candidates: list[_Candidate] | None = None


class _Result(Struct, rename="camel"):
    chosen_candidates: list[_Candidate] | None = None
    top_candidates: list[_Top] | None = None


class _Alternative(Struct):
    token: str
    logprob: float
    bytes: Sequence[int] | None = None


class _Token(Struct):
    token: str
    logprob: float
    top_logprobs: list[_Alternative] = []


class _Content(Struct):
    content: list[_Token] | None = None


_RESULT = json.Decoder(_Result)
_CONTENT = json.Decoder(_Content)


def read_logprobs(raw: Raw) -> Raw | None:
    """None where nothing is told, or nothing readable."""
    if present(raw) is None:
        return None
    try:
        told = _RESULT.decode(raw)
    except NOT_JSON:
        return None
    tops = told.top_candidates or []
    content = [
        {**_weighed(chosen), "top_logprobs": _alternatives(tops[at : at + 1])}
        for at, chosen in enumerate(told.chosen_candidates or ())
    ]
    return Raw(json.encode({"content": content, "refusal": None})) if content else None


def _weighed(candidate: _Candidate) -> Fields:
    return {
        "token": candidate.token,
        "logprob": candidate.log_probability or 0.0,
        "bytes": list(candidate.token.encode("utf-8", "surrogatepass")),
    }


def _alternatives(top: Sequence[_Top]) -> list[Fields]:
    return [_weighed(candidate) for entry in top for candidate in entry.candidates or ()]


def write_logprobs(pieces: Sequence[Raw]) -> Fields | None:
    """All that was told of one choice; None where nothing was."""
    tokens: list[_Token] = []
    for raw in pieces:
        try:
            tokens += _CONTENT.decode(raw).content or []
        except NOT_JSON:
            continue
    if not tokens:
        return None
    return {
        "chosenCandidates": [_candidate(token.token, token.logprob) for token in tokens],
        "topCandidates": [
            {"candidates": [_candidate(top.token, top.logprob) for top in token.top_logprobs]}
            for token in tokens
        ],
    }


def _candidate(token: str, logprob: float) -> Fields:
    return {"token": token, "logProbability": logprob}
