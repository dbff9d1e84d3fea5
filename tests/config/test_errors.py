"""A configuration error says where, which key, and what was expected."""

import pytest

from trunkline.config.errors import ConfigError


@pytest.mark.parametrize(
    ("error", "shown"),
    (
        (
            ConfigError("a.b", "expected `int`", file="t.toml", line=3),
            "t.toml:3: a.b: expected `int`",
        ),
        (ConfigError("a.b", "expected `int`", file="t.toml"), "t.toml: a.b: expected `int`"),
        (ConfigError("a.b", "expected `int`"), "a.b: expected `int`"),
        (ConfigError("", "no such file", file="t.toml"), "t.toml: no such file"),
        (ConfigError("", "no such file"), "no such file"),
    ),
)
def test_as_much_as_is_known(error, shown):
    """In the form that editors jump to."""
    assert shown == str(error)


def test_its_parts_can_be_read():
    """For whoever places it again, or answers over HTTP."""
    error = ConfigError("a.b", "is required", file="t.toml", line=3)

    assert ("a.b", "is required", "t.toml", 3) == (
        error.key,
        error.expected,
        error.file,
        error.line,
    )
