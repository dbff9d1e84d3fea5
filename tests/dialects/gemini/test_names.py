"""Function names as Google takes them."""

import re

from trunkline.dialects.gemini.names import Names


def test_names_that_fit():
    """Dots, colons and dashes are taken; nothing is remembered."""
    names = Names(64)
    for name in ("get_weather", "a.b:c-d", "_x1"):
        assert name == names(name)
    assert {} == names.used


def test_names_that_do_not():
    """Too long, foreign or beginning with a digit: changed the same way every time, and undone."""
    names = Names(64)
    for name in ("x" * 65, "wetter/örtlich", "1st", ""):
        changed = names(name)
        assert re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}", changed)
        assert changed == names(name)
        assert name == names.used[changed]


def test_two_long_names():
    """Names that differ at their end still differ."""
    names = Names(64)
    assert names("x" * 80 + "a") != names("x" * 80 + "b")
