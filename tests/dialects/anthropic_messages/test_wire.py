"""Tests of what every reader of the wire uses."""

import pytest
from msgspec import Raw

from trunkline.dialects.anthropic_messages.wire import ABSENT, present, text_of


@pytest.mark.parametrize("raw", (None, ABSENT, Raw(b"null")))
def test_absent_and_null_are_the_same(raw: Raw | None) -> None:
    """A field that is missing and one that is null both say nothing."""
    assert present(raw) is None


def test_a_value_is_present() -> None:
    """Anything else is there, false and empty values included."""
    assert [b"false", b"[]", b"0"] == [
        bytes(found) for raw in (b"false", b"[]", b"0") if (found := present(Raw(raw)))
    ]


def test_text_of_keeps_the_writing() -> None:
    """A value's own white space and escapes stay."""
    assert '{ "a": "\\u00e9" }' == text_of(Raw(b'{ "a": "\\u00e9" }'))
