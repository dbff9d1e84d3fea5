"""Tests of tenancy/usual.py: what a key's requests usually write."""

from random import Random  # noqa: TID251 - seeded, for a sample

from trunkline.tenancy.usual import UsualOutput


def test_nothing_is_known_at_first():
    """Of each key and model apart."""
    usual = UsualOutput()
    usual.learn("k", "m", 10)

    assert (None, None) == (usual.of("k", "other"), usual.of("other", "m"))


def test_a_steady_length_is_learned():
    """After some dozens it is known to the token or so."""
    usual = UsualOutput()
    for _ in range(60):
        usual.learn("k", "m", 500)

    assert usual.of("k", "m") in range(500, 510)


def test_it_is_hardly_ever_exceeded():
    """By a sample that scatters, once the first dozens have been seen."""
    usual, dice = UsualOutput(), Random(1)
    exceeded = 0
    for number in range(2000):
        written = round(dice.lognormvariate(5, 0.5))
        exceeded += number > 50 and written > (usual.of("k", "m") or 0)
        usual.learn("k", "m", written)

    assert exceeded < 0.05 * 2000


def test_it_follows_a_change():
    """Within some dozens of requests."""
    usual = UsualOutput()
    for written in (*[100] * 50, *[2000] * 50):
        usual.learn("k", "m", written)

    assert 1900 < (usual.of("k", "m") or 0) < 3000


def test_those_not_seen_for_long_are_forgotten():
    """So that it never grows beyond a bound."""
    usual = UsualOutput()
    for number in range(8193):
        usual.learn(f"{number}", "m", 1)

    assert (None, 1) == (usual.of("0", "m"), min(1, usual.of("8192", "m") or 0))
