"""Without a configuration the environment decides."""

import msgspec
import pytest

from trunkline.providers.discovery import discovered, kind_of
from trunkline.providers.rows import ProviderRows

ROWS = ProviderRows.load()


def found(environ, *, local=False):
    tables = discovered(ROWS, environ, local=local)
    return {name: msgspec.json.decode(raw) for name, raw in tables.items()}


def test_nothing_in_the_environment_leaves_what_needs_no_key():
    """The simulator in both dialects, and the embedded model where it is installed."""
    assert ["sim", "sim-anthropic"] == list(found({}))
    assert ["local", "sim", "sim-anthropic"] == list(found({}, local=True))


def test_keys_bring_their_providers():
    """An empty variable is none; the first of several names counts."""
    tables = found({"OPENAI_API_KEY": "sk-1", "GEMINI_API_KEY": "g", "MISTRAL_API_KEY": ""})

    assert {"api_key": "sk-1"} == tables["openai"]
    assert {"api_key": "g"} == tables["gemini"]
    assert "mistral" not in tables


def test_azure_needs_its_address_too():
    """A key alone does not say where to call."""
    assert "azure" not in found({"AZURE_OPENAI_API_KEY": "k"})
    assert "azure" in found(
        {
            "AZURE_OPENAI_API_KEY": "k",
            "AZURE_OPENAI_BASE_URL": "https://x.openai.azure.com/openai/v1",
        }
    )


def test_bedrock_needs_a_key_that_says_bedrock():
    """Access keys of AWS say nothing of it; the region comes along."""
    token = {"AWS_BEARER_TOKEN_BEDROCK": "k"}
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}

    assert "bedrock" not in found(keys)
    assert {"api_key": "k"} == found(token)["bedrock"]
    assert {"api_key": "k", "region": "eu-west-1"} == found({**token, "AWS_REGION": "eu-west-1"})[
        "bedrock"
    ]


KINDS = [
    ("bedrock", b"{}", "bedrock"),
    ("second", b'{"kind":"bedrock"}', "bedrock"),
    ("sim", b"{}", "sim"),
    ("local", b"{}", "local"),
    ("openai", b"{}", "http"),
    ("mybox", b'{"kind":"sim"}', "sim"),
    ("sim", b'{"kind":"http"}', "http"),
]


@pytest.mark.parametrize(("name", "raw", "kind"), KINDS)
def test_kinds(name, raw, kind):
    """A table may say its kind; two names are kinds themselves; all else is HTTP."""
    assert kind == kind_of(name, msgspec.Raw(raw))
