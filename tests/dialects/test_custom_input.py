"""The text of a custom tool's call, unwrapped as it streams in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from trunkline.dialects.custom_input import Unwrapping, arguments_with, input_of

CASES = (
    ('{"input":"*** Begin Patch\\n+a"}', "*** Begin Patch\n+a"),
    (' { "input" : "a\\u00e9\\ud83d\\ude00\\"\\\\" } ', 'a\u00e9\U0001f600"\\'),
    ('{"other":1,"input":"x"}', "x"),
    ("plain text", "plain text"),
    ('{"patch":"x"}', '{"patch":"x"}'),
    ('{"input":"a bare\nnewline"}', "a bare\nnewline"),
    ('{"input":"\\q \\ud83d x \\uzz"}', "\\q \ufffd x \\uzz"),
    ('{"input":"\\ud83d\\u0041"}', "\ufffdA"),
    ('{"input":"cut of', "cut of"),
    ("", ""),
    ("{}", "{}"),
    ('{"input":5}', '{"input":5}'),
)


def fed(text, step):
    unwrapping = Unwrapping()
    pieces = [unwrapping.feed(text[i : i + step]) for i in range(0, len(text), step)]
    return "".join(pieces) + unwrapping.finish()


@pytest.mark.parametrize(("arguments", "text"), CASES)
def test_unwrapped(arguments, text):
    """At once and letter by letter alike."""
    assert text == input_of(arguments)
    assert [text] * 3 == [fed(arguments, step) for step in (1, 2, 3)]


def test_it_streams():
    """Text comes out with the piece that brings it, not at the end."""
    unwrapping = Unwrapping()
    pieces = ('{"inp', 'ut":"a', "b\\", "nc", '"}')
    assert ["", "a", "b", "\nc", ""] == [unwrapping.feed(piece) for piece in pieces]


@given(st.text(), st.integers(1, 9))
def test_any_text(text, step):
    """What was wrapped comes out again, however its JSON is divided or escaped."""
    wrapped = json.encode({"input": text}).decode()
    escaped = "".join(c if c.isascii() else _escape(c) for c in wrapped)
    assert [text, text] == [fed(wrapped, step), fed(escaped, step)]


def _escape(character):
    units = character.encode("utf-16-be").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))


@given(st.text(alphabet='{"input:\\u0dD8a}'), st.integers(1, 5))
def test_any_division(text, step):
    """No division of anything makes a difference."""
    assert input_of(text) == fed(text, step)


def test_there_and_back() -> None:
    """What stands in for the text gives it back."""
    text = 'a "b"\n\u00e9'

    assert text == input_of(arguments_with(text))
