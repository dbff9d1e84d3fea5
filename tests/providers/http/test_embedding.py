"""Where a provider is asked for embeddings, with which header, and who is not asked at all."""

import msgspec
import pytest

from trunkline.catalog.catalog import Catalog
from trunkline.config.errors import ConfigError
from trunkline.dialects.base import Encoded
from trunkline.providers.base import Surroundings
from trunkline.providers.http.provider import SPEC
from trunkline.providers.rows import ProviderRows

CATALOG, ROWS = Catalog.load(), ProviderRows.load()
DIALECTS = ("openai-embeddings", "gemini-embeddings", "cohere-embeddings")


def build(provider, /, **table):
    lent = Surroundings(
        transport=None,
        clock=None,
        catalog=CATALOG,
        rows=ROWS,
        entropy=bytes,
        dice=float,
        dialects=("openai-chat", *DIALECTS),
        embeddings=DIALECTS,
    )
    return SPEC.build(provider, msgspec.Raw(msgspec.json.encode(table)), lent)


def asked(provider, model="m", path="/embeddings", credential=0):
    deployment = provider.deployment(model).embedding()
    sent = provider.request(deployment, path, Encoded(b"{}"), provider.credentials[credential])
    return f"{sent.origin.scheme}://{sent.origin.host}{sent.path.decode()}", dict(sent.headers)


def test_at_the_same_address():
    """OpenAI's embeddings stand beside its chat, behind the same key."""
    openai = build("openai", api_keys=("sk-1", "sk-2"))
    url, headers = asked(openai, "text-embedding-3-small", credential=1)

    assert "https://api.openai.com/v1/embeddings" == url
    assert b"Bearer sk-2" == headers[b"authorization"]
    assert b"application/json" == headers[b"content-type"]


def test_at_another_address_with_another_header():
    """Gemini's own API beside its compatible one."""
    gemini = build("gemini", api_key="AIza1")
    url, headers = asked(gemini, "gemini-embedding-001", "/v1beta/models/x:batchEmbedContents")

    assert "https://generativelanguage.googleapis.com/v1beta/models/x:batchEmbedContents" == url
    assert b"AIza1" == headers[b"x-goog-api-key"]
    assert b"authorization" not in headers


def test_a_path_that_names_the_deployment():
    """Azure's older style, whose path for chat is not taken for embeddings."""
    azure = build("azure-deployments", api_key="k", base_url="https://r.openai.azure.com")
    url, headers = asked(azure, "my embed")

    assert (
        "https://r.openai.azure.com/openai/deployments/my%20embed/embeddings"
        == url.partition("?")[0]
    )
    assert b"k" == headers[b"api-key"]


def test_a_server_that_no_row_describes():
    """Who speaks as OpenAI does may have its embeddings, too; all of its headers go along."""
    box = build(
        "box", dialect="openai-chat", base_url="http://127.0.0.1:9/v1", headers={"x-a": "b"}
    )
    url, headers = asked(box)

    assert ("http://127.0.0.1/v1/embeddings", b"b") == (url, headers[b"x-a"])
    assert "openai-embeddings" == box.deployment("m").embeds.dialect
    assert build("a", dialect="one", base_url="http://b").deployment("m").embeds is None


def test_a_server_that_only_embeds():
    """Its one dialect is the one it is asked in."""
    box = build("box", dialect="cohere-embeddings", base_url="http://b", api_key="k")

    assert "cohere-embeddings" == box.deployment("m").embeds.dialect
    assert "http://b/v2/embed" == asked(box, path="/v2/embed")[0]


def test_the_operator_s_word_counts():
    """Limits, addresses, and that there are none."""

    def of(**embeddings):
        return build("openai", api_key="k", embeddings=embeddings)

    assert 7 == of(max_inputs=7).deployment("m").embeds.max_inputs
    assert "http://e/embeddings" == asked(of(base_url="http://e"))[0]
    assert of(dialect="").deployment("m").embeds is None


def test_another_address_of_chat_does_not_send_keys_to_the_row_s_of_embeddings():
    """A proxy in front of Gemini, say: where its embeddings are, nobody has told."""
    chat = {"api_key": "k", "base_url": "http://proxy/v1beta/openai"}

    assert build("gemini", **chat).deployment("m").embeds is None
    told = build("gemini", **chat, embeddings={"base_url": "http://proxy"})
    assert "http://proxy/v1beta/x" == asked(told, path="/v1beta/x")[0]


def test_what_is_served_by_bare_name():
    """Models of embeddings are in the catalogue, and count where they can be asked."""
    assert {"gpt-4o", "text-embedding-3-small"} <= set(build("openai", api_key="k").models())
    assert "voyage-3.5" in build("voyage", api_key="k").models()
    without = build("openai", api_key="k", embeddings={"dialect": ""}).models()
    assert "text-embedding-3-small" not in without
    assert "gpt-4o" in without


@pytest.mark.parametrize(
    ("embeddings", "where", "says"),
    (
        ({"dialect": "nonsense"}, "embeddings.dialect", "openai-embeddings, gemini"),
        ({"base_url": "ftp://x"}, "embeddings.base_url", "http"),
        ({"max_inputs": "many"}, "embeddings", "int"),
        ({"nonsense": 1}, "embeddings", "nonsense"),
    ),
)
def test_what_is_wrong_is_told_by_key(embeddings, where, says):
    """With what was expected."""
    with pytest.raises(ConfigError, match=says) as caught:
        build("openai", api_key="k", embeddings=embeddings)
    assert caught.value.key.startswith(f"providers.openai.{where}")


def test_a_tenants_own_key_travels_where_embeddings_are_asked_for():
    """In the header of that address, whatever the one of chat is."""
    gemini = build("gemini", api_key="AIza1")
    own, ours = gemini.credential("cred_1", "AIza-own"), gemini.credentials[0]

    def headers(credential):
        deployment = gemini.deployment("m").embedding()
        return gemini.request(deployment, "/x", Encoded(b"{}"), credential).headers

    expected = [(name, value.replace(b"AIza1", b"AIza-own")) for name, value in headers(ours)]
    assert expected == list(headers(own))
    assert any(b"AIza-own" in value for _, value in headers(own))
