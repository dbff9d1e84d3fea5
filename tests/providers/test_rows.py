"""Every known provider can be called, is described once, and is spoken to as it asks."""

from importlib.resources import files

import msgspec
import pytest
from msgspec import Raw

from trunkline.canon.deployment import Quirks
from trunkline.catalog.catalog import Catalog
from trunkline.providers.rows import Auth, ModelRule, ProviderRow, ProviderRows, merge_quirks
from trunkline.providers.urls import fill_model, is_loopback, join_url

ROWS = ProviderRows.load()
CATALOG = Catalog.load()
PATHS = {
    "openai-chat": "/chat/completions",
    "anthropic-messages": "/v1/messages",
    "openai-embeddings": "/embeddings",
    "bedrock-converse": "/model/m/converse",
    "gemini": "/models/m:generateContent",
    "cohere-chat": "/v2/chat",
}
DIALECTS = set(PATHS)
EMBEDDINGS = {"openai-embeddings", "gemini-embeddings", "cohere-embeddings"}
WANTED = [
    "openai",
    "anthropic",
    "gemini",
    "gemini-openai",
    "vertex",
    "vertex-express",
    "mistral",
    "deepseek",
    "groq",
    "xai",
    "together",
    "fireworks",
    "cerebras",
    "openrouter",
    "perplexity",
    "moonshot",
    "zai",
    "dashscope",
    "nvidia",
    "huggingface",
    "cohere",
    "cohere-openai",
    "azure",
    "azure-deployments",
    "bedrock",
    "ollama",
    "vllm",
    "llamacpp",
    "lmstudio",
    "sim",
    "local",
]


def test_the_known_providers_are_there() -> None:
    """The list the documentation promises."""
    assert set(WANTED) <= set(ROWS)
    assert len(ROWS) == len(list(ROWS))
    assert repr(ROWS).startswith("<ProviderRows openai, ")


@pytest.mark.parametrize("name", tuple(ROWS))
def test_every_row_is_sound(name: str) -> None:
    """It knows its name and its documents, speaks a known dialect, and waits a sensible time."""
    row = ROWS[name]
    assert name == row.name
    assert row.docs
    assert row.dialect in DIALECTS
    embeds = row.embeds_for("any")
    assert embeds is None or embeds.dialect in EMBEDDINGS
    assert 5 <= row.timeouts.connect <= row.timeouts.first_content <= row.timeouts.answer
    for rule in row.models:
        assert rule.match
        assert all(pattern == pattern.lower() for pattern in rule.match)
        assert rule.quirks or rule.embeddings or rule.first_content_timeout
        assert 30 <= (rule.first_content_timeout or 30) <= 600


@pytest.mark.parametrize("name", tuple(ROWS))
def test_every_address_is_encrypted_unless_local(name: str) -> None:
    """A key never travels in the clear; what needs no address, or the operator's, has none."""
    row = ROWS[name]
    if not row.base_url:
        assert row.kind != "http" or row.base_url_env
        return
    base_url = row.base_url.replace("{region}", "eu-central-1")
    address = join_url(base_url, row.dialect, row.path or PATHS[row.dialect])
    assert ("http" if row.self_hosted else "https") == address.scheme
    assert row.self_hosted == is_loopback(base_url)


def test_no_variable_belongs_to_two_providers() -> None:
    """One key in the environment starts one provider."""
    names = [name for row in ROWS.values() for name in (*row.env, *row.base_url_env)]
    assert len(set(names)) == len(names)


def test_keys_are_asked_for_where_needed() -> None:
    """Whoever needs a key names the variable it may stand in."""
    for row in ROWS.values():
        if row.kind == "http" and not row.key_optional:
            assert row.env, row.name


@pytest.mark.parametrize("name", tuple(ROWS))
def test_every_provider_is_priced_where_prices_are_known(name: str) -> None:
    """The catalogue provider a row names exists, and prices what it lists as chat models."""
    row = ROWS[name]
    if not row.catalog_name:
        return
    listed = [*CATALOG.models(row.catalog_name)]
    assert listed or CATALOG.find(row.catalog_name, "anything"), "no such catalogue provider"
    chat = [model for model in listed if model.kind == "chat"]
    priced = [model for model in chat if CATALOG.price(model, 1_795_000_000.0) is not None]
    assert len(priced) >= 0.85 * len(chat)


@pytest.mark.parametrize(
    "provider, model, quirk, expected",
    (
        ("openai", "gpt-4o-mini", "reasoning_model", False),
        ("openai", "gpt-5-mini", "reasoning_model", True),
        ("openai", "o3-mini", "reasoning_model", True),
        ("openai", "GPT-5", "reasoning_model", True),
        ("openai", "gpt-5-chat-latest", "reasoning_model", False),
        ("openai", "gpt-5.1-chat-latest", "efforts", ()),
        ("openai", "gpt-4o", "efforts", ()),
        ("openai", "o3", "efforts", ("low", "medium", "high")),
        ("openai", "gpt-5", "efforts", ("minimal", "low", "medium", "high")),
        ("openai", "gpt-5.1", "efforts", ("none", "low", "medium", "high")),
        ("openai", "gpt-5.4", "efforts", ("none", "low", "medium", "high", "xhigh")),
        ("openai", "gpt-4", "schema_output", False),
        ("openai", "gpt-4.1", "schema_output", True),
        ("openai", "gpt-4o-2024-08-06", "schema_output", True),
        ("openai", "gpt-4o", "system_role", "developer"),
        ("azure-deployments", "gpt-5", "reasoning_model", True),
        ("azure-deployments", "gpt-5", "custom_tools", True),
        ("azure", "gpt-5", "custom_tools", True),
        ("openai", "gpt-5", "custom_tools", True),
        ("mistral", "mistral-large-latest", "custom_tools", False),
        ("anthropic", "claude-sonnet-4-5", "schema_output", True),
        ("anthropic", "claude-sonnet-4-20250514", "schema_output", False),
        ("anthropic", "claude-opus-4-1-20250805", "schema_output", True),
        ("anthropic", "claude-3-5-sonnet-20241022", "schema_output", False),
        ("anthropic", "claude-opus-5", "schema_output", True),
        ("anthropic", "claude-opus-5", "max_tool_name", 128),
        ("mistral", "mistral-large-latest", "tool_id", "mistral"),
        ("mistral", "magistral-medium-latest", "reasoning_field", "content"),
        ("mistral", "mistral-small-latest", "efforts", ("none", "high")),
        ("groq", "openai/gpt-oss-120b", "reasoning_field", "reasoning"),
        ("groq", "openai/gpt-oss-120b", "schema_output", True),
        ("groq", "llama-3.3-70b-versatile", "schema_output", False),
        ("deepseek", "deepseek-chat", "replay_reasoning", True),
        ("gemini", "gemini-2.5-pro", "thinking_budget", (128, 32_768)),
        ("gemini", "gemini-2.5-flash-lite", "thinking_budget", (0, 24_576)),
        ("gemini", "gemini-2.0-flash", "efforts", ()),
        ("gemini", "gemini-3-flash-preview", "thought_signatures", True),
        ("gemini", "gemini-3-pro-preview", "efforts", ("low", "high")),
        ("gemini", "gemini-3.1-pro-preview", "efforts", ("low", "medium", "high")),
        ("gemini-openai", "gemini-2.5-pro", "thought_signatures", True),
        ("gemini-openai", "gemini-2.5-pro", "efforts", ("low", "medium", "high")),
        ("gemini-openai", "gemini-3.1-pro-preview", "efforts", ("low", "medium", "high")),
        ("gemini-openai", "gemini-3-flash", "efforts", ("minimal", "low", "medium", "high")),
        (
            "gemini-openai",
            "gemini-2.5-flash",
            "efforts",
            ("none", "minimal", "low", "medium", "high"),
        ),
        ("gemini-openai", "gemini-2.0-flash", "efforts", ()),
        (
            "fireworks",
            "accounts/fireworks/models/gpt-oss-120b",
            "efforts",
            ("low", "medium", "high"),
        ),
        (
            "fireworks",
            "accounts/fireworks/models/glm-4p6",
            "efforts",
            ("none", "low", "medium", "high"),
        ),
        ("vllm", "openai/gpt-oss-20b", "efforts", ("low", "medium", "high")),
        ("vllm", "Qwen/Qwen3-8B", "efforts", ("none", "low", "medium", "high")),
        ("vertex", "gemini-3-flash-preview", "tool_images", True),
        ("openrouter", "anthropic/claude-sonnet-4.5", "cache_marks", True),
        ("openrouter", "openai/o1-pro", "routing", ("models", "preset", "route")),
        ("together", "deepseek-ai/DeepSeek-R1", "think_tags", True),
        ("cohere", "command-a-reasoning-08-2025", "efforts", ("none", "low", "medium", "high")),
        ("cohere", "command-a-plus-05-2026", "efforts", ("none", "low", "medium", "high")),
        ("cohere", "command-a-03-2025", "efforts", ()),
        ("cohere", "command-r-plus-08-2024", "drop", ("tool_choice",)),
        ("cohere", "command-r7b-12-2024", "drop", ()),
        ("cohere-openai", "command-a-reasoning-08-2025", "efforts", ("none", "high")),
        ("nobody", "model", "tool_id", ""),
    ),
)
def test_quirks_fit_the_model(provider: str, model: str, quirk: str, expected: object) -> None:
    """The row's quirks hold unless a rule for the model says otherwise."""
    assert expected == getattr(ROWS.quirks_for(provider, model), quirk)


def test_some_fields_are_refused_by_some_models_only() -> None:
    """DeepSeek's reasoner takes no tool_choice; Groq's Qwen is asked for parsed reasoning."""
    assert "tool_choice" in ROWS.quirks_for("deepseek", "deepseek-reasoner").drop
    assert "tool_choice" not in ROWS.quirks_for("deepseek", "deepseek-chat").drop
    added = ROWS.quirks_for("groq", "qwen/qwen3-32b").add
    assert {"reasoning_format": b'"parsed"'} == {name: bytes(raw) for name, raw in added.items()}
    assert {} == ROWS.quirks_for("groq", "llama-3.1-8b-instant").add


@pytest.mark.parametrize(
    "provider, model, seconds",
    (
        ("openai", "gpt-4o", 45),
        ("openai", "gpt-5", 240),
        ("openai", "gpt-5-chat-latest", 45),
        ("openai", "gpt-5-pro", 600),
        ("anthropic", "claude-3-5-haiku-20241022", 45),
        ("anthropic", "claude-sonnet-4-5", 180),
        ("xai", "grok-4-fast-non-reasoning", 45),
        ("ollama", "llama3", 300),
    ),
)
def test_models_that_think_are_waited_for(provider: str, model: str, seconds: float) -> None:
    """Chat models must speak within a minute, reasoning models have several."""
    assert seconds == ROWS[provider].first_content_timeout(model)


def test_azure_puts_the_deployment_into_the_path() -> None:
    """The older style, as recorded."""
    path = fill_model(ROWS["azure-deployments"].path, "gpt-4o")
    assert path.startswith("/openai/deployments/gpt-4o/chat/completions?api-version=20")


@pytest.mark.parametrize(
    "auth, headers",
    (
        (Auth.BEARER, ((b"authorization", b"Bearer k"),)),
        (Auth.X_API_KEY, ((b"x-api-key", b"k"),)),
        (Auth.API_KEY, ((b"api-key", b"k"),)),
        (Auth.NONE, ()),
    ),
)
def test_a_key_travels_as_the_provider_wants(
    auth: Auth, headers: tuple[tuple[bytes, bytes], ...]
) -> None:
    """One header at most, and none without a key."""
    row = ProviderRow(docs="", dialect="openai-chat", base_url="", auth=auth)
    assert headers == row.auth_headers("k")
    assert () == row.auth_headers("")


def test_a_server_of_ones_own_is_free_at_home_only() -> None:
    """At another address somebody may send a bill: the price is unknown there."""
    assert "local" == ROWS["vllm"].catalog_for("http://127.0.0.1:9000/v1")
    assert "" == ROWS["vllm"].catalog_for("https://gpu.example.com/v1")
    assert "openai" == ROWS["openai"].catalog_for("https://eu.api.openai.com/v1")


def test_rules_replace_single_quirks_in_order() -> None:
    """Later rules win, what they do not name stays, and the operator has the last word."""
    row = ProviderRow(
        docs="",
        dialect="openai-chat",
        base_url="",
        quirks={"drop": Raw(b'["a"]'), "max_stop": Raw(b"1")},
        models=(
            ModelRule(match=("m*",), quirks={"max_stop": Raw(b"2"), "drop": Raw(b'["b"]')}),
            ModelRule(match=("*x",), quirks={"max_stop": Raw(b"3")}),
        ),
    )
    assert Quirks(drop=("a",), max_stop=1) == row.quirks_for("other")
    assert Quirks(drop=("b",), max_stop=2) == row.quirks_for("m")
    assert Quirks(drop=("b",), max_stop=3) == row.quirks_for("MX")
    assert Quirks(drop=("b",), max_stop=9) == row.quirks_for("mx", {"max_stop": Raw(b"9")})
    assert Quirks() == merge_quirks(())


@pytest.mark.parametrize(
    "text, complaint",
    (
        ('docs="d"\ndialect="x"\nbase_url="u"\ncolour="red"', "colour"),
        ('docs="d"\ndialect="x"\nbase_url="u"\nauth="basic"', "basic"),
        ('docs="d"\ndialect="x"', "base_url"),
        ('docs="d"\ndialect="x"\nbase_url="u"\nquirks={dropp=["a"]}', "dropp"),
        ('docs="d"\ndialect="x"\nbase_url="u"\nquirks={max_stop="four"}', "int"),
        (
            'docs="d"\ndialect="x"\nbase_url="u"\n[[providers.p.models]]\nmatch=["a"]\nquirks={oops=1}',
            "oops",
        ),
        ('docs="d"\ndialect="x"\nbase_url="u"\ntimeouts={first=1}', "first"),
    ),
)
def test_a_mistake_in_a_row_is_an_error(text: str, complaint: str) -> None:
    """Unknown fields and wrong types are named, in quirks as elsewhere."""
    with pytest.raises(msgspec.ValidationError, match=complaint):
        ProviderRows.decode(f"[providers.p]\n{text}\n".encode())


def test_what_is_no_toml_is_an_error() -> None:
    """The loader says so instead of guessing."""
    with pytest.raises(msgspec.DecodeError):
        ProviderRows.decode(b"[providers")


def test_the_file_explains_itself() -> None:
    """It opens with what it is for: adding a provider starts by reading it."""
    text = files("trunkline.providers").joinpath("catalog.toml").read_text("utf-8")
    assert text.startswith("# The providers we know")
