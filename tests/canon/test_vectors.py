"""Vectors between numbers and base64: exact, measured, and nothing but Garbled for what is none."""

from array import array
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw, json

from trunkline.canon.errors import Garbled
from trunkline.canon.vectors import as_base64, as_numbers, one_each, packed, size_of

FLOATS = st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1)


def text(data):
    return Raw(json.encode(b64encode(data).decode()))


def numbers(*values):
    return Raw(json.encode(values))


@given(FLOATS)
def test_what_float32_holds_survives_both_ways(values):
    """Numbers, base64 and numbers again are the same numbers."""
    raw, size = numbers(*values), len(values)

    assert values == json.decode(as_numbers(as_base64(raw, size), size))
    assert as_base64(raw, size) == as_base64(as_numbers(as_base64(raw, size), size), size)
    assert size == size_of(raw) == size_of(as_base64(raw, size))


def test_base64_is_of_little_endian_float32():
    """As openai-python reads it, whatever this machine's own order."""
    assert text(b"\x00\x00\x80\x3f\x00\x00\x00\xc0") == as_base64(numbers(1, -2.0), 2)
    assert b"[1.0,-2.0]" == bytes(as_numbers(text(b"\x00\x00\x80\x3f\x00\x00\x00\xc0"), 2))


def test_the_wanted_way_stays_as_it_came():
    """To the byte: spaces and digits of the upstream's own."""
    listed = Raw(b"[ 0.10, -2e-3 ]")
    written = packed([0.5, 1.5])

    assert listed is as_numbers(listed, 2)
    assert written is as_base64(written, 2)


NONE = (
    b"[[1.0]]",
    b'["a"]',
    b"[1,null]",
    b"{}",
    b"1",
    b"null",
    b"true",
    b'"abc"',
    b'"AAAA AAAA"',
    b'"\\u00e4aaa"',
    b'"AAA="',
    bytes(text(array("f", [float("nan")]).tobytes())),
    bytes(text(array("f", [1.0, float("inf")]).tobytes())),
)


@pytest.mark.parametrize("raw", NONE, ids=range(len(NONE)))
@pytest.mark.parametrize("way", (as_numbers, as_base64))
def test_what_is_no_vector(raw, way):
    """Nested, holed, cut, not finite: Garbled, from whichever side it is looked at."""
    with pytest.raises(Garbled):
        way(Raw(raw), 1)
    with pytest.raises(Garbled):
        size_of(Raw(raw))


def test_beyond_float32():
    """A number that becomes infinite in float32 is refused rather than sent."""
    with pytest.raises(Garbled, match="not finite"):
        as_base64(numbers(1e39), 1)


@pytest.mark.parametrize("raw", (numbers(1.0, 2.0), packed([1.0, 2.0])))
@pytest.mark.parametrize("way", (as_numbers, as_base64))
def test_all_vectors_of_an_answer_are_of_one_length(raw, way):
    """The others are measured by the first."""
    with pytest.raises(Garbled, match="different lengths"):
        way(raw, 3)


@pytest.mark.parametrize("raw", (Raw(b"[]"), Raw(b'""')))
def test_an_empty_vector(raw):
    """Is none."""
    with pytest.raises(Garbled, match="empty"):
        size_of(raw)


@pytest.mark.parametrize("found", ((), (1, 2, 3)))
def test_not_one_vector_for_each_input(found):
    """Nobody knows which are whose."""
    one_each((1, 2), 2)
    with pytest.raises(Garbled, match=f"2 inputs with {len(found)} vectors"):
        one_each(found, 2)
