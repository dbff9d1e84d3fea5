"""
Log probabilities in their canonical form, which is OpenAI's.

Cohere tells of pieces of text, each with the probabilities of its tokens but not with their letters
(docs.cohere.com, "Chat", logprobs, seen 2026-11-21): a piece stands for a token here, with the sum.
"""

import math
from collections.abc import Sequence

from msgspec import Raw, json

from trunkline.dialects.cohere_chat.wire import Fields, LogprobIn


def logprobs_of(told: Sequence[LogprobIn]) -> Raw | None:
    """None where nothing is told, or nothing usable."""
    content = [_token(piece) for piece in told if piece.text and piece.logprobs]
    return Raw(json.encode({"content": content, "refusal": None})) if content else None


def _token(piece: LogprobIn) -> Fields:
    text = piece.text or ""
    weight = math.fsum(piece.logprobs or ())
    return {
        "token": text,
        "logprob": weight,
        "bytes": list(text.encode("utf-8", "surrogatepass")),
        "top_logprobs": [],
    }
