"""The quick way through a stream."""

import pytest

from tests.dialects.openai_responses.upstream import added, delta
from trunkline.dialects.openai_responses.decoder_quick import (
    DELTA,
    NO_HEAD,
    SAID,
    delta_head,
    name_in,
    read_run,
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


def test_a_run():
    """Several of them at once, with or without the last blank line."""
    block = delta(0, "a") + delta(1, "é") + delta(0, "c")
    head = delta_head(block)
    for whole in (block, block[:-2]):
        assert [(0, "a"), (1, "é"), (0, "c")] == [
            (read.output_index, read.delta) for read in read_run(whole, head, DELTA)
        ]
    assert ["a"] == [read.delta for read in read_run(delta(0, "a"), head, SAID)]


@pytest.mark.parametrize(
    "block",
    (
        delta(0, "a") + added(1, "message"),
        delta(0, "a") + delta(0, "b", "refusal"),
        delta(0, "a") + b": comment\n\n" + delta(0, "b"),
        delta(0, "a").replace(b"\n", b"\r\n"),
        delta(0, "a").replace(b'{"type', b'{\n"type'),
        delta(0, "a") + delta(0, "b").replace(b'{"type', b'{\n"type'),
        delta(0, "a").replace(b"item_0", b"item_\xff"),
        delta(0, "a").replace(b'"output_index":0', b'"output_index":"0"'),
        delta(0, "a") + delta(0, "b").replace(b"}", b"}{}"),
        delta(0, "a").replace(b"}", b""),
    ),
)
def test_what_is_no_run(block):
    """Anything else in it, or anything wrong: each is then looked at by itself."""
    assert read_run(block, delta_head(delta(0, "a")), DELTA) is None


def test_no_event_begins_so():
    """Blank lines are what events are cut at."""
    assert not delta(0, "x").startswith(NO_HEAD)
