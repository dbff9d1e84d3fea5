"""cache_control, off the wire and onto it."""

import pytest

from trunkline.canon.content import CacheMark
from trunkline.dialects.fields import Fields
from trunkline.dialects.openai_chat.cache import read_mark, write_mark


@pytest.mark.parametrize(
    ("wire", "mark"),
    (
        (b'{"cache_control":{"type":"ephemeral"}}', CacheMark()),
        (b'{"cache_control":{"type":"ephemeral","ttl":"5m"}}', CacheMark()),
        (b'{"cache_control":{"type":"ephemeral","ttl":"1h"}}', CacheMark("1h")),
        (b'{"cache_control":null}', None),
        (b"{}", None),
    ),
)
def test_read(wire, mark):
    """The usual lifetime need not be said."""
    assert mark == read_mark(Fields.of(wire, ""))


@pytest.mark.parametrize(
    ("mark", "wire"),
    (
        (CacheMark(), {"type": "ephemeral"}),
        (CacheMark("1h"), {"type": "ephemeral", "ttl": "1h"}),
    ),
)
def test_write(mark, wire):
    """Said only where it is not the usual one."""
    assert wire == write_mark(mark)
