"""Prices of the package genai-prices in the catalogue's form: windows, tiers, service tiers."""

from decimal import ROUND_HALF_UP, Decimal

from genai_prices import types

from trunkline.catalog.model import Rates, Tier, Window

RATE_KEYS = {
    "input": "input_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
    "output": "output_mtok",
    "reasoning": "output_reasoning_mtok",
    "audio_input": "input_audio_mtok",
    "audio_output": "output_audio_mtok",
}
SERVICE_KEYS = ("service_tier", "speed")  # OpenAI's and Anthropic's words for it


def windows(model: types.ModelInfo) -> tuple[Window, ...]:
    conditional = (
        model.prices
        if isinstance(model.prices, list)
        else [types.ConditionalPrice(None, prices=model.prices)]
    )
    usual = [window(price.prices, price.constraint) for price in conditional]
    usual = [found for found in usual if found.input is not None or found.output is not None]
    if not usual:
        free = model.id.endswith(":free")  # OpenRouter's: a price of zero, not a missing one
        return (Window(input="0", output="0"),) if free else ()
    lasting = [found for found in usual if found.daily is None] or usual
    services = [
        over(lasting[-1], window(variant.prices, variant.constraint), service)
        for variant in model.price_variants or ()
        if len(variant.when) == 1 and variant.prices.__dict__
        for key, service in variant.when.items()
        if key in SERVICE_KEYS
    ]
    # The package names the newest first and takes the first that holds; ours is the last that does.
    services.sort(key=lambda found: found.since or "")
    return (*usual, *services)


def window(prices: types.ModelPrice, constraint: object) -> Window:
    values = {name: getattr(prices, key) for name, key in RATE_KEYS.items()}
    starts = {
        tier.start
        for value in values.values()
        if isinstance(value, types.TieredPrices)
        for tier in value.tiers
    }
    since = daily = None
    match constraint:
        case types.StartDateConstraint(start_date=day):
            since = day.isoformat()
        case types.TimeOfDateConstraint(start_time=start, end_time=end):
            daily = (start.strftime("%H:%M"), end.strftime("%H:%M"))
    per_thousand = prices.requests_kcount
    if isinstance(per_thousand, types.TieredPrices):
        raise TypeError("a tiered fee per request")
    return Window(
        since=since,
        daily=daily,
        request=None if per_thousand is None else decimal(per_thousand / 1000),
        tiers=tuple(Tier(above=start, **at(values, start)) for start in sorted(starts)),
        **at(values, None),
    )


def at(values: dict[str, Decimal | types.TieredPrices | None], start: int | None) -> dict[str, str]:
    """The rates of one tier: those that have it; or, for None, of the base."""
    found: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, types.TieredPrices):
            reached = [
                tier.price for tier in value.tiers if start is not None and tier.start <= start
            ]
            found[name] = decimal(reached[-1] if reached else value.base)
        elif value is not None and start is None:
            found[name] = decimal(value)
    return found


def decimal(value: Decimal) -> str:
    """Six decimals are a whole pico-dollar per token; only binary fractions have more."""
    rounded = value.quantize(Decimal("0.000001"), ROUND_HALF_UP).normalize()
    return format(rounded, "f")


def over(usual: Window, own: Window, service: str) -> Window:
    """A service tier's rates; what it does not name costs the usual, in the usual tiers."""
    rates = {name: getattr(own, name) or getattr(usual, name) for name in Rates.__struct_fields__}
    return Window(service=service, since=own.since, request=usual.request, tiers=own.tiers, **rates)
