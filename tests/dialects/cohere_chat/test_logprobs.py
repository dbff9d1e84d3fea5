"""Log probabilities."""

from msgspec import json

from trunkline.dialects.cohere_chat.logprobs import logprobs_of
from trunkline.dialects.cohere_chat.wire import LogprobIn


def test_a_piece_stands_for_a_token():
    """Its probability is the product of its tokens'."""
    told = json.decode(logprobs_of([LogprobIn("né", [-1.0, -0.5]), LogprobIn("", [-1.0])]))

    assert {
        "content": [{"token": "né", "logprob": -1.5, "bytes": [110, 195, 169], "top_logprobs": []}],
        "refusal": None,
    } == told


def test_nothing_is_nothing():
    """Not an empty list."""
    assert logprobs_of([]) is None
    assert logprobs_of([LogprobIn("x", None), LogprobIn(None, [-1.0])]) is None
