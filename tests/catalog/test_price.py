"""Prices: exact integers, disjoint classes, tiers, and gaps that are never free."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.canon.usage import Usage
from trunkline.catalog.model import Tier, Window
from trunkline.catalog.price import Price, pico_per_token, price_of

CLASSES = (
    "input",
    "cache_read",
    "cache_write",
    "cache_write_1h",
    "output",
    "reasoning",
    "audio_input",
    "audio_output",
)

SONNET = Window(
    input="3",
    cache_read="0.3",
    cache_write="3.75",
    cache_write_1h="6",
    output="15",
    tiers=(
        Tier(
            above=200_000,
            input="6",
            cache_read="0.6",
            cache_write="7.5",
            cache_write_1h="12",
            output="22.5",
        ),
    ),
)


def priced(window: Window) -> Price:
    price = price_of(window, "v")
    assert price is not None
    return price


def test_an_answer_costs_what_a_hand_calculation_says() -> None:
    """1000 x $3/M + 500 x $15/M is one cent and a half of a thousandth."""
    cost = priced(SONNET).cost(Usage(input=1000, output=500))
    assert 10_500_000 == cost


def test_every_class_has_its_own_rate() -> None:
    """No class is counted with another's rate, and none twice."""
    usage = Usage(input=1, cache_read=10, cache_write=100, cache_write_1h=1000, output=10_000)
    expected_pico = 3_000_000 + 3_000_000 + 375_000_000 + 6_000_000_000 + 150_000_000_000
    assert expected_pico // 1000 == priced(SONNET).cost(usage)


@pytest.mark.parametrize("tokens, nano", ((200_000, 600_000_000), (200_001, 1_200_006_000), (0, 0)))
def test_the_whole_request_pays_the_tier_its_input_reaches(tokens: int, nano: int) -> None:
    """The threshold itself still costs the lower tier; one token more costs the higher for all."""
    assert nano == priced(SONNET).cost(Usage(input=tokens))


def test_cached_tokens_count_towards_the_tier() -> None:
    """A prompt is as long as it is, wherever it was read from."""
    cost = priced(SONNET).cost(Usage(input=1, cache_read=200_000))
    assert 6_000 + 200_000 * 600 == cost


def test_the_highest_tier_reached_counts() -> None:
    """Of two thresholds the second replaces the first."""
    window = Window(
        input="1", output="1", tiers=(Tier(above=10, input="2"), Tier(above=20, input="3"))
    )
    costs = [priced(window).cost(Usage(input=tokens)) for tokens in (10, 11, 20, 21)]
    assert [10_000, 22_000, 40_000, 63_000] == costs


def test_a_tier_keeps_what_it_does_not_name() -> None:
    """A tier that raises only the input leaves the output's rate alone."""
    window = Window(input="1", output="7", tiers=(Tier(above=10, input="2"),))
    assert 7_000 + 22_000 == priced(window).cost(Usage(input=11, output=1))


@pytest.mark.parametrize(
    "usage, like",
    (
        (Usage(cache_read=1000), Usage(input=1000)),
        (Usage(cache_write=1000), Usage(input=1000)),
        (Usage(cache_write_1h=1000), Usage(input=1000)),
        (Usage(audio_input=1000), Usage(input=1000)),
        (Usage(reasoning=1000), Usage(output=1000)),
        (Usage(audio_output=1000), Usage(output=1000)),
    ),
)
def test_a_class_without_a_rate_costs_the_wider_class(usage: Usage, like: Usage) -> None:
    """Unknown is never free."""
    price = priced(Window(input="2", output="8"))
    assert price.cost(like) == price.cost(usage) > 0


def test_the_long_cache_costs_the_short_one_where_unknown() -> None:
    """cache_write_1h falls back to cache_write before it falls back to input."""
    price = priced(Window(input="2", cache_write="3", output="8"))
    assert 3_000_000 == price.cost(Usage(cache_write_1h=1000))


def test_a_price_of_one_side_is_the_price_of_both() -> None:
    """An embedding model prices input only; output would not be free."""
    assert 20_000 == priced(Window(input="0.02")).cost(Usage(input=500, output=500))


def test_zero_is_a_price() -> None:
    """A local model costs nothing, knowingly."""
    assert 0 == priced(Window(input="0", output="0")).cost(Usage(input=10**9, output=10**9))


def test_no_rate_is_no_price() -> None:
    """A model priced by the hour has no price per token."""
    assert price_of(Window(request="0.01"), "v") is None


def test_a_request_may_have_a_fee_of_its_own() -> None:
    """Twelve dollars per thousand requests come on top of the tokens, once."""
    price = priced(Window(input="1", output="1", request="0.012"))
    assert 12_000_000 + 2_000 == price.cost(Usage(input=1, output=1))


@pytest.mark.parametrize("tokens, nano", ((1, 0), (4, 0), (5, 1), (14, 1), (15, 2)))
def test_costs_are_rounded_half_up_once(tokens: int, nano: int) -> None:
    """At 100 pico-dollars a token five tokens make half a nano-dollar, which rounds up."""
    assert nano == priced(Window(input="0.0001", output="0")).cost(Usage(input=tokens))


@pytest.mark.parametrize(
    "text, pico",
    (("0.075", 75_000), ("15", 15_000_000), ("0", 0), ("0.0000015", 2), ("0.0000014", 1)),
)
def test_rates_are_whole_pico_dollars(text: str, pico: int) -> None:
    """Six decimals are exact; more are rounded half up."""
    assert pico == pico_per_token(text)


@pytest.mark.parametrize("text", ("", "free", "-1", "NaN", "Infinity", "1,5"))
def test_what_is_no_price_is_refused(text: str) -> None:
    """Nothing but a finite decimal that is not negative is a rate."""
    with pytest.raises(ValueError, match="not a price"):
        pico_per_token(text)


counts = st.integers(0, 10**7)
usages = st.builds(Usage, **dict.fromkeys(CLASSES, counts))


@given(usages, usages)
def test_costs_add_up(one: Usage, other: Usage) -> None:
    """Without tiers, two usages together cost the two costs, but for one rounding."""
    price = priced(Window(input="0.1", cache_read="0.013", output="0.7", reasoning="0.9"))
    both = Usage(**{name: getattr(one, name) + getattr(other, name) for name in CLASSES})
    assert abs(price.cost(one) + price.cost(other) - price.cost(both)) <= 1


@given(st.lists(st.integers(0, 400_000), min_size=8, max_size=8))
def test_no_answer_costs_more_than_its_bound(counts: list[int]) -> None:
    """However its tokens fall into classes, and whatever tier they reach."""
    usage = Usage(**dict(zip(CLASSES, counts, strict=True)))
    price = priced(SONNET)
    ceiling = price.ceiling(audio=True, long_cache=True)

    assert price.cost(usage) <= ceiling.bound(usage.total_input, usage.total_output)


def test_a_bound_is_reached() -> None:
    """By whoever takes the dearest class of each: it is not beyond all reason."""
    price = priced(SONNET)
    usage = Usage(cache_write_1h=250_000, output=1000)

    bound = price.ceiling(audio=True, long_cache=True).bound(250_000, 1000)
    assert price.cost(usage) == bound


@given(st.lists(st.integers(0, 400_000), min_size=5, max_size=5))
def test_what_was_not_asked_for_is_not_in_the_bound(counts: list[int]) -> None:
    """No sound and no long cache: their prices would reserve what cannot be spent."""
    plain = ("input", "cache_read", "cache_write", "output", "reasoning")
    usage = Usage(**dict(zip(plain, counts, strict=True)))
    window = Window(input="1", cache_write="1.2", cache_write_1h="2", output="4", audio_input="9")
    price = priced(window)
    low = price.ceiling(audio=False, long_cache=False)
    read, written = usage.total_input, usage.total_output

    assert price.cost(usage) <= low.bound(read, written)
    assert low.bound(read, written) <= price.ceiling(audio=True, long_cache=True).bound(
        read, written
    )
    assert 1_200_000 == low.bound(1_000_000, 0) // 1000
    assert 9_000_000 == price.ceiling(audio=True, long_cache=False).bound(1_000_000, 0) // 1000
    assert 2_000_000 == price.ceiling(audio=False, long_cache=True).bound(1_000_000, 0) // 1000


def test_the_request_itself_is_in_the_bound() -> None:
    """Where it has a price of its own; rounded up, never down."""
    price = priced(Window(input="1", output="1", request="0.000000001"))

    assert 2 == price.ceiling(audio=False, long_cache=False).bound(1, 0) - 999
