"""Falsified numbers."""

import pytest

from trunkline.providers.sim.usage import SKEWS, number


@pytest.mark.parametrize(
    ("skew", "made"),
    (
        ("", b"7"),
        ("twice", b"7"),
        ("negative", b"-8"),
        ("huge", b"1000000000000007"),
        ("null", b"null"),
        ("text", b'"7"'),
        ("float", b"7.0"),
        ("zero", b"0"),
    ),
)
def test_a_number_is_falsified_as_told(skew: str, made: bytes) -> None:
    """Each way makes its own JSON of seven."""
    assert made == number(7, skew)
    assert skew in {"", *SKEWS}
