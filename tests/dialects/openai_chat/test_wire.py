"""The head of an answer."""

from msgspec import Raw

from trunkline.dialects.openai_chat.wire import read_head
from trunkline.dialects.raws import RAW_MAP


def head(body):
    return read_head(RAW_MAP.decode(body))


def test_head():
    """Id, model, time; the rest is kept but for nulls and what means something already."""
    found = head(b'{"id":"c","model":"m","created":7.5,"object":"x","fp":null,"tier":"t"}')
    assert ("c", "m", 7, {"tier": Raw(b'"t"')}) == (
        found.id,
        found.model,
        found.created,
        found.extra,
    )


def test_what_is_missing_or_mistyped():
    """Is empty: an answer is not lost over its head."""
    for body in (
        b"{}",
        b'{"id":1,"model":null,"created":"x"}',
        b'{"created":-1}',
        b'{"created":1e300}',
    ):
        found = head(body)
        assert ("", "", 0) == (found.id, found.model, found.created)
