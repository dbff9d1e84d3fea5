"""<think> at the head of a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.dialects.openai_chat.think_tags import ThinkTags


def told(pieces):
    """What was thought, and what was said."""
    tags = ThinkTags()
    found = [pair for piece in pieces for pair in tags.feed(piece)] + tags.finish()
    return tuple(
        "".join(text for is_thought, text in found if is_thought is kind) for kind in (True, False)
    )


CASES = (
    ("<think>a</think>b", ("a", "b")),
    ("\n <think>\na\n</think>\n\nb", ("\na\n", "b")),
    ("a <think>b</think>", ("", "a <think>b</think>")),
    ("<think>a", ("a", "")),
    ("<think>a</thin", ("a</thin", "")),
    ("<think>a<b></think>c</think>", ("a<b>", "c</think>")),
    ("<think></think>", ("", "")),
    ("<thi", ("", "<thi")),
    ("<thing>", ("", "<thing>")),
    ("", ("", "")),
    ("  a", ("", "  a")),
)


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_whole_and_by_character(text, expected):
    """However it is cut; only a tag at the head counts; what never closes stays a thought."""
    assert expected == told([text])
    assert expected == told(list(text))


@given(st.sampled_from(CASES), st.data())
def test_any_cut(case, data):
    """The same in pieces of any length."""
    text, expected = case
    at = data.draw(st.integers(0, len(text)))
    assert expected == told([text[:at], text[at:]])
