"""What is reserved: never less money than it may take, of tokens what the key usually takes."""

import asyncio

import pytest

from tests.flow.world import World, chat_body, openai, whole
from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import Forbidden, Malformed
from trunkline.flow.claiming import Claiming, densest
from trunkline.tenancy.reserve import HIDDEN, Demand
from trunkline.testing.fakes import LetterCounter


class Prices:
    """Nano-dollars a token by model, and how much dearer a tier is."""

    def __init__(self, **prices):
        self.prices = prices

    def bound(self, deployment, most, unix, tier=None):
        price = self.prices.get(deployment.model)
        if price is None:
            return None
        return (most.read + most.written) * price * (2 if tier == "priority" else 1)


def deployment(model, window=10_000):
    return Deployment(
        id=f"p/{model}", provider="p", model=model, dialect="openai-chat", context_window=window
    )


CHEAP, DEAR, UNKNOWN = deployment("cheap"), deployment("dear", window=50_000), deployment("unknown")
PRICES = {"cheap": 1, "dear": 10}


def exchange(**fields):
    return World(openai(whole())).make(chat_body(**fields))


def claim(plan, asked, *, budgeted=True, learned=None, **fields):
    claiming = Claiming(Prices(**PRICES), LetterCounter())
    one = exchange(**fields)
    if learned is not None:
        for _ in range(99):
            claiming.usual.learn(one.principal, one.model, learned)
    made, able = claiming.claim(one, (), plan, asked, budgeted=budgeted)
    return made.tokens, made.cost, [each.model for each in able]


def test_the_dearest_of_the_plan_counts():
    """Whoever answers, no more is taken than was reserved."""
    assert (1100, 11_000, ["cheap", "dear"]) == claim((CHEAP, DEAR), Demand(1000, 100))


def test_what_fills_the_window_fills_the_largest():
    """Of a picture nobody knows how much it is."""
    assert (50_100, 501_000, ["cheap", "dear"]) == claim((CHEAP, DEAR), Demand(None, 100))


def test_a_model_without_a_price_is_never_free():
    """It is left out, and where no other is left, that is said."""
    assert (1100, 1100, ["cheap"]) == claim((UNKNOWN, CHEAP), Demand(1000, 100))
    with pytest.raises(Forbidden, match="no known price"):
        claim((UNKNOWN,), Demand(1000, 100))


def test_without_a_budget_prices_do_not_matter():
    """Tokens are counted all the same."""
    assert (1100, 0, ["unknown"]) == claim((UNKNOWN,), Demand(1000, 100), budgeted=False)


def test_tokens_are_what_is_usual_and_money_what_is_possible():
    """A generous max_tokens must not starve a key of its tokens; money is bounded hard."""
    assert (1007, 2000, ["cheap"]) == claim((CHEAP,), Demand(1000, 1000), learned=7)


def test_a_tier_that_is_asked_for_is_reserved_for():
    """At its own price where that is higher."""
    assert (1100, 2200, ["cheap"]) == claim((CHEAP,), Demand(1000, 100), service_tier="priority")


def test_a_count_is_used_where_it_says_less():
    """With room for what our counts miss."""
    claiming = Claiming(Prices(), LetterCounter())
    one = exchange()
    asked = Demand(100_000, 100)

    def refused():
        raise Malformed("no")

    request = World(openai(whole())).rooms.dialects["openai-chat"].decode_request(one.body, {})
    closer = asyncio.run(claiming.closer(CHEAP, asked, lambda: request))

    assert closer is not None
    assert HIDDEN < closer.read < 100_000
    assert 100 == closer.written
    assert asyncio.run(claiming.closer(CHEAP, asked, refused)) is None
    assert asyncio.run(claiming.closer(CHEAP, Demand(None, 100), lambda: request)) is None
    assert asyncio.run(claiming.closer(CHEAP, Demand(HIDDEN, 100), lambda: request)) is None


def test_the_least_a_count_could_find():
    """Blanks are not counted for nothing."""
    assert Demand(HIDDEN + 100, 5) == densest(Demand(HIDDEN + 3200, 5))
    assert Demand(None, 5) == densest(Demand(None, 5))
