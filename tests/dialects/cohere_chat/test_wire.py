"""The types themselves."""

import pytest
from msgspec import ValidationError, json

from trunkline.dialects.cohere_chat import wire


def test_events_are_told_by_their_type():
    """Wherever in the object it stands."""
    for body in (b'{"type":"content-end","index":3}', b'{"index":3,"type":"content-end"}'):
        assert wire.ContentEnded(3) == wire.EVENT.decode(body)


def test_every_documented_event_is_known():
    """But for those that say nothing a client would miss."""
    for kind in (
        "message-start",
        "content-start",
        "content-delta",
        "content-end",
        "tool-plan-delta",
        "tool-call-start",
        "tool-call-delta",
        "tool-call-end",
        "citation-start",
        "message-end",
    ):
        assert wire.EVENT.decode(json.encode({"type": kind}))
    with pytest.raises(ValidationError):
        wire.EVENT.decode(b'{"type":"citation-end"}')


def test_counts_may_be_fractions():
    """The reference calls them doubles."""
    assert 119.0 == json.decode(b'{"input_tokens":119.0}', type=wire.TokensIn).input_tokens
