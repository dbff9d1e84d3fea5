"""
Pricing arithmetic: what a usage costs, in integers from end to end.

A rate is an integer number of pico-dollars per token ($1 per million tokens is 1,000,000);
a cost is an integer number of nano-dollars, rounded half up once, at the end.

A class without a rate of its own is never free. It costs what the next wider class costs:
cache_write_1h as cache_write; cache_read, cache_write and audio_input as input; reasoning and
audio_output as output; and where only one of input and output is priced (embeddings), it is the price of both.
"""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from msgspec import Struct

from trunkline.canon.usage import Usage
from trunkline.catalog.model import Rates, Window

_PICO_PER_MILLION_TOKENS = Decimal(10**6)
"""$1 is 10**12 pico-dollars; spread over 10**6 tokens."""
_PICO = Decimal(10**12)


class TokenRates(Struct, frozen=True):
    """Pico-dollars per token, one field per class of Usage, none missing."""

    input: int
    cache_read: int
    cache_write: int
    cache_write_1h: int
    output: int
    reasoning: int
    audio_input: int
    audio_output: int


class Price(Struct, frozen=True):
    """What one model costs at one time."""

    version: str
    """ "2026-11-21/anthropic/claude-sonnet-4-5/2025-09-29": catalogue, model, effective since."""
    rates: TokenRates
    """For requests whose input crosses no threshold."""
    tiers: tuple[tuple[int, TokenRates], ...] = ()
    """(tokens of input above which it holds, rates), ascending."""
    request: int = 0
    """Pico-dollars for the request itself."""

    def rates_at(self, total_input: int) -> TokenRates:
        """The rates for a request of `total_input` tokens: all its tokens cost the same tier."""
        rates = self.rates
        for above, higher in self.tiers:
            if total_input <= above:
                break
            rates = higher
        return rates

    def cost(self, usage: Usage) -> int:
        """Nano-dollars."""
        rates = self.rates_at(usage.total_input) if self.tiers else self.rates
        pico = (
            usage.input * rates.input
            + usage.cache_read * rates.cache_read
            + usage.cache_write * rates.cache_write
            + usage.cache_write_1h * rates.cache_write_1h
            + usage.output * rates.output
            + usage.reasoning * rates.reasoning
            + usage.audio_input * rates.audio_input
            + usage.audio_output * rates.audio_output
            + self.request
        )
        return (pico + 500) // 1000

    def ceiling(self, *, audio: bool, long_cache: bool) -> "Ceiling":
        """The dearest rates that a request can reach which asks for no more than that."""
        return Ceiling(
            self.request,
            tuple(
                (above, _dearest_input(rates, audio, long_cache), _dearest_output(rates, audio))
                for above, rates in ((-1, self.rates), *self.tiers)
            ),
        )


class Ceiling(Struct, frozen=True):
    """What no answer's cost exceeds, as a line in the tokens it reads and writes."""

    request: int
    """Pico-dollars."""
    tiers: tuple[tuple[int, int, int], ...]
    """(tokens of input above which it holds, pico-dollars for one read, for one written), ascending."""

    def bound(self, read: int, written: int) -> int:
        """Nano-dollars."""
        dearest = 0
        for above, reading, writing in self.tiers:
            if read > above:
                dearest = max(dearest, read * reading + written * writing)
        return (dearest + self.request + 999) // 1000


def _dearest_input(rates: TokenRates, audio: bool, long_cache: bool) -> int:  # noqa: FBT001 - as Price.ceiling names them
    dearest = max(rates.input, rates.cache_read, rates.cache_write)
    if long_cache:
        dearest = max(dearest, rates.cache_write_1h)
    return max(dearest, rates.audio_input) if audio else dearest


def _dearest_output(rates: TokenRates, audio: bool) -> int:  # noqa: FBT001 - as Price.ceiling names it
    dearest = max(rates.output, rates.reasoning)
    return max(dearest, rates.audio_output) if audio else dearest


def pico_per_token(dollars_per_million: str) -> int:
    """
    "0.075" -> 75000. Rounded half up beyond six decimals, which a few resellers' fractions have.

    Raises ValueError for what is no decimal, not finite, or negative.
    """
    return _scaled(dollars_per_million, _PICO_PER_MILLION_TOKENS)


def price_of(window: Window, version: str) -> Price | None:
    """None when the window prices no tokens."""
    base = token_rates(window)
    if base is None:
        return None
    tiers = tuple((tier.above, _tier_rates(tier, window)) for tier in window.tiers)
    request = 0 if window.request is None else _scaled(window.request, _PICO)
    return Price(version, base, tiers, request)


def token_rates(rates: Rates) -> TokenRates | None:
    """Rates with every gap filled by the next wider class; None when nothing wide is priced."""
    wide_in = rates.input if rates.input is not None else rates.output
    wide_out = rates.output if rates.output is not None else rates.input
    if wide_in is None or wide_out is None:
        return None
    cache_write = _first(rates.cache_write, wide_in)
    return TokenRates(
        input=pico_per_token(wide_in),
        cache_read=pico_per_token(_first(rates.cache_read, wide_in)),
        cache_write=pico_per_token(cache_write),
        cache_write_1h=pico_per_token(_first(rates.cache_write_1h, cache_write)),
        output=pico_per_token(wide_out),
        reasoning=pico_per_token(_first(rates.reasoning, wide_out)),
        audio_input=pico_per_token(_first(rates.audio_input, wide_in)),
        audio_output=pico_per_token(_first(rates.audio_output, wide_out)),
    )


def _tier_rates(tier: Rates, window: Rates) -> TokenRates:
    """A tier names the classes that change; the others keep the window's rates."""
    merged = Rates(
        **{
            name: _either(getattr(tier, name), getattr(window, name))
            for name in Rates.__struct_fields__
        }
    )
    rates = token_rates(merged)
    if rates is None:
        raise ValueError("a tier of a window without prices")
    return rates


def _scaled(text: str, factor: Decimal) -> int:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"not a price: {text!r}") from None
    if not value.is_finite() or value < 0:
        raise ValueError(f"not a price: {text!r}")
    return int((value * factor).to_integral_value(ROUND_HALF_UP))


def _first(own: str | None, wider: str) -> str:
    return wider if own is None else own


def _either(own: str | None, wider: str | None) -> str | None:
    return wider if own is None else own
