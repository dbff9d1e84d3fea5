"""The quick way through a stream."""

from tests.dialects.openai_responses.upstream import added, delta
from trunkline.dialects.openai_responses.decoder_quick import (
    DELTA,
    NO_HEAD,
    SAID,
    delta_head,
    name_in,
)


def test_a_delta():
    """As nearly all write it: what follows its head is its data."""
    event = delta(3, "hi", content_index=1, sequence_number=9)[:-2]
    head = delta_head(event)
    read, said = DELTA.decode(event[len(head) :]), SAID.decode(event[len(head) :])
    assert "response.output_text.delta" == name_in(head)
    assert ("hi", 3, 1) == (read.delta, read.output_index, read.content_index)
    assert ("hi", 9) == (said.delta, said.sequence_number)


def test_everything_else_takes_the_long_way():
    """Other events and other forms."""
    assert b"" == delta_head(added(0, "message")[:-2])
    assert b"" == delta_head(b'data: {"type":"response.output_text.delta"}')
    assert b"" == delta_head(b"event: response.output_text.delta\nid: 7\ndata: {}")
    assert b"" == delta_head(b"event: response.output_text.delta")
    assert b"" == delta_head(b": comment")
    assert b"" == delta_head(b"")


def test_no_event_begins_so():
    """Blank lines are what events are cut at."""
    assert not delta(0, "x").startswith(NO_HEAD)
