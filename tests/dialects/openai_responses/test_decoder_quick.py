"""The quick way through a stream."""

import pytest

from tests.dialects.openai_responses.upstream import added, delta
from trunkline.dialects.openai_responses.decoder_quick import quick_delta
from trunkline.dialects.raws import NOT_JSON


def test_a_delta():
    """As nearly all write it."""
    read = quick_delta(delta(3, "hi", content_index=1, sequence_number=9)[:-2])
    assert ("hi", 3, 1, 9) == (
        read.delta,
        read.output_index,
        read.content_index,
        read.sequence_number,
    )


def test_everything_else_takes_the_long_way():
    """Other events, other forms, and names that lie."""
    assert quick_delta(added(0, "message")[:-2]) is None
    assert quick_delta(b'data: {"type":"response.output_text.delta"}') is None
    assert quick_delta(b": comment") is None
    assert quick_delta(delta(0, "x")[:-2].replace(b"output_text", b"refusal", 1)) is None


def test_what_only_looks_like_a_delta():
    """Is for the long way to judge."""
    with pytest.raises(NOT_JSON):
        quick_delta(b"event: response.output_text.delta\ndata: {}")
    with pytest.raises(NOT_JSON):
        quick_delta(b'event: response.output_text.delta\ndata: {"x":1}\nid: 7')
