"""A row, a table of the configuration and keys make a provider; what is wrong is told by key."""

import msgspec
import pytest

from trunkline.catalog.catalog import Catalog
from trunkline.config.errors import ConfigError
from trunkline.dialects.base import Encoded
from trunkline.providers.base import Surroundings
from trunkline.providers.http.provider import SPEC
from trunkline.providers.rows import ProviderRows
from trunkline.transport.base import Origin

CATALOG = Catalog.load()
ROWS = ProviderRows.load()


def build(provider, /, **table):
    lent = Surroundings(
        transport=None,
        clock=None,
        catalog=CATALOG,
        rows=ROWS,
        entropy=bytes,
        dice=float,
        dialects=("one", "other"),
    )
    return SPEC.build(provider, msgspec.Raw(msgspec.json.encode(table)), lent)


def request(provider, model="m", path="/chat/completions", **encoded):
    deployment = provider.deployment(model)
    return provider.request(deployment, path, Encoded(b"{}", **encoded), provider.credentials[0])


def test_a_known_name_needs_a_key_only():
    """Address, authentication and price come from the row and the catalogue."""
    openai = build("openai", api_key="sk-1")
    sent = request(openai, "gpt-4o-mini")

    assert Origin("https", "api.openai.com", 443) == sent.origin
    assert b"/v1/chat/completions" == sent.path
    assert (b"authorization", b"Bearer sk-1") in sent.headers
    assert "openai/gpt-4o-mini" == openai.deployment("gpt-4o-mini").price_model
    assert openai.deployment("o3").quirks.reasoning_model
    assert "gpt-4o-mini" in openai.models()


def test_another_address_with_known_models():
    """`catalog` says whose windows and prices count: without a price, no budget lets it be asked."""
    box = {"dialect": "one", "base_url": "http://box.test/v1"}
    priced = build("box", catalog="openai", **box).deployment("gpt-4o-mini")

    assert ("openai/gpt-4o-mini", 128_000) == (priced.price_model, priced.context_window)
    assert build("box", **box).deployment("gpt-4o-mini").price_model is None
    openai = build("openai", api_key="sk-1", catalog="")
    assert openai.deployment("gpt-4o-mini").price_model is None


def test_anthropic_has_its_own_header_and_version():
    """And the client's version, where it sent one, wins over the row's."""
    anthropic = build("anthropic", api_key="sk-2")
    own = request(anthropic, path="/v1/messages")
    sent = request(anthropic, path="/v1/messages", headers=((b"anthropic-version", b"x"),))

    assert b"/v1/messages" == own.path
    assert (b"x-api-key", b"sk-2") in own.headers
    assert [b"2023-06-01"] == [v for n, v in own.headers if n == b"anthropic-version"]
    assert [b"x"] == [v for n, v in sent.headers if n == b"anthropic-version"]


def test_keys_are_credentials_of_their_own():
    """Several keys, several credentials, none of which shows itself."""
    provider = build("openai", api_keys=["sk-secret-1", "sk-secret-2"])

    assert ["openai#1", "openai#2"] == [c.id for c in provider.credentials]
    assert "secret" not in repr(provider) + repr(provider.credentials)


def test_a_server_of_ones_own():
    """No key needed, own address, own limits and quirks."""
    box = build(
        "box",
        dialect="openai-chat",
        base_url="http://[::1]:9100/v1",
        first_content_timeout=5.0,
        quirks={"max_stop": 8},
        models=["a"],
        headers={"X-Team": "search"},
    )
    deployment = box.deployment("a/b")

    assert ("box/a/b", 5.0, 8) == (
        deployment.id,
        deployment.first_content_timeout,
        deployment.quirks.max_stop,
    )
    assert Origin("http", "::1", 9100) == request(box).origin
    assert (b"x-team", b"search") in request(box).headers
    assert ["a"] == list(box.models())


def test_a_second_account():
    """`like` takes another provider's row under a name of its own."""
    second = build("second", like="anthropic", api_key="sk-3")

    assert "anthropic-messages" == second.deployment("claude-sonnet-4-5").dialect
    assert "second/x" == second.deployment("x").id
    assert second.deployment("claude-sonnet-4-5").price_model == "anthropic/claude-sonnet-4-5"


def test_a_nickname_goes_up_as_the_real_name():
    """What people call it is not what the provider calls it."""
    anthropic = build("anthropic", api_key="k")

    assert "claude-opus-4-5" == anthropic.deployment("claude-opus-4.5").model[:15]


def test_a_server_of_ones_own_at_a_paid_host_is_not_free():
    """vllm on loopback costs nothing; the same row pointed elsewhere has no known price."""
    assert build("vllm").deployment("m").price_model is not None
    assert build("vllm", base_url="https://paid.example/v1").deployment("m").price_model is None


def test_a_path_may_name_the_model():
    """Azure's old style of deployments."""
    azure = build("azure-deployments", base_url="https://x.openai.azure.com", api_key="k")
    sent = request(azure, "my deployment")

    assert sent.path.startswith(
        b"/openai/deployments/my%20deployment/chat/completions?api-version="
    )
    assert (b"api-key", b"k") in sent.headers


BAD = [
    ("nobody", {}, "providers.nobody.dialect", "say what it speaks, one of one, other"),
    ("box", {"dialect": "openai-chat"}, "providers.box.base_url", "is required"),
    ("box", {"dialect": "openai-chat", "base_url": "ftp://x"}, "providers.box.base_url", "http://"),
    ("ollama", {"base_url": "localhost:11434"}, "providers.ollama.base_url", "http://"),
    ("openai", {"idle_timeout": 0}, "providers.openai.idle_timeout", "expected `float` > 0.0"),
    ("openai", {"headers": {"x": "a\nb"}}, "providers.openai.headers", "no HTTP header has"),
    ("openai", {"headers": {"x y": "a"}}, "providers.openai.headers", "no HTTP header has"),
    ("openai", {}, "providers.openai.api_key", "is required"),
    ("openai", {"api_key": ""}, "providers.openai.api_key", "is empty"),
    ("openai", {"api_key": "a\nb"}, "providers.openai.api_key", "characters no key has"),
    ("openai", {"api_key": "a", "api_keys": ["b"]}, "providers.openai.api_keys", "not both"),
    ("openai", {"api_kee": "a"}, "providers.openai.api_kee", "unknown key"),
    ("openai", {"api_key": "a", "quirks": {"no": 1}}, "providers.openai.quirks", "no such quirk"),
    (
        "x",
        {"dialect": "one", "base_url": "http://x.test", "catalog": "nobody"},
        "providers.x.catalog",
        "no such provider in the catalogue",
    ),
    ("x", {"like": "nobody", "api_key": "a"}, "providers.x.like", "no known provider"),
]


@pytest.mark.parametrize(("name", "table", "key", "expected"), BAD)
def test_what_is_wrong(name, table, key, expected):
    """The key that is wrong and what was expected, never a value."""
    with pytest.raises(ConfigError) as caught:
        build(name, **table)

    assert key == caught.value.key
    assert expected in str(caught.value)


def test_made_up_models_leave_nothing_behind():
    """A client that asks for a thousand names costs no memory, and each goes to its own path."""
    azure = build("azure-deployments", base_url="https://x.openai.azure.com", api_key="k")
    paths = {request(azure, f"m{i}").path for i in range(100)}

    assert 100 == len(paths)
    assert 1 == len(azure._paths)


def test_what_it_speaks_besides_is_the_row_s_or_the_operator_s():
    """A row's other dialects hold for its own; who names another dialect or path names them too."""
    own = build("mine", dialect="openai-chat", base_url="http://h/v1", also=["openai-responses"])
    plain = build("mine", dialect="openai-chat", base_url="http://h/v1")

    assert ("openai-responses",) == own.deployment("m").also
    assert () == plain.deployment("m").also


def test_paths_that_carry_a_model_are_not_kept_forever():
    """Clients may make up names: what is remembered of them is bounded, and stays right."""
    provider = build("mine", dialect="openai-chat", base_url="http://h/v1")
    for number in range(3000):
        assert b"/v1/m%d" % number == request(provider, path=f"/m{number}").path
    assert len(provider._paths) <= 1024


def test_a_path_of_its_own_leaves_no_endpoint_to_count_at():
    """Every request goes to that path, so a request for a count would be answered instead."""
    plain = build("anthropic", api_key="k").deployment("m")
    bent = build("anthropic", api_key="k", path="/own/messages").deployment("m")

    assert ("anthropic-messages",) == plain.quirks.counts
    assert () == bent.quirks.counts


def asked(provider):
    request = provider.models_request(provider.credentials[0])
    return None if request is None else (request.method, request.origin.host, request.path)


def test_where_a_provider_lists_its_models():
    """At its row's endpoint, or its dialect's; with its credential and headers."""
    anthropic = build("anthropic", api_key="sk-2")
    request = anthropic.models_request(anthropic.credentials[0])

    assert (b"GET", b"/v1/models?limit=1000", b"") == (request.method, request.path, request.body)
    assert (b"x-api-key", b"sk-2") in request.headers
    assert (b"anthropic-version", b"2023-06-01") in request.headers
    assert (b"GET", "api.openai.com", b"/v1/models") == asked(build("openai", api_key="k"))
    box = {"base_url": "http://box/v1", "api_key": "k"}
    assert (b"GET", "box", b"/v1/models") == asked(build("box", dialect="one", **box))
    assert (b"GET", "box", b"/v1/models?limit=1000") == asked(
        build("box", dialect="anthropic-messages", **box)
    )
    own = build("box", dialect="one", models_endpoint="/list?a=b", **box)
    assert (b"GET", "box", b"/v1/list?a=b") == asked(own)


@pytest.mark.parametrize(
    ("name", "more"),
    (
        ("openai", {"models": ["gpt-4o"]}),
        ("openai", {"models_endpoint": ""}),
        ("perplexity", {}),
        ("azure", {"base_url": "https://r.openai.azure.com/openai/v1"}),
    ),
)
def test_who_is_not_asked(name, more):
    """Where the operator has said all, and where the provider's list would say something else."""
    assert None is asked(build(name, api_key="k", **more))


def test_what_a_list_holds_that_is_no_chat_model():
    """Pictures and speech are left out where the catalogue knows them; the unknown stays."""
    listed = build("openai", api_key="k").listed(
        b'{"data":[{"id":"gpt-4o"},{"id":"whisper-1"},{"id":"gpt-99"}]}'
    )

    assert ["gpt-4o", "gpt-99"] == [model.id for model in listed]


@pytest.mark.parametrize("path", ("models", "/a b", "/m#x", "/\r\nhost: x", "/\u00e9"))
def test_an_endpoint_that_is_no_path_is_refused(path):
    """By its key: it would become a request line."""
    with pytest.raises(ConfigError, match="models_endpoint"):
        build("openai", api_key="k", models_endpoint=path)


def test_a_model_of_the_legacy_endpoint_is_asked_there():
    """The catalogue knows which they are; clients of completions reach them untranslated."""
    openai = build("openai", api_key="sk-1")
    instruct = openai.deployment("gpt-3.5-turbo-instruct").speaking("openai-completions")

    assert "openai-completions" == instruct.dialect
    assert "openai-chat" == openai.deployment("gpt-4o").speaking("openai-completions").dialect
    assert "openai-completions" in build("vllm").deployment("any").also


def test_a_tenants_own_key_travels_as_ours_do():
    """In the same header, and marked as its own; where none travels, none is taken."""
    openai, anthropic = build("openai", api_key="sk-1"), build("anthropic", api_key="sk-2")

    own = openai.credential("cred_1", "sk-own")

    assert ("cred_1", True) == (own.id, own.own)
    assert ((b"authorization", b"Bearer sk-own"),) == own.headers
    assert ((b"x-api-key", b"sk-own"),) == anthropic.credential("cred_2", "sk-own").headers
    assert "sk-own" not in repr(own)
    sent = openai.request(openai.deployment("m"), "/chat/completions", Encoded(b"{}"), own)
    assert [b"Bearer sk-own"] == [v for n, v in sent.headers if n == b"authorization"]


def test_it_may_do_without_a_key_of_ours():
    """Where tenants bring theirs, and only where the file says so; given keys count as ever."""
    assert () == build("openai", byok=True).credentials
    assert 1 == len(build("openai", byok=True, api_key="sk-1").credentials)
    assert () == build("box", dialect="one", base_url="http://box/v1", byok=True).credentials
    with pytest.raises(ConfigError, match="byok = true"):
        build("openai")
