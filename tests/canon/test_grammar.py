"""The grammar catches every kind of stream that an encoder could stumble over."""

import pytest
from msgspec import Raw

from trunkline.canon.errors import Garbled
from trunkline.canon.event import (
    Annotated,
    Ended,
    Faulted,
    Finished,
    FinishReason,
    PartClosed,
    PartDelta,
    PartKind,
    PartOpened,
    Signed,
    Started,
)
from trunkline.canon.grammar import violations

S, E, F = Started("", ""), Ended(), Finished(FinishReason.STOP)
TEXT, CALL = PartOpened(0, PartKind.TEXT), PartOpened(0, PartKind.TOOL_CALL)

GOOD = [
    [S, F, E],
    [S, TEXT, PartDelta(0, "a"), PartClosed(0), F, E],
    [S, TEXT, PartOpened(1, PartKind.TOOL_CALL), PartClosed(1), PartClosed(0), F, E],
    [S, TEXT, Faulted(Garbled("x"))],
    [Faulted(Garbled("x"))],
]
BAD = [
    ([TEXT], "Started must come first"),
    ([S, S], "Started must come first, and once"),
    ([S, PartOpened(1, PartKind.TEXT)], "expected 0"),
    ([S, PartDelta(0, "a")], "not open"),
    ([S, PartClosed(0)], "not open"),
    ([S, CALL, Signed(0, "s", "o")], "Signed inside a tool_call part"),
    ([S, CALL, Annotated(0, Raw(b"1"), "o")], "Annotated inside a tool_call part"),
    ([S, TEXT, F], "finishes with parts [0] open"),
    ([S, F, F], "finishes twice"),
    ([S, F, TEXT], "opens a part of finished choice"),
    ([S, E], "nothing Finished"),
    ([S, F, E, E], "Ended after Ended"),
    ([S, F], "neither Ended nor Faulted"),
]


@pytest.mark.parametrize("events", GOOD)
def test_obedient_streams(events):
    """Nothing to say about a stream that obeys."""
    assert [] == violations(events)


@pytest.mark.parametrize(("events", "complaint"), BAD)
def test_each_offence_is_named(events, complaint):
    """A planted offence is found and told in words."""
    assert any(complaint in v for v in violations(events))


def test_a_prefix_may_be_checked_alone():
    """Without `whole` nothing is missing at the end."""
    assert [] == violations([S, TEXT], whole=False)
