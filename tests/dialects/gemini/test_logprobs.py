"""Log probabilities in either form."""

from msgspec import Raw, json

from trunkline.dialects.gemini.logprobs import read_logprobs, write_logprobs

GOOGLES = {
    "chosenCandidates": [{"token": "hi", "tokenId": 4, "logProbability": -0.25}],
    "topCandidates": [{"candidates": [{"token": "ho", "logProbability": -1.5}]}],
}
OPENAIS = {
    "content": [
        {
            "token": "hi",
            "logprob": -0.25,
            "bytes": [104, 105],
            "top_logprobs": [{"token": "ho", "logprob": -1.5, "bytes": [104, 111]}],
        }
    ],
    "refusal": None,
}


def test_read():
    """Google's, as OpenAI writes them."""
    told = read_logprobs(Raw(json.encode(GOOGLES)))
    assert told is not None
    assert OPENAIS == json.decode(told)


def test_nothing_to_read():
    """Nothing told is nothing said."""
    for raw in (b"null", b"{}", b"[]", b'{"chosenCandidates":[]}'):
        assert read_logprobs(Raw(raw)) is None


def test_written():
    """Several pieces are one list; Google's numbers of tokens cannot be known."""
    piece = Raw(json.encode(OPENAIS))
    told = write_logprobs([piece, Raw(b'{"content":null}'), Raw(b"[]"), piece])
    chosen = {"token": "hi", "logProbability": -0.25}
    top = {"candidates": [{"token": "ho", "logProbability": -1.5}]}
    assert {"chosenCandidates": [chosen, chosen], "topCandidates": [top, top]} == told
    assert write_logprobs([]) is None
