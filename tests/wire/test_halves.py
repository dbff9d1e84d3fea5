"""Half characters in JSON."""

import pytest
from msgspec import json

from trunkline.wire.halves import without_halves


@pytest.mark.parametrize(
    ("told", "meant"),
    (
        (rb'"a\ud83d"', "a�"),
        (rb'"\ude00b"', "�b"),
        (rb'"\ud83d\ud83d\ude00"', "�\U0001f600"),
        (rb'"\ude00\ud83d"', "��"),
        (rb'"\uD83D \uDE00"', "� �"),
        (rb'"\\\ud83d"', "\\�"),
    ),
)
def test_a_half_becomes_the_sign_for_what_cannot_be_said(told: bytes, meant: str):
    """Wherever it stands, and the JSON is sound again."""
    assert meant == json.decode(without_halves(told))


@pytest.mark.parametrize(
    "told",
    (
        rb'"\ud83d\ude00 \uD83D\uDE00"',
        rb'"\\ud83d"',
        rb'"{\"x\":\"\\ud83d\"}"',
        rb'"\u00e9\ud7ff\ue000"',
        b'"no escapes"',
        b"",
    ),
)
def test_all_else_stays(told: bytes):
    """Whole characters, neighbours of the surrogates, and text that only looks like a half."""
    assert told == without_halves(told)


def test_nothing_is_copied_in_vain():
    """Where there are none, it is the same object: callers ask for that."""
    told = b'"plain"'
    assert without_halves(told) is told
