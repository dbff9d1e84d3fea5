"""Bedrock: an address for each region, a token or a signature for each request."""

import asyncio

import pytest

from tests.providers.bedrock.kit import ACCESS, build, request
from tests.providers.bedrock.verifier import faults
from trunkline.transport.base import Origin

SONNET = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"


def test_a_token_needs_no_signature():
    """It goes as it is, to the region's address."""
    sent = request(build(api_key="k", region="eu-west-1"))

    assert Origin("https", "bedrock-runtime.eu-west-1.amazonaws.com", 443) == sent.origin
    assert ((b"content-type", b"application/json"), (b"authorization", b"Bearer k")) == sent.headers
    assert (b"POST", b"/model/m/converse", b"{}") == (sent.method, sent.path, sent.body)


@pytest.mark.parametrize(
    "base_url", (None, "http://127.0.0.1:9100/vpc", "https://[::1]:8443", "http://h:80")
)
def test_access_keys_sign(base_url):
    """For the host as the transport will write it."""
    provider = build(**ACCESS, region="eu-west-1", base_url=base_url)
    sent = request(provider)
    headers = {n.decode(): v.decode() for n, v in sent.headers}
    hosts = {
        None: "bedrock-runtime.eu-west-1.amazonaws.com",
        "http://127.0.0.1:9100/vpc": "127.0.0.1:9100",
        "https://[::1]:8443": "[::1]:8443",
        "http://h:80": "h",
    }
    headers["host"] = hosts[base_url]

    assert [] == faults(
        "POST", sent.path.decode(), headers, sent.body, "secret", region="eu-west-1"
    )
    assert ["bedrock#1"] == [c.id for c in provider.credentials]


def test_tokens_rotate():
    """Each a credential of its own, none of which shows itself."""
    provider = build(api_keys=["secret-1", "secret-2"])

    assert ["bedrock#1", "bedrock#2"] == [c.id for c in provider.credentials]
    assert "secret" not in repr(provider) + repr(provider.credentials)


def test_a_deployment():
    """Dialect, quirks by model, and limits and prices from the catalogue."""
    place = build(api_key="k").deployment(SONNET)

    assert ("bedrock-converse", f"bedrock/{SONNET}") == (place.dialect, place.id)
    assert (True, True) == (place.quirks.cache_marks, place.quirks.schema_output)
    assert 200_000 == place.context_window
    assert place.price_model


@pytest.mark.parametrize(
    ("model", "marks", "schema"),
    (
        ("anthropic.claude-3-5-sonnet-20240620-v1:0", False, False),
        ("us.anthropic.claude-3-7-sonnet-20250219-v1:0", True, False),
        ("eu.anthropic.claude-sonnet-4-20250514-v1:0", True, False),
        ("global.anthropic.claude-opus-5", True, True),
        ("us.amazon.nova-2-lite-v1:0", True, False),
        ("openai.gpt-oss-120b-1:0", False, True),
        ("us.meta.llama4-maverick-17b-instruct-v1:0", False, False),
    ),
)
def test_what_each_model_takes(model, marks, schema):
    """Cache points and structured outputs are for some."""
    quirks = build(api_key="k").deployment(model).quirks

    assert (marks, schema) == (quirks.cache_marks, quirks.schema_output)


@pytest.mark.parametrize(
    "model",
    (
        "eu.anthropic.claude-sonnet-4-20250514-v1:0",
        "apac.anthropic.claude-3-haiku-20240307-v1:0",
        "anthropic.claude-3-haiku-20240307-v1:0",
        "us.amazon.nova-pro-v1:0",
        "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
    ),
)
def test_regions_and_profiles_are_priced(model):
    """By one row for all regions, where there is none for a model by its own name."""
    assert build(api_key="k").deployment(model).price_model


def test_models():
    """What can be called by name; the configuration's own list instead."""
    names = build(api_key="k").models()

    assert "amazon.nova-pro-v1:0" in names
    assert [] == [name for name in names if name.startswith("regional.")]
    assert ["a"] == list(build(api_key="k", models=["a"]).models())


def test_settings_of_ones_own():
    """Clocks and quirks; a name that is not the row's."""
    place = build("second", kind="bedrock", api_key="k", idle_timeout=7.0, quirks={"max_stop": 2})
    deployment = place.deployment("m")

    assert ("second/m", 7.0, 2) == (
        deployment.id,
        deployment.idle_timeout,
        deployment.quirks.max_stop,
    )


def test_its_list_of_models_is_not_asked_for():
    """It is another service's, with permissions of its own."""
    provider = build(api_key="k")

    assert None is provider.models_request(provider.credentials[0])
    assert () == provider.listed(b"")


def test_nothing_to_start_and_nothing_to_stop():
    """Ready from the beginning; the transport is somebody else's."""
    provider = build(api_key="k")

    async def live():
        await provider.ready(provider.deployment("m"))
        await provider.aclose()

    asyncio.run(live())

    assert provider.is_ready


def test_a_tenant_brings_an_api_key_or_nothing():
    """Where requests are signed with our access key, none of a tenant's can be."""
    own = build(api_key="abc").credential("cred_1", "own-key")

    assert ((b"authorization", b"Bearer own-key"),) == own.headers
    assert own.own
    assert build(**ACCESS).credential("cred_1", "own-key") is None
