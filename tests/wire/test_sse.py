"""Framing: any chunking, any line ending, the same events."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.canon.errors import Garbled
from trunkline.wire.sse import Reader, Splitter, frames

CASES = [
    (b"data: a\n\n", [(b"", b"a")]),
    (b"data: a\n\ndata: b\n\n", [(b"", b"a"), (b"", b"b")]),
    (b"event: x\ndata: a\n\n", [(b"x", b"a")]),
    (b"event: x\r\ndata: a\r\n\r\n", [(b"x", b"a")]),
    (b"event: x\rdata: a\r\r", [(b"x", b"a")]),
    (b"data: a\ndata: b\n\n", [(b"", b"a\nb")]),
    (b"data:a\n\n", [(b"", b"a")]),
    (b"data:  a\n\n", [(b"", b" a")]),
    (b": OPENROUTER PROCESSING\n\ndata: a\n\n", [(b"", b"a")]),
    (b": comment\ndata: a\nid: 7\nretry: 3\n\n", [(b"", b"a")]),
    (b"\xef\xbb\xbfdata: a\n\n", [(b"", b"a")]),
    (b"\n\n\n\xef\xbb\xbfdata: a\n\n", [(b"", b"a")]),
    (b"data: a", [(b"", b"a")]),
    (b"data: a\n", [(b"", b"a")]),
    (b"data: \xe2\x82\xac\n\n", [(b"", b"\xe2\x82\xac")]),
    (b"\n\n\ndata: a\n\n\n\n\ndata: b\n\n", [(b"", b"a"), (b"", b"b")]),
    (b"data: a\r\n\ndata: b\n\r\n", [(b"", b"a"), (b"", b"b")]),
    (b"event: ping\n\n", []),
    (b"data\n\n", [(b"", b"")]),
    (b"", []),
]


def read(pieces):
    reader = Reader()
    found = []
    for piece in pieces:
        found += reader.feed(piece)
    return found + reader.finish()


@pytest.mark.parametrize(("wire", "expected"), CASES)
def test_whole_byte_by_byte_and_in_threes(wire, expected):
    """One table, three feeding modes."""
    assert expected == read([wire])
    assert expected == read([wire[i : i + 1] for i in range(len(wire))])
    assert expected == read([wire[i : i + 3] for i in range(0, len(wire), 3)])


@given(st.lists(st.sampled_from(CASES[:9]), max_size=5), st.data())
def test_any_chunking_gives_the_same_events(cases, data):
    """Where the network cuts never shows."""
    wire = b"".join(w for w, _ in cases)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=8)))
    pieces = [wire[a:b] for a, b in zip([0, *cuts], [*cuts, len(wire)], strict=True)]

    assert read([wire]) == read(pieces)


@given(st.lists(st.sampled_from([b"data: x", b"\n", b"\r", b"\r\n", b"\n\n", b": c"]), max_size=30))
def test_the_splitter_never_changes_a_byte(pieces):
    """Whole events plus the rest are what came in, and whole events end at a boundary."""
    splitter = Splitter()

    out = [splitter.feed(p) for p in pieces]

    assert b"".join(pieces) == b"".join(out) + splitter.rest()
    assert all(o.endswith((b"\n\n", b"\r\r", b"\n\r\n")) for o in out if o)


def test_an_endless_event_is_refused_early():
    """Memory stays flat however long an upstream talks without a blank line."""
    splitter = Splitter(limit=1000)
    for _ in range(10):
        splitter.feed(b"x" * 100)

    with pytest.raises(Garbled):
        splitter.feed(b"x")


def test_many_small_events_are_no_large_one():
    """The cap is per event, not per stream."""
    splitter = Splitter(limit=100)

    assert all(splitter.feed(b"data: abc\n\n") for _ in range(1000))


def test_frames_of_a_block():
    """The fast path and the general one agree."""
    assert [(b"", b"1"), (b"e", b"2\n3")] == frames(b"data: 1\n\nevent:e\ndata:2\ndata: 3\n\n")
