"""Tests of tenancy/wishes.py: what a key may be asked for with, and what of it may change."""

import pytest
from msgspec import UNSET, structs

from tests.tenancy.making import made
from trunkline.canon.errors import Malformed
from trunkline.storage.holders import KeyRecord, LimitSet
from trunkline.tenancy.limits import LimitChanges
from trunkline.tenancy.plans import BUILT_IN
from trunkline.tenancy.wishes import KeyChanges, NewKey, changed, wished

NOW = 5.0
_, KEY = made(1)


def test_a_wish_becomes_a_record() -> None:
    """With everything but an identity."""
    wish = NewKey(
        name="n",
        tenant="acme",
        user="ann",
        scopes=("chat:write",),
        models=("m",),
        providers=("p",),
        modes=("eco",),
        pipes=("cache",),
        tags=("t",),
        plan="keyplex-monthly",
        limits=LimitSet(requests_per_day=1),
        face="plexor",
        expires_at=6.0,
    )

    assert KeyRecord(id="", prefix="", mac=b"", created_at=NOW, **structs.asdict(wish)) == wished(
        wish, NOW, BUILT_IN
    )


def test_a_star_is_any() -> None:
    """In every list where any is something that can be had."""
    star = dict.fromkeys(("models", "providers", "modes", "pipes"), ("*",))
    record = wished(NewKey(name="n", **star), NOW, BUILT_IN)

    assert [None] * 4 == [record.models, record.providers, record.modes, record.pipes]


WRONG: tuple[tuple[dict[str, object], str], ...] = (
    ({"name": " "}, "name"),
    ({"user": "a/b"}, "user"),
    ({"plan": "gold"}, "plan"),
    ({"modes": ("eco", "fast")}, "modes"),
    ({"modes": ("*", "eco")}, "modes"),
    ({"scopes": ("chat:wrte",)}, "scopes"),
    ({"providers": ("",)}, "providers"),
    ({"pipes": ("",)}, "pipes"),
    ({"tags": ("t",) * 1001}, "tags"),
    ({"expires_at": NOW}, "expires_at"),
)


@pytest.mark.parametrize(
    ("wrong", "param"), (*WRONG, ({"tenant": "a b"}, "tenant"), ({"face": "openai"}, "face"))
)
def test_a_wish_that_makes_no_sense_is_refused(wrong: dict[str, object], param: str) -> None:
    """By its field."""
    with pytest.raises(Malformed) as refused:
        wished(NewKey(**{"name": "n", **wrong}), NOW, BUILT_IN)

    assert param == refused.value.param


@pytest.mark.parametrize(("wrong", "param"), WRONG)
def test_a_change_that_makes_no_sense_is_refused(wrong: dict[str, object], param: str) -> None:
    """As a wish is."""
    with pytest.raises(Malformed) as refused:
        changed(KEY, KeyChanges(**wrong), NOW, BUILT_IN)

    assert param == refused.value.param


def test_what_is_not_named_stays() -> None:
    """None is a change, where it means any or none."""
    old = structs.replace(KEY, models=("m",), expires_at=9.0, user="ann", tags=("t",))

    assert old == changed(old, KeyChanges(), NOW, BUILT_IN)
    assert structs.replace(old, models=None, expires_at=None) == changed(
        old, KeyChanges(models=None, expires_at=None), NOW, BUILT_IN
    )
    assert structs.replace(old, pipes=None, name="n", limits=LimitSet(cost_total=1)) == changed(
        old,
        KeyChanges(pipes=("*",), name="n", limits=LimitChanges(LimitSet(cost_total=1))),
        NOW,
        BUILT_IN,
    )


def test_what_was_true_once_may_stay() -> None:
    """A key that has expired, or whose plan is gone, can be renamed."""
    old = structs.replace(KEY, expires_at=1.0, plan="gone")

    assert structs.replace(old, name="n") == changed(old, KeyChanges(name="n"), NOW, BUILT_IN)


def test_who_it_is_cannot_be_changed() -> None:
    """Its id, its tenant, its secret, its face and who made it are no fields of a change."""
    fixed = {"id", "tenant", "mac", "prefix", "face", "meter"}
    fixed |= {"created_at", "created_by", "revoked_at"}

    assert fixed == set(KeyRecord.__struct_fields__) - set(KeyChanges.__struct_fields__)
    assert UNSET is KeyChanges().name
