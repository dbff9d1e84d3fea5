"""Tests of tenancy/grants.py: what a key grants is a part of what it has, never more."""

from collections.abc import Callable

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from msgspec import structs

from trunkline.canon.errors import Forbidden
from trunkline.canon.exchange import Principal
from trunkline.storage.holders import AMOUNTS, KeyRecord, KeySet, LimitSet
from trunkline.tenancy.grants import granted
from trunkline.tenancy.holding import Holdings
from trunkline.tenancy.keys import NAMED, SCOPES
from trunkline.tenancy.plans import Plan
from trunkline.tenancy.wishes import NewKey, wished

PLANS = {
    "gold": Plan("gold", "", LimitSet(requests_per_day=50)),
    "iron": Plan("iron", "", LimitSet(requests_per_day=5)),
}
NOW = 10.0

names = st.sampled_from(("a", "b", "c"))
some = st.lists(names, max_size=3, unique=True).map(tuple)
flat = st.builds(LimitSet, **dict.fromkeys(AMOUNTS[:3], st.none() | st.integers(0, 3)))
limit_sets = st.builds(
    lambda limits, models: structs.replace(limits, models=models),
    flat,
    st.dictionaries(names, flat, max_size=2),
)
scopes = st.lists(st.sampled_from(SCOPES), min_size=1, max_size=4, unique=True).map(tuple)
modes = st.lists(st.sampled_from(("eco", "quality")), max_size=2, unique=True).map(tuple)
common = {
    "user": st.sampled_from(("", "ann", "bob")),
    "plan": st.sampled_from(("", "gold", "iron")),
    "limits": limit_sets,
    "expires_at": st.none() | st.sampled_from((11.0, 12.0)),
    "tags": some,
}
grantors = st.builds(
    KeyRecord,
    id=st.just("g"),
    tenant=st.just("acme"),
    name=st.just("g"),
    prefix=st.just("tl_g"),
    mac=st.just(bytes(32)),
    created_at=st.just(0.0),
    scopes=scopes,
    models=st.none() | some,
    providers=st.none() | some,
    modes=st.none() | modes,
    pipes=st.none() | some,
    **common,
)
choices = st.none() | some | st.just(("*",))
wishes = st.fixed_dictionaries(
    {"name": st.just("w")},
    optional={
        "tenant": st.sampled_from(("acme", "other")),
        "scopes": scopes,
        "models": choices,
        "providers": choices,
        "modes": st.none() | modes | st.just(("*",)),
        "pipes": some | st.just(("*",)),
        **common,
    },
).map(lambda fields: NewKey(**fields))
Grant = Callable[[NewKey, KeyRecord], NewKey]


def made(
    wish: NewKey, grantor: KeyRecord, grant: Grant = granted
) -> tuple[KeyRecord, Principal, Principal]:
    """The key that comes of it, who holds it, and who made it."""
    key = structs.replace(wished(grant(wish, grantor), NOW, PLANS), id="k", created_by="g")
    holdings = Holdings(KeySet(1, (grantor, key)), PLANS)
    return key, holdings.hold(key, NOW).principal, holdings.hold(grantor, NOW).principal


def check(wish: NewKey, grantor: KeyRecord, grant: Grant = granted) -> None:
    key, child, maker = made(wish, grantor, grant)
    assert maker.tenant == child.tenant
    assert maker.user in ("", child.user)
    # The record says so by itself, though whoever holds it may do no more than its maker anyway.
    assert set() < set(key.scopes) == set(child.scopes) <= maker.scopes
    for name in ("models", "providers", "modes", "pipes"):
        has, got = getattr(grantor, name), getattr(key, name)
        assert has is None or (got is not None and set(got) <= set(has))
    assert grantor.expires_at is None or (key.expires_at or 1e9) <= grantor.expires_at
    # All that the maker is held to, its key is held to, in the maker's own counters.
    assert set(maker.limits) <= set(child.limits)
    for model, limits in maker.model_limits.items():
        assert set(limits) <= set(child.model_limits[model])
    own = {limit.field: limit.most for limit in child.limits if limit.counter.startswith("key/k/")}
    held = {limit.field: limit.most for limit in maker.limits if limit.counter.startswith("key/g/")}
    assert all(own.get(field, most + 1) <= most for field, most in held.items())
    assert set(maker.tags) <= set(child.tags)
    # Nor is it more than what was asked for by name.
    assert not wish.scopes or set(key.scopes) <= set(wish.scopes)
    for name in ("models", "providers", "modes", "pipes"):
        asked, got = getattr(wish, name), getattr(key, name)
        assert asked in (None, ("*",)) or set(got) <= set(asked)


@given(wishes, grantors)
def test_a_grant_is_a_part_of_what_its_maker_has(wish: NewKey, grantor: KeyRecord) -> None:
    """Whatever is asked of whomever: it is refused, or it may do no more than its maker."""
    try:
        check(wish, grantor)
    except Forbidden:
        event("refused")
    else:
        event("granted")


@given(grantors)
def test_by_itself_a_grant_is_what_its_maker_is(grantor: KeyRecord) -> None:
    """But for making keys, which is handed on by name alone."""
    rest = tuple(scope for scope in grantor.scopes if scope not in NAMED)
    if not rest:
        with pytest.raises(Forbidden, match="`scopes`"):
            granted(NewKey(name="w"), grantor)
        return
    key, *_ = made(NewKey(name="w"), grantor)
    assert (grantor.models, grantor.plan, grantor.user, rest, (), grantor.limits) == (
        key.models,
        key.plan,
        key.user,
        key.scopes,
        key.pipes,
        key.limits,
    )


MAKER = KeyRecord(
    id="g",
    tenant="acme",
    name="g",
    prefix="tl_g",
    mac=bytes(32),
    created_at=0.0,
    scopes=("keys:write", "chat:write"),
    models=("a",),
    providers=("a",),
    modes=("eco",),
    pipes=("a",),
    plan="iron",
    user="ann",
    expires_at=12.0,
    limits=LimitSet(requests_per_day=3, models={"a": LimitSet(cost_total=1)}),
)


@pytest.mark.parametrize(
    ("wish", "param"),
    (
        ({"tenant": "other"}, "tenant"),
        ({"tenant": "default"}, "tenant"),
        ({"user": "bob"}, "user"),
        ({"plan": "gold"}, "plan"),
        ({"scopes": ("usage:read",)}, "scopes"),
        ({"models": ("a", "b")}, "models"),
        ({"models": ("*",)}, "models"),
        ({"providers": ("b",)}, "providers"),
        ({"modes": ("*",)}, "modes"),
        ({"pipes": ("*",)}, "pipes"),
        ({"expires_at": 12.5}, "expires_at"),
        ({"limits": LimitSet(requests_per_day=4)}, "limits"),
        ({"limits": LimitSet(models={"a": LimitSet(cost_total=2)})}, "limits"),
    ),
)
def test_each_way_of_asking_for_more_is_seen(wish: dict[str, object], param: str) -> None:
    """Naming the field."""
    with pytest.raises(Forbidden) as refused:
        granted(NewKey(name="w", **wish), MAKER)

    assert param == refused.value.param


@pytest.mark.parametrize(
    "field", ("tenant", "models", "scopes", "limits", "user", "expires_at", "tags")
)
def test_the_property_sees_a_grant_that_is_too_large(field: str) -> None:
    """The planted bugs: each field left as it was wished for."""
    maker = structs.replace(MAKER, tags=("sales",))
    wish = NewKey(name="w", scopes=("chat:write",))
    careless = {"scopes": SCOPES}.get(field, getattr(wish, field))
    check(wish, maker)

    with pytest.raises(AssertionError):
        check(wish, maker, lambda w, m: structs.replace(granted(w, m), **{field: careless}))
