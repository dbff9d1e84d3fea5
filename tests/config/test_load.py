"""A good file loads; a bad one is told file, line, key and what was expected."""

import pytest

from trunkline.config.errors import ConfigError
from trunkline.config.load import filled, line_of, parse, read, says_anything

BAD = [
    ('[server]\nport = "x"\n', "f.toml:2: server.port: expected `int`, got `str`"),
    ("[server]\n\nport = 70000\n", "f.toml:3: server.port: expected `int` <= 65535"),
    ("[server]\nprot = 1\n", "f.toml:2: server.prot: unknown key"),
    ("[sever]\nport = 1\n", "f.toml:1: sever: unknown key"),
    ('[providers.openai]\napi_key = "${NOPE}"\n', "f.toml:2: providers.openai.api_key: the env"),
    ('[models."gpt-4o"]\nstrategy = "x"\n', "f.toml:1: models.gpt-4o.targets: is required"),
    ('[models."gpt-4.1"]\ntargets = []\n', "f.toml:2: models.gpt-4.1.targets: expected `array`"),
    ("[models.a]\ntargets = [1]\n", "f.toml:2: models.a.targets[0]: expected"),
    ("[providers]\nopenai = 3\n", "f.toml:2: providers.openai: expected a table"),
    ("providers = 3\n", "f.toml:1: providers: expected a table of tables"),
    ("[server]\nport = \n", "f.toml:2: not valid TOML"),
    ("x = [", "f.toml:1: not valid TOML"),
    ('[ledger]\ndurability = "maybe"\n', "f.toml:2: ledger.durability: invalid enum value"),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_what_is_wrong_and_where(text, message):
    """An operator fixes it without opening the documentation."""
    with pytest.raises(ConfigError) as caught:
        parse(text, {}, "f.toml")

    assert str(caught.value).startswith(message)


def test_a_secret_never_shows():
    """Neither in an error nor in a repr."""
    text = '[providers.openai]\napi_key = "${KEY}"\n[server]\nport = "${KEY}"'
    with pytest.raises(ConfigError) as caught:
        parse(text, {"KEY": "sk-secret"}, "f.toml")
    config = parse('[providers.openai]\napi_key = "${KEY}"', {"KEY": "sk-secret"})

    assert "secret" not in str(caught.value)
    assert "secret" not in repr(config)
    assert b'{"api_key":"sk-secret"}' == bytes(config.providers["openai"])


def test_an_empty_file_is_all_defaults():
    """Nothing needs to be said."""
    config = parse("", {})

    assert 8787 == config.server.port
    assert "process" == config.ledger.durability


@pytest.mark.parametrize(
    ("text", "says"),
    (("", False), ("\n# [server]\n", False), ("[server]\n", True), ("faces = []\n", True)),
)
def test_a_file_that_says_nothing(text, says):
    """Neither a table nor a value stands in it."""
    assert says == says_anything(text)


def test_references_are_filled_everywhere():
    """Within strings, several at once, in lists and in nested tables."""
    text = '[models.a]\ntargets = ["${P}/${M}"]\n[providers.p]\nheaders = { x = "a-${M}" }'
    config = parse(text, {"P": "openai", "M": "gpt"})

    assert ["openai/gpt"] == config.models["a"].targets
    assert b'{"headers":{"x":"a-gpt"}}' == bytes(config.providers["p"])


def test_a_missing_file_is_told(tmp_path):
    """With its name and the reason."""
    with pytest.raises(ConfigError, match=r"none\.toml: cannot read the file: No such file"):
        read(tmp_path / "none.toml")


def test_lines_of_keys():
    """The deepest part that the file spells out."""
    text = '# c\n[a]\nb = 1\n[a."x.y"]\nd = { e = 1 }\n'

    assert [3, 4, 5, 5, 2, 0] == [
        line_of(text, key) for key in ("a.b", "a.x.y", "a.x.y.d", "a.x.y.d.e", "a.none", "z")
    ]


def test_a_setting_from_the_command_line_is_filled_too():
    """By the same environment; what is missing is told by the option's name."""
    assert "postgresql://u:s3cret@h/x" == filled("postgresql://u:${P}@h/x", {"P": "s3cret"}, "--to")
    with pytest.raises(ConfigError, match="--to: the environment variable P is not set"):
        filled("${P}", {}, "--to")
