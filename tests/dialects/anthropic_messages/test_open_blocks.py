"""Tests of the blocks of a stream that are open."""

import pytest

from trunkline.canon.errors import Garbled
from trunkline.canon.event import Event, PartClosed, PartDelta, PartKind, PartOpened
from trunkline.dialects.anthropic_messages import wire
from trunkline.dialects.anthropic_messages.open_blocks import DELTAS, KINDS, OpenBlock, OpenBlocks

TEXT = wire.EVENT.decode(
    b'{"type":"content_block_start","index":4,"content_block":{"type":"text","text":"Hi"}}'
)
SEARCH = wire.EVENT.decode(
    b'{"type":"content_block_start","index":2,"content_block":{"type":"web_search_call"}}'
)


def test_each_kind_takes_one_delta() -> None:
    """Hidden thinking none: it stands whole in its start."""
    own = {kind: delta for kind, (_, delta) in KINDS.items()}

    assert "redacted_thinking" == next(k for k, d in own.items() if d not in DELTAS.values())
    assert 3 == len(set(DELTAS.values()))


def test_it_begins_with_nothing() -> None:
    """Neither content nor signature."""
    block = OpenBlock(2, *KINDS["text"])

    assert (2, PartKind.TEXT, False, "", "") == (
        block.part,
        block.kind,
        block.wrote,
        block.signature,
        block.given,
    )


def test_those_nobody_closed_are_closed_in_order() -> None:
    """Parts are numbered as they open; what we do not look into is a part when it is whole."""
    blocks, out = OpenBlocks(), list[Event]()
    blocks.start(TEXT, out)
    blocks.start(SEARCH, out)

    assert [PartOpened(0, PartKind.TEXT), PartDelta(0, "Hi")] == out
    blocks.stop_all(out)
    assert [PartKind.OPAQUE] == [one.kind for one in out[2:] if isinstance(one, PartOpened)]
    assert [1, 0] == [one.index for one in out if isinstance(one, PartClosed)]


def test_one_at_a_time_under_an_index() -> None:
    """It must be open to be closed, and closed to be opened."""
    blocks, out = OpenBlocks(), list[Event]()
    with pytest.raises(Garbled, match="closed a content block"):
        blocks.stop(4, out)
    blocks.start(TEXT, out)
    with pytest.raises(Garbled, match="open already"):
        blocks.start(TEXT, out)
    blocks.stop(4, out)
    blocks.start(TEXT, out)

    assert [0, 1] == [one.index for one in out if isinstance(one, PartOpened)]
