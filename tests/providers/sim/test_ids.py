"""Ids and dice derived from a seed."""

from trunkline.providers.sim.ids import dice, token


def test_a_token_is_repeatable_and_its_own() -> None:
    """The same seed and label give the same letters, another label others."""
    assert token(b"s", "a", 24) == token(b"s", "a", 24)
    assert token(b"s", "a", 24) != token(b"s", "b", 24)


def test_a_token_has_its_length() -> None:
    """Short and long ones alike, of letters and digits only."""
    for length in (1, 22, 32, 33, 64):
        made = token(b"s", "a", length)
        assert length == len(made)
        assert made.isalnum()


def test_dice_are_fair_enough() -> None:
    """Numbers lie in [0, 1), about half of them below a half."""
    rolls = [dice(b"s", str(roll)) for roll in range(1000)]

    assert all(0 <= roll < 1 for roll in rolls)
    assert 400 < sum(roll < 0.5 for roll in rolls) < 600
