"""How inputs are cut: as many as everybody of the plan takes, and never none."""

import pytest

from tests.dialects.openai_embeddings.making import asked, target
from trunkline.flow.legs import first_leg, tokens_at_most


@pytest.mark.parametrize(
    ("inputs", "embeds", "leg"),
    (
        (["a"] * 5, [{}], 5),
        (["a"] * 5, [{"max_inputs": 2}], 2),
        (["a"] * 5, [{"max_inputs": 4}, {"max_inputs": 3}], 3),
        (["abc"] * 5, [{"max_tokens": 4}], 2),
        (["abc" * 100, "a"], [{"max_tokens": 4}], 1),
        ([(1,) * 3] * 5, [{"max_tokens": 6}], 2),
        (["a"] * 2000, [{}], 1024),
    ),
)
def test_how_much_fits(inputs, embeds, leg):
    """By number, by tokens, by what numbers in an answer weigh; one at least."""
    assert leg == first_leg(asked(*inputs), [target(**one) for one in embeds])


def test_base64_is_light():
    """All of it in one request, where everybody knows it."""
    request = asked(*["a"] * 2000, base64=True)

    assert 2000 == first_leg(request, [target(base64=True)])
    assert 1024 == first_leg(request, [target(base64=True), target()])


def test_tokens_are_counted_high():
    """A leg that is too small does no harm."""
    assert (2, 3, 4) == (tokens_at_most("abc"), tokens_at_most("äöü"), tokens_at_most((1, 2, 3, 4)))
