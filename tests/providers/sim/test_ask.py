"""The simulator's tokenizer."""

import pytest
from msgspec import Raw

from trunkline.providers.sim.ask import count, pieces, plain


@pytest.mark.parametrize(("text", "tokens"), (("", 0), ("a", 1), ("abcd", 1), ("abcde", 2)))
def test_four_characters_are_a_token(text: str, tokens: int) -> None:
    """The rest of a text counts as one more."""
    assert tokens == count(text)


@pytest.mark.parametrize("tokens", (1, 2, 3, 100))
def test_pieces_are_the_text(tokens: int) -> None:
    """Cut anywhere, joined they are the text again, and each but the last has its size."""
    text = "All of the wörds, 日本語 too."
    cut = pieces(text, tokens)

    assert text == "".join(cut)
    assert all(tokens == count(piece) for piece in cut[:-1])


def test_a_raw_field_may_be_absent_or_null() -> None:
    """Both mean nothing."""
    assert (None, None, {"a": 1}) == (plain(Raw()), plain(Raw(b"null")), plain(Raw(b'{"a":1}')))
