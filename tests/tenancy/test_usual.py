"""Tests of tenancy/usual.py: what a key's requests usually write."""

from random import Random  # noqa: TID251 - seeded, for a sample

from trunkline.canon.exchange import Principal
from trunkline.tenancy.usual import UsualOutput


def key(name: str, tenant: str = "acme") -> Principal:
    return Principal(key_id=name, tenant=tenant)


def test_nothing_is_known_at_first():
    """Of each key and model apart."""
    usual = UsualOutput()
    usual.learn(key("k"), "m", 10)

    assert (None, None) == (usual.of(key("k"), "other"), usual.of(key("other"), "m"))
    assert usual.of(key("k", "bell"), "m") is None


def test_a_steady_length_is_learned():
    """After some dozens it is known to the token or so."""
    usual = UsualOutput()
    for _ in range(60):
        usual.learn(key("k"), "m", 500)

    assert usual.of(key("k"), "m") in range(500, 510)


def test_it_is_hardly_ever_exceeded():
    """By a sample that scatters, once the first dozens have been seen."""
    usual, dice = UsualOutput(), Random(1)
    exceeded = 0
    for number in range(2000):
        written = round(dice.lognormvariate(5, 0.5))
        exceeded += number > 50 and written > (usual.of(key("k"), "m") or 0)
        usual.learn(key("k"), "m", written)

    assert exceeded < 0.05 * 2000


def test_it_follows_a_change():
    """Within some dozens of requests."""
    usual = UsualOutput()
    for written in (*[100] * 50, *[2000] * 50):
        usual.learn(key("k"), "m", written)

    assert 1900 < (usual.of(key("k"), "m") or 0) < 3000


def test_those_not_seen_for_long_are_forgotten():
    """So that it never grows beyond a bound."""
    usual = UsualOutput()
    for number in range(8193):
        usual.learn(key(f"{number}"), "m", 1)

    assert (None, 1) == (usual.of(key("0"), "m"), min(1, usual.of(key("8192"), "m") or 0))
