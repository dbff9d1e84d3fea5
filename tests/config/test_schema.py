"""The configuration's shape: defaults that serve, limits that hold, nothing shown that is secret."""

import pytest
from msgspec import Raw, ValidationError, convert

from trunkline.config.schema import Config, ModelConfig, ServerConfig


def test_nothing_said_is_a_configuration():
    """One that only this machine can reach."""
    server = Config().server

    assert ("127.0.0.1", 8787, 1) == (server.host, server.port, server.workers)


def test_its_repr_shows_no_credential():
    """A log line or a traceback may hold it."""
    config = Config(providers={"openai": Raw(b'{"api_key":"sk-secret"}')})

    assert "<Config 1 providers, 0 models>" == repr(config)


def test_a_target_is_a_name_or_a_table():
    """Both in one list."""
    model = convert({"targets": ["a/b", {"model": "c/d", "weight": 3}]}, ModelConfig)

    assert "a/b" == model.targets[0]
    assert ("c/d", 3, None) == (
        model.targets[1].model,
        model.targets[1].weight,
        model.targets[1].idle_timeout,
    )


def test_passwords_are_not_shown():
    """Not even of the database: whoever prints settings prints no secrets."""
    given = {"database": "postgresql://u:s3cret@h/x", "state": "redis://:s3cret@h:6379/0"}
    server = convert(given, ServerConfig)

    assert given["database"] == server.database
    assert "s3cret" not in repr(server)
    assert "s3cret" not in repr(Config(server=server))


@pytest.mark.parametrize(
    "wrong",
    (
        {"server": {"port": 65536}},
        {"server": {"workers": 0}},
        {"server": {"max_body_bytes": 0}},
        {"server": {"header_timeout": 0}},
        {"server": {"hots": "x"}},
        {"models": {"m": {"targets": []}}},
        {"models": {"m": {"targets": [{"model": "a/b", "weight": -1}]}}},
        {"ledger": {"durability": "none"}},
        {"routing": {"retry_share": 1.5}},
    ),
)
def test_what_cannot_be_meant_is_refused(wrong):
    """Out of range, misspelled, empty."""
    with pytest.raises(ValidationError):
        convert(wrong, Config)
