"""Tests of a streamed block that every dialect knows."""

from trunkline.canon.event import PartKind
from trunkline.dialects.anthropic_messages.open_block import DELTAS, KINDS, OpenBlock


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
