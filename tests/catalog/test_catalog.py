"""The shipped catalogue: found by every spelling, priced by date, whole and consistent."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.resources import files

import msgspec
import pytest

from trunkline.canon.usage import Usage
from trunkline.catalog.catalog import Catalog, decode, upstream_name
from trunkline.catalog.model import ModelRow, Window

CATALOG = Catalog.load()
NOW = datetime(2026, 11, 21, tzinfo=UTC).timestamp()
CAPABILITIES = {"vision", "tools", "reasoning", "json_schema", "audio"}
KINDS = {"chat", "completion", "embedding", "image", "audio", "moderation", "other"}


def key(provider: str, model: str) -> str | None:
    row = CATALOG.find(provider, model)
    return None if row is None else row.key


@pytest.mark.parametrize(
    "provider, name, expected",
    (
        ("openai", "gpt-4o-mini", "openai/gpt-4o-mini"),
        ("openai", "GPT-4o-mini", "openai/gpt-4o-mini"),
        ("openai", "gpt-4o-mini-2024-07-18", "openai/gpt-4o-mini"),
        ("openai", "gpt-4o-mini-2031-01-31", "openai/gpt-4o-mini"),
        ("openai", "gpt-4o-2024-05-13", "openai/gpt-4o-2024-05-13"),
        ("openai", "ft:gpt-3.5-turbo:acme::id", "openai/ft:gpt-3.5-turbo"),
        ("anthropic", "claude-sonnet-4-5-20250929", "anthropic/claude-sonnet-4-5"),
        ("anthropic", "claude-opus-4.5", "anthropic/claude-opus-4-5"),
        ("anthropic", "claude-3-5-sonnet-20241022", "anthropic/claude-3-5-sonnet-latest"),
        ("anthropic", "claude-3-sonnet", "anthropic/claude-3-sonnet-20240229"),
        ("gemini", "models/gemini-2.0-flash-001", "gemini/gemini-2.0-flash"),
        ("mistral", "mistral-3-large", "mistral/mistral-large-2512"),
        ("zai", "GLM-4.6", "zai/glm-4.6"),
        ("azure", "gpt-4o", "openai/gpt-4o"),
        ("azure", "phi-4", "azure/phi-4"),
        ("openrouter", "openai/gpt-4o:nitro", "openrouter/openai/gpt-4o"),
        ("huggingface", "openai/gpt-oss-120b:groq", "huggingface/openai/gpt-oss-120b:groq"),
        ("sim", "whatever", "sim/*"),
        ("local", "/models/mine.gguf", "local/*"),
        ("local", "smollm2-135m", "local/smollm2-135m"),
        ("openai", "gpt-40", None),
        ("openai", "gpt-4", "openai/gpt-4"),
        ("openai", "", None),
        ("nobody", "gpt-4o", None),
        ("openrouter", "minimax/minimax-m2:free", None),
    ),
)
def test_models_are_found_by_every_name(provider: str, name: str, expected: str | None) -> None:
    """Id, alias, nickname, dated version, prefix, fallback provider, and nothing else."""
    assert expected == key(provider, name)


@pytest.mark.parametrize(
    "provider, name, expected",
    (
        ("anthropic", "claude-opus-4.5", "claude-opus-4-5"),
        ("anthropic", "claude-3.5-sonnet", "claude-3-5-sonnet-20241022"),
        ("anthropic", "claude-sonnet-4-5-20250929", "claude-sonnet-4-5-20250929"),
        ("openai", "GPT-4o", "gpt-4o"),
        ("openai", "gpt-4o-2031-01-31", "gpt-4o-2031-01-31"),
        ("openai", "no-such-model", "no-such-model"),
        ("azure", "gpt-35-turbo", "gpt-35-turbo"),
        ("sim", "slow", "slow"),
    ),
)
def test_an_upstream_hears_a_name_it_knows(provider: str, name: str, expected: str) -> None:
    """Nicknames are replaced, names of its own are left as they are."""
    assert expected == CATALOG.upstream_name(provider, name)


@pytest.mark.parametrize(
    "name, expected",
    (
        ("openai/gpt-4o", ("openai", "gpt-4o")),
        ("openai/gpt-4o-mini", ("openai", "gpt-4o-mini")),
        ("openai/gpt-4-turbo", ("openai", "gpt-4-turbo")),
        ("openai/o1", ("openai", "o1")),
        ("anthropic/claude-3.5-sonnet", ("anthropic", "claude-3-5-sonnet-20241022")),
        ("anthropic/claude-3.5-haiku", ("anthropic", "claude-3-5-haiku-20241022")),
        ("anthropic/claude-3-opus", ("anthropic", "claude-3-opus-20240229")),
        ("anthropic/claude-sonnet-4.5", ("anthropic", "claude-sonnet-4-5")),
        ("google/gemini-2.0-flash-exp:free", ("gemini", "gemini-2.0-flash")),
        ("google/gemini-pro-1.5", ("gemini", "gemini-1.5-pro")),
        ("mistralai/mistral-large", ("mistral", "mistral-large-latest")),
        (
            "meta-llama/llama-3.1-405b-instruct",
            ("together", "meta-llama/Meta-Llama-3.1-405B-Instruct-Turbo"),
        ),
        ("deepseek/deepseek-chat", ("deepseek", "deepseek-chat")),
        ("x-ai/grok-4", ("xai", "grok-4")),
        ("z-ai/glm-4.6", ("zai", "glm-4.6")),
        ("openai/no-such-model", None),
        ("nobody/model", None),
        ("gpt-4o", None),
    ),
)
def test_openrouter_ids_lead_to_direct_providers(
    name: str, expected: tuple[str, str] | None
) -> None:
    """The maker's own name, or a host's where the maker does not sell the model."""
    assert expected == CATALOG.openrouter_id(name)


def test_an_open_model_has_several_direct_providers() -> None:
    """Whichever is configured may serve it."""
    found = CATALOG.openrouter_ids("meta-llama/llama-3.3-70b-instruct:free")
    assert ["groq", "cerebras", "together"] == [provider for provider, _ in found]


def test_one_name_may_have_many_providers() -> None:
    """Makers come before those who resell."""
    found = [row.provider for row in CATALOG.by_name("gpt-oss-120b")]
    assert "cerebras" in found
    assert ["openai"] == [row.provider for row in CATALOG.by_name("gpt-4o-2024-08-06")]
    assert [] == CATALOG.by_name("no-such-model")


@pytest.mark.parametrize(
    "model, day, usage, nano",
    (
        # $0.15 and $0.60 per million, cached $0.075: 1000, 500 and 200 tokens.
        (
            "openai/gpt-4o-mini",
            "2026-11-21",
            Usage(input=1000, cache_read=200, output=500),
            465_000,
        ),
        # o3 cost $10 and $40 until 2025-06-10, $2 and $8 since.
        ("openai/o3", "2025-06-09", Usage(input=100, output=100), 5_000_000),
        ("openai/o3", "2025-06-10", Usage(input=100, output=60, reasoning=40), 1_000_000),
        # Claude Sonnet 4.5: $3 and $15, above 200k $6 and $22.50; one-hour cache writes $6.
        ("anthropic/claude-sonnet-4-5", "2026-11-21", Usage(input=10, output=10), 180_000),
        ("anthropic/claude-sonnet-4-5", "2026-11-21", Usage(cache_write_1h=1000), 6_000_000),
        (
            "anthropic/claude-sonnet-4-5",
            "2026-11-21",
            Usage(input=1, cache_read=200_000, output=1000),
            6_000 + 120_000_000 + 22_500_000,
        ),
        # Gemini 2.5 Flash: audio costs $1 where text costs $0.30.
        ("gemini/gemini-2.5-flash", "2026-11-21", Usage(input=1000, audio_input=1000), 1_300_000),
        # Sonar: $12 per thousand requests on top of $1 per million tokens.
        ("perplexity/sonar", "2026-11-21", Usage(input=1000), 13_000_000),
        ("local/*", "2026-11-21", Usage(input=1000, output=1000), 0),
        ("sim/*", "2026-11-21", Usage(input=1000, output=1000), 5_000_000),
    ),
)
def test_prices_are_those_of_the_day(model: str, day: str, usage: Usage, nano: int) -> None:
    """Calculated by hand from the providers' lists."""
    at = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
    price = CATALOG.price(model, at)
    assert price is not None
    assert nano == price.cost(usage)


def test_a_price_says_where_it_comes_from() -> None:
    """The ledger keeps the version: catalogue, model, and since when."""
    price = CATALOG.price("openai/o3", NOW)
    assert price is not None
    assert f"{CATALOG.version}/openai/o3/2025-06-10" == price.version


def test_a_service_tier_has_its_own_price() -> None:
    """OpenAI's flex costs half, priority more, and an unknown tier the usual."""
    usage = Usage(input=1_000_000)
    costs = []
    for tier in (None, "flex", "priority", "auto"):
        price = CATALOG.price("openai/gpt-5", NOW, tier)
        assert price is not None
        costs.append(price.cost(usage))
    assert [1_250_000_000, 625_000_000, 2_500_000_000, 1_250_000_000] == costs


@pytest.mark.parametrize(
    "day, tier, nano",
    (
        ("2026-11-21", "flex", 4_750_000_000),
        ("2027-02-01", "flex", 9_500_000_000),
        ("2026-11-21", "priority", 17_100_000_000),
        ("2027-02-01", "priority", 34_200_000_000),
    ),
)
def test_a_service_tier_has_the_price_of_the_day(day: str, tier: str, nano: int) -> None:
    """One that is known to rise does so on its day: Gemini 3.8 Flash TTS, at the start of 2027."""
    at = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
    price = CATALOG.price("gemini/gemini-3.8-flash-tts", at, tier)
    assert price is not None
    assert nano == price.cost(Usage(input=1_000_000, output=1_000_000))


@pytest.mark.parametrize("model", ("openai/no-such-model", "openai/whisper-1", "nobody/x", "x", ""))
def test_a_model_without_a_price_has_none(model: str) -> None:
    """Unknown, or priced by the hour: None, never zero."""
    assert CATALOG.price(model, NOW) is None


def test_own_rows_come_before_the_shipped_ones() -> None:
    """The configuration may price what we do not know, and reprice what we do."""
    mine = ModelRow(
        provider="openai", id="gpt-4o", aliases=("house",), prices=(Window(input="9", output="9"),)
    )
    catalog = CATALOG.with_rows([mine])
    assert mine == catalog.find("openai", "gpt-4o") == catalog.find("openai", "house")
    price = catalog.price("openai/gpt-4o", NOW)
    assert price is not None
    assert 9_000 == price.cost(Usage(input=1))


def test_the_star_is_not_a_model() -> None:
    """It stands for models without a row and is never listed."""
    listed = [row.id for provider in CATALOG.providers for row in CATALOG.models(provider)]
    assert "*" not in listed
    assert ["all-minilm-l6-v2", "smollm2-135m"] == sorted(row.id for row in CATALOG.models("local"))


def test_statistics_count_what_there_is() -> None:
    """The dashboard reads them."""
    statistics = CATALOG.statistics()
    assert CATALOG.version == statistics.version
    assert len(CATALOG.providers) == statistics.providers
    assert 1000 < statistics.priced <= statistics.models
    assert f"<Catalog {CATALOG.version}, {statistics.models} models>" == repr(CATALOG)


def test_the_data_is_small() -> None:
    """It loads in a few milliseconds because there is not much of it, a model on each line."""
    data = files("trunkline.catalog").joinpath("models.json").read_bytes()
    assert len(data) < 500_000
    assert CATALOG.statistics().models == len(data.splitlines()) - 2


def rows() -> list[ModelRow]:
    data = files("trunkline.catalog").joinpath("models.json").read_bytes()
    return list(decode(data).models)


def test_every_row_is_well_formed() -> None:
    """Keys are unique; kinds, capabilities, dates and limits are of the known form."""
    keys = [row.key.lower() for row in rows()]
    assert len(set(keys)) == len(keys)
    for row in rows():
        assert row.kind in KINDS, row.key
        assert set(row.capabilities) <= CAPABILITIES, row.key
        assert row.created is None or datetime.fromisoformat(row.created), row.key
        assert row.context_window is None or row.context_window > 0, row.key
        assert row.max_output_tokens is None or row.max_output_tokens > 0, row.key


def test_every_window_is_well_formed() -> None:
    """Dates and hours sort as text, tiers ascend, and every window of a priced row has a price."""
    clock = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
    for row in rows():
        for window in row.prices:
            assert window.since is None or re.fullmatch(r"20\d\d-\d\d-\d\d", window.since), row.key
            assert all(clock.fullmatch(time) for time in window.daily or ()), row.key
            starts = [tier.above for tier in window.tiers]
            assert sorted(set(starts)) == starts, row.key
            dated = window.since or "2000-01-01"
            at = datetime.fromisoformat(dated).replace(tzinfo=UTC).timestamp()
            assert CATALOG.price(row, at, window.service) is not None, row.key


def in_order(prices: Sequence[Window]) -> bool:
    """Whether `since` rises among windows of one service and the same hours."""
    dates: dict[object, list[str]] = {}
    for window in prices:
        dates.setdefault((window.service, window.daily), []).append(window.since or "")
    return all(sorted(set(found)) == found for found in dates.values())


def test_newer_prices_stand_behind_older_ones() -> None:
    """For each service of each model: of several that hold, the last in the list counts."""
    older, newer = Window(since="2026-10-15", service="flex"), Window(since="2027-01-01", service="flex")  # fmt: skip

    assert [] == [row.key for row in rows() if not in_order(row.prices)]
    assert [True, False] == [in_order((older, newer)), in_order((newer, older))]


def test_every_row_answers_to_its_own_names() -> None:
    """No other row of the same provider takes its id away, and nicknames lead upstream."""
    for row in rows():
        assert row == CATALOG.find(row.provider, row.id) == CATALOG.row(row.key)
        for name in row.nicknames:
            found = CATALOG.find(row.provider, name)
            if found == row:
                assert (row.upstream or row.id) == upstream_name(row, name)


def test_openrouter_targets_exist() -> None:
    """Every key in the table of hosts is a row."""
    data = decode(files("trunkline.catalog").joinpath("models.json").read_bytes())
    for targets in data.openrouter.values():
        for target in targets:
            assert CATALOG.row(target) is not None, target


def test_models_people_ask_for_have_limits_and_capabilities() -> None:
    """Routing needs them of the makers' current chat models."""
    for name in ("openai/gpt-4o", "anthropic/claude-sonnet-4-5", "gemini/gemini-2.5-pro"):
        row = CATALOG.row(name)
        assert row is not None
        assert row.context_window
        assert row.max_output_tokens
        assert {"vision", "tools", "json_schema"} <= set(row.capabilities)
        assert row.created
        assert row.creator


def test_unknown_fields_in_the_data_are_errors() -> None:
    """A misspelled field would silently cost nothing."""
    bad = b'{"version":"v","source":"s","fallbacks":{},"openrouter":{},"models":[{"provider":"p","id":"i","prise":[]}]}'
    with pytest.raises(msgspec.ValidationError, match="prise"):
        decode(bad)
