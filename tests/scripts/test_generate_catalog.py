"""The catalogue agrees with the package it is made from, to the nano-dollar."""

import warnings
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from importlib.metadata import version
from pathlib import Path
from random import Random  # noqa: TID251 - a fixed seed picks the same cases in every run

import msgspec
import pytest

pytest.importorskip("genai_prices", reason="the test extra holds the catalogue's source")

from genai_prices import types
from genai_prices.data import providers
from genai_prices.types import Usage as SourceUsage

from scripts.generate_catalog import FOLDER, Corrections, ProviderPart, render
from trunkline.canon.usage import Usage
from trunkline.catalog.catalog import Catalog

CATALOG = Catalog.load()
CORRECTIONS = msgspec.toml.decode((FOLDER / "corrections.toml").read_bytes(), type=Corrections)
SOURCES = {source: part for part in CORRECTIONS.providers for source in part.sources}
RATES = {
    "input_mtok", "cache_read_mtok", "cache_write_mtok", "cache_write_1h_mtok", "output_mtok",
    "output_reasoning_mtok", "input_audio_mtok", "output_audio_mtok", "requests_kcount",
}  # fmt: skip


def test_the_committed_file_is_what_the_script_writes() -> None:
    """Nobody edits models.json by hand. Only the package version it names can reproduce it."""
    if CATALOG.statistics().source != f"genai-prices {version('genai-prices')}":
        pytest.skip("another version of genai-prices is installed than the file was made from")
    assert Path(FOLDER / "models.json").read_bytes() == render(FOLDER / "corrections.toml")


def whole(prices: types.ModelPrice) -> bool:
    """Whether the package's rates are whole pico-dollars, and of classes we meter."""
    for name, value in prices.__dict__.items():
        if name not in RATES or value is None:
            continue
        tiers = value.tiers if isinstance(value, types.TieredPrices) else []
        base = value.base if isinstance(value, types.TieredPrices) else value
        if any(rate * 10**6 % 1 for rate in (base, *(tier.price for tier in tiers))):
            return False
    return prices.input_mtok is not None or prices.output_mtok is not None


def cases() -> list[tuple[ProviderPart, types.Provider, types.ModelInfo, str, datetime]]:
    """For each source, up to 40 of its models by some accepted name, each at some time."""
    dice = Random(20261121)
    found = []
    for source in providers:
        part = SOURCES.get(source.id)
        if part is None:
            continue
        models = [
            model for model in source.models if CATALOG.find(part.name, ours(part, source, model))
        ]
        for model in dice.sample(models, min(40, len(models))):
            moment = datetime.fromtimestamp(dice.randrange(1_735_689_600, 1_830_297_600), UTC)
            if whole(model.get_prices(moment)):
                found.append((part, source, model, ours(part, source, model), moment))
    return found


def ours(part: ProviderPart, source: types.Provider, model: types.ModelInfo) -> str:
    if part.path_ids:
        match = model.match
        while isinstance(match, types.ClauseOr):
            match = match.or_[0]
        return match.equals if isinstance(match, types.ClauseEquals) else model.id
    return model.id + (":" + source.id.partition("_")[2] if part.host_suffix else "")


def usage_of(dice: Random, prices: types.ModelPrice) -> Usage:
    """Random counts of the classes the model prices; the others have fallbacks of our own."""
    size = dice.choice((100, 10_000, 150_000, 400_000))
    output = 0 if prices.output_mtok is None else dice.randrange(size)
    return Usage(
        input=dice.randrange(size),
        cache_read=dice.randrange(size),
        cache_write=dice.randrange(size),
        cache_write_1h=dice.randrange(size) if prices.cache_write_1h_mtok is not None else 0,
        output=output,
        reasoning=output and dice.randrange(size),
        audio_input=dice.randrange(size) if prices.input_audio_mtok is not None else 0,
        audio_output=dice.randrange(size) if prices.output_audio_mtok is not None else 0,
    )


def source_cost(prices: types.ModelPrice, usage: Usage) -> int:
    """Nano-dollars by the package's own arithmetic, which counts classes inside totals."""
    counted = SourceUsage(
        input_tokens=usage.total_input,
        cache_read_tokens=usage.cache_read,
        cache_write_tokens=usage.cache_write + usage.cache_write_1h,
        cache_write_1h_tokens=usage.cache_write_1h,
        cache_audio_read_tokens=0,
        output_tokens=usage.total_output,
        output_reasoning_tokens=usage.reasoning,
        input_audio_tokens=usage.audio_input,
        output_audio_tokens=usage.audio_output,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        total = prices.calc_price(counted)["total_price"]
    return int((total * 10**9).to_integral_value(ROUND_HALF_UP))


def test_hundreds_of_random_usages_cost_the_same() -> None:
    """Our integers and the package's decimals agree for models, dates, tiers and classes."""
    dice = Random(7)
    compared = 0
    for part, source, model, name, moment in cases():
        prices = model.get_prices(moment)
        row = CATALOG.find(part.name, name)
        assert row is not None
        price = CATALOG.price(row, moment.timestamp())
        assert price is not None, (source.id, model.id)
        for _ in range(3):
            usage = usage_of(dice, prices)
            expected = source_cost(prices, usage)
            assert expected == price.cost(usage), (source.id, model.id, moment, usage)
            compared += 1
    assert compared > 500


def test_the_cross_check_notices_a_wrong_price() -> None:
    """The comparison is not vacuous: a price off by a tenth of a per cent is seen."""
    source = next(source for source in providers if source.id == "openai")
    model = next(model for model in source.models if model.id == "gpt-4o")
    prices = types.ModelPrice(
        **{**model.get_prices(datetime.now(UTC)).__dict__, "input_mtok": Decimal("2.5025")}  # noqa: TID251 - any moment will do
    )
    price = CATALOG.price("openai/gpt-4o", 1_790_000_000)
    assert price is not None
    usage = Usage(input=1000, output=1000)
    assert source_cost(prices, usage) != price.cost(usage)
