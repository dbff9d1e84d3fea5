"""The quick way: what padding is, and what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import ValidationError

from tests.strategies import texts
from trunkline.dialects.anthropic_messages.quick import (
    CONTENT_DELTA,
    DATA_AT,
    DELTA_HEAD,
    MARKERS,
    squeezed,
)
from trunkline.wire.sse import frames


def delta(kind, field, text, pad=0):
    return b'%b{"type":"content_block_delta","index":0,"delta":{"type":"%b","%b":%b}%b}\n\n' % (
        DELTA_HEAD,
        kind,
        field,
        text,
        b" " * pad,
    )


@given(st.lists(st.integers(0, 15)), texts)
def test_padding_is_taken_out_and_nothing_else(pads, text):
    """Up to fifteen spaces before the last brace; those of the text stay."""
    quoted = b'" } %b  }"' % text.encode().hex().encode()
    events = [delta(b"text_delta", b"text", quoted, pad) for pad in pads]
    assert delta(b"text_delta", b"text", quoted) * len(pads) == squeezed(b"".join(events))


def test_what_is_not_padded_is_not_copied():
    """The usual block of other servers costs one search."""
    block = delta(b"text_delta", b"text", b'"a"')
    assert block is squeezed(block)


def test_every_kind_of_content_has_its_marker():
    """What a run is learned by stands in the event, before the text."""
    for kind, field in (
        (b"text_delta", b"text"),
        (b"thinking_delta", b"thinking"),
        (b"input_json_delta", b"partial_json"),
    ):
        event = delta(kind, field, b'"a"')
        [(_, data)] = frames(event)
        read = CONTENT_DELTA.decode(event[DATA_AT:].strip()).delta
        assert data == event[DATA_AT:].strip()
        assert "a" == read.piece
        assert 1 == event.count(MARKERS[type(read)] + b'a"')


def test_an_event_without_a_type_takes_the_long_way():
    """Where it means nothing: the quick way must not make more of it than that."""
    event = delta(b"text_delta", b"text", b'"a"').replace(b'"type":"content_block_delta",', b"")
    with pytest.raises(ValidationError):
        CONTENT_DELTA.decode(event[DATA_AT:].strip())
