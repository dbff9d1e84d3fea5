"""Messages of upstreams, made safe."""

import pytest

from trunkline.dialects.scrub import scrub


@pytest.mark.parametrize(
    "secret",
    (
        "sk-proj-abcdefghijklmnop",
        "sk-ant-api03-AAAAAAAAAAAA",
        "sk-abc***********wxyz",
        "gsk_0123456789abcdef",
        "AIzaSyA0123456789abcdef",
        "xai-0123456789abcdef",
        "Bearer abcdefghijklmnop",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIi",
    ),
)
def test_masks(secret):
    """Whatever looks like a credential is masked; the words around it stay."""
    assert "Incorrect API key provided: *** (see docs)" == scrub(
        f"Incorrect API key provided: {secret} (see docs)"
    )


def test_keeps_ordinary_words():
    """A model's name or a parameter's is no secret."""
    text = "The model `gpt-4o-mini-2024-07-18` does not support max_completion_tokens=8"
    assert text == scrub(text)


def test_cuts():
    """A page of HTML does not reach the client whole, and no secret is cut in half."""
    assert 1024 == len(scrub("x" * 100_000))
    assert "sk-" not in scrub("x" * 1015 + " sk-proj-abcdefghijklmnop")


def test_control_characters():
    """A message stays one a terminal can be shown."""
    assert "a b" == scrub("a\x1b\x00b")
