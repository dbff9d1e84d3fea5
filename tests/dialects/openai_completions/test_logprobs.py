"""Log probabilities, from columns to rows and back."""

import pytest
from msgspec import UNSET, Raw, json

from tests.dialects.openai_completions.making import COLUMNS
from trunkline.dialects.openai_completions.logprobs import to_columns, to_content


def test_there_and_back():
    """The same tokens with the same alternatives, their places counted anew."""
    content = to_content(Raw(json.encode(COLUMNS)))
    columns, size = to_columns(content, 10)

    assert {**COLUMNS, "text_offset": [10, 13]} == json.decode(columns)
    assert 4 == size
    assert {"token": " ho", "logprob": -1.5} == json.decode(content)["content"][0]["top_logprobs"][
        1
    ]


def test_without_alternatives():
    """As for logprobs 0; the first token of an echo has no probability."""
    raw = Raw(b'{"tokens":["a"],"token_logprobs":[null],"top_logprobs":null,"text_offset":[0]}')

    assert [{"token": "a", "logprob": 0.0, "top_logprobs": []}] == json.decode(to_content(raw))[
        "content"
    ]


@pytest.mark.parametrize("raw", (None, Raw(b"7"), Raw(b'{"content":7}')))
def test_rows_that_are_none(raw):
    """Left out, never an error: an answer is not lost over its statistics."""
    assert (None, 0) == to_columns(raw, 0)


@pytest.mark.parametrize("raw", (UNSET, Raw(b"null"), Raw(b"7"), Raw(b'{"tokens":7}')))
def test_columns_that_are_none(raw):
    """Likewise."""
    assert to_content(raw) is None
