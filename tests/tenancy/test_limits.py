"""Tests of tenancy/limits.py: amounts are read exactly, shown again, and told to whoever counts."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from trunkline.canon.errors import Malformed
from trunkline.canon.limit import Limit, Unit
from trunkline.storage.holders import AMOUNTS, NO_LIMITS, LimitSet
from trunkline.tenancy.limits import (
    LimitChanges,
    LimitView,
    inherited,
    limits_for,
    model_limits_for,
    parse_budget,
    parse_limits,
    strictest,
    usd,
    view_of,
    within,
)

MOST = 1 << 50

amounts = st.none() | st.integers(0, MOST)
flat = st.builds(LimitSet, **dict.fromkeys(AMOUNTS, amounts))
limit_sets = st.builds(
    LimitSet,
    **dict.fromkeys(AMOUNTS, amounts),
    models=st.dictionaries(st.sampled_from("abc"), flat, max_size=2),
)


@pytest.mark.parametrize(
    ("text", "limits"),
    (
        (b"{}", NO_LIMITS),
        (b'{"requests_per_minute": 60, "tokens_per_day": 0}', None),
        (b'{"requests_per_minute": null}', NO_LIMITS),
        (b'{"cost_per_day_usd": 0.1}', LimitSet(cost_per_day=100_000_000)),
        (b'{"cost_per_day_usd": "0.10"}', LimitSet(cost_per_day=100_000_000)),
        (b'{"cost_per_day_usd": 1e-9}', LimitSet(cost_per_day=1)),
        (b'{"cost_total_usd": 1125899.906842624}', LimitSet(cost_total=MOST)),
        (b'{"cost_per_month_usd": 900719.925474099}', LimitSet(cost_per_month=900719925474099)),
        (b'{"requests_per_day": 1e3}', LimitSet(requests_per_day=1000)),
        (b'{"concurrent_requests": 1125899906842624}', LimitSet(concurrent_requests=MOST)),
        (
            b'{"models": {"a/b": {"cost_total_usd": 2}}}',
            LimitSet(models={"a/b": LimitSet(cost_total=2 * 10**9)}),
        ),
    ),
)
def test_limits_are_read(text: bytes, limits: LimitSet | None) -> None:
    """Dollars become nano-dollars by their digits: a tenth is a tenth."""
    expected = limits or LimitSet(requests_per_minute=60, tokens_per_day=0)

    assert expected == parse_limits(text)


@pytest.mark.parametrize(
    ("text", "param"),
    (
        (b"[]", "limits"),
        (b"7", "limits"),
        (b'{"a"', "limits"),
        (b'"\xff"', "limits"),
        (b'{"requests": 1}', "limits.requests"),
        (b'{"cost_per_day": 1}', "limits.cost_per_day"),
        *(
            (b'{"requests_per_minute": %s}' % value, "limits.requests_per_minute")
            for value in (b"-1", b"1.5", b'"5"', b"true", b"[]", b"1125899906842625", b"1e99")
        ),
        *(
            (b'{"cost_total_usd": %s}' % value, "limits.cost_total_usd")
            for value in (
                *(b"-0.000000001", b'"NaN"', b'"sNaN"', b'"Infinity"', b'"-Infinity"', b'""'),
                *(b"1125899.906842625", b"0.0000000001", b'"1e-10"', b"1e999999999"),
                *(b"1e-999999999", b'"ten"', b"true", b"{}", b"0." + b"1" * 70),
            )
        ),
        (b'{"models": []}', "limits.models"),
        (b'{"models": {"": {}}}', "limits.models"),
        (b'{"models": {"m": 1}}', "limits.models.m"),
        (b'{"models": {"m": {"models": {}}}}', "limits.models.m.models"),
        (b'{"models": {"m": {"cost_total_usd": -1}}}', "limits.models.m.cost_total_usd"),
    ),
)
def test_what_makes_no_sense_is_refused_by_its_field(text: bytes, param: str) -> None:
    """Nothing is rounded, and nothing so large that sums would overflow."""
    with pytest.raises(Malformed) as refused:
        parse_limits(text)

    assert param == refused.value.param


@given(st.integers(0, MOST), st.booleans(), st.integers(0, 12))
def test_an_amount_is_exact(nano: int, quoted: bool, zeros: int) -> None:
    """However it is written; one more digit than there is room for is refused."""
    plain = f"{Decimal(nano).scaleb(-9):f}"
    text = plain + ("0" * zeros if "." in plain else "")

    read = parse_limits(b'{"cost_total_usd": %s}' % (f'"{text}"' if quoted else text).encode())

    assert nano == read.cost_total
    assert nano == parse_limits(b'{"cost_total_usd": "%s"}' % usd(nano).encode()).cost_total


@given(limit_sets)
def test_limits_are_shown_as_they_can_be_said(limits: LimitSet) -> None:
    """What a GET shows, a POST takes."""
    assert limits == parse_limits(json.encode(view_of(limits)))


def test_dollars_are_shown_as_text() -> None:
    """Exact, without zeros at the end; what is not limited is left out."""
    shown = view_of(LimitSet(requests_per_day=1, cost_total=1_500_000_000))

    assert LimitView(requests_per_day=1, cost_total_usd="1.5") == shown
    assert b'{"requests_per_day":1,"cost_total_usd":"1.5"}' == json.encode(shown)
    assert ["0", "10", "0.000000001"] == [usd(nano) for nano in (0, 10**10, 1)]


@pytest.mark.parametrize(
    ("text", "limits"),
    (
        (b'{"usd": "10.00"}', LimitSet(cost_total=10**10)),
        (b'{"usd": 10, "period": "day"}', LimitSet(cost_per_day=10**10)),
        (b'{"usd": 10, "period": "month"}', LimitSet(cost_per_month=10**10)),
    ),
)
def test_a_budget_is_a_limit_of_cost(text: bytes, limits: LimitSet) -> None:
    """In its period."""
    assert limits == parse_budget(text)


@pytest.mark.parametrize(
    ("text", "param"),
    (
        (b"10", "budget"),
        (b"{}", "budget.usd"),
        (b'{"usd": -1}', "budget.usd"),
        (b'{"usd": 1, "period": "year"}', "budget.period"),
        (b'{"usd": 1, "period": 5}', "budget.period"),
        (b'{"usd": 1, "every": "day"}', "budget.every"),
    ),
)
def test_a_budget_that_makes_no_sense_is_refused(text: bytes, param: str) -> None:
    """By its field."""
    with pytest.raises(Malformed) as refused:
        parse_budget(text)

    assert param == refused.value.param


def test_each_limit_has_a_counter_of_its_own() -> None:
    """Named by whose it is, what it counts and in how long."""
    everything = LimitSet(**{name: number for number, name in enumerate(AMOUNTS)})

    made = limits_for(everything, "key", "ab12")

    assert [
        ("key/ab12/requests/60", Unit.REQUESTS, 60, "requests_per_minute"),
        ("key/ab12/requests/3600", Unit.REQUESTS, 3600, "requests_per_hour"),
        ("key/ab12/requests/86400", Unit.REQUESTS, 86_400, "requests_per_day"),
        ("key/ab12/tokens/60", Unit.TOKENS, 60, "tokens_per_minute"),
        ("key/ab12/tokens/86400", Unit.TOKENS, 86_400, "tokens_per_day"),
        ("key/ab12/concurrent/0", Unit.CONCURRENT, 0, "concurrent_requests"),
        ("key/ab12/cost/86400", Unit.COST, 86_400, "cost_per_day_usd"),
        ("key/ab12/cost/2592000", Unit.COST, 2_592_000, "cost_per_month_usd"),
        ("key/ab12/cost/0", Unit.COST, 0, "cost_total_usd"),
    ] == [(one.counter, one.unit, one.window // 1_000_000, one.field) for one in made]
    assert (list(range(9)), {"key"}) == (
        [one.most for one in made],
        {one.scope for one in made},
    )


def test_a_models_limit_has_a_counter_of_its_own() -> None:
    """Beside those of whoever has it."""
    limits = LimitSet(requests_per_day=9, models={"a/b": LimitSet(requests_per_day=1)})

    (one,) = model_limits_for(limits, "tenant", "acme")["a/b"]

    assert (
        Limit(
            counter="tenant/acme/model/a/b/requests/86400",
            unit=Unit.REQUESTS,
            most=1,
            window=86_400 * 1_000_000,
            field="requests_per_day",
            scope="model",
        )
        == one
    )
    assert ["tenant/acme/requests/86400"] == [
        own.counter for own in limits_for(limits, "tenant", "acme")
    ]


def test_the_strictest_of_a_counter_counts() -> None:
    """A claim has each counter once."""
    own = limits_for(LimitSet(requests_per_day=5, requests_per_hour=5), "key", "k")
    plan = limits_for(LimitSet(requests_per_day=3, requests_per_minute=9), "key", "k")

    found = strictest([*own, *plan])

    assert {"requests_per_day": 3, "requests_per_hour": 5, "requests_per_minute": 9} == {
        one.field: one.most for one in found
    }
    assert len(found) == len({one.counter for one in found})


@given(limit_sets, limit_sets)
def test_what_is_inherited_lies_within(wanted: LimitSet, granted: LimitSet) -> None:
    """Unless something higher was wanted; what is within is never higher."""
    filled = inherited(wanted, granted)

    assert within(filled, filled)
    assert within(inherited(NO_LIMITS, granted), granted)
    if within(filled, granted):
        for name in AMOUNTS:
            most, asked = getattr(granted, name), getattr(filled, name)
            assert most is None or (asked is not None and asked <= most)
        assert set(granted.models) <= set(filled.models)
    for name in AMOUNTS:
        assert getattr(filled, name) in (getattr(wanted, name), getattr(granted, name))


def test_changes_replace_limits_and_add_a_budget() -> None:
    """A budget alone leaves the other limits as they are."""
    old = LimitSet(requests_per_day=1, cost_total=9)
    budget = LimitSet(cost_total=3)

    assert old == LimitChanges().of(old)
    assert NO_LIMITS == LimitChanges(NO_LIMITS).of(old)
    assert LimitSet(requests_per_day=1, cost_total=3) == LimitChanges(None, budget).of(old)
    assert LimitSet(cost_total=3) == LimitChanges(NO_LIMITS, budget).of(old)
