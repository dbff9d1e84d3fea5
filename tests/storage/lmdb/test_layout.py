"""Tests of storage/lmdb/layout.py: which counters lie side by side, and no two in one place."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trunkline.storage.lmdb.layout import ALONE, holder_key, lease_key, place_of

PIECES = ("key/a", "requests", "tokens", "cost", "0", "60", "060", "+60", "6_0", "\u0666", "/", "")
NAMES = st.one_of(
    st.text(max_size=600), st.lists(st.sampled_from(PIECES), max_size=5).map("/".join)
)


@given(st.lists(NAMES, unique=True, max_size=30))
@example(["key/a/requests/60", "key/a/requests/060", "key/a", "key/a/requests/0"])
@example(["k/requests/0", "k/requests/1125899906842624", "k/requests/1125899906842625"])
def test_every_counter_has_a_place_of_its_own(names):
    """In a record whose key LMDB takes."""
    places = [place_of(name) for name in names]

    assert len(names) == len(set(places))
    assert all(len(key) <= 511 for key, _ in places)
    assert all(0 <= slot < 1 << 63 for _, slot in places)


@pytest.mark.parametrize("name", ("x" * 511, "x" * 510, "\u00e9" * 300, "a\0b", "\ud800"))
def test_odd_names_are_taken(name):
    """Too long, with a zero, or half a character."""
    assert place_of(name) != place_of(name + "x")
    assert place_of(name + "/cost/0")[0] == place_of(name + "/tokens/60")[0]


def test_the_counters_of_an_owner_lie_together():
    """In the order in which its limits are told; those of another, or of a model, lie elsewhere."""
    names = ("requests/60", "requests/86400", "tokens/60", "concurrent/0", "cost/86400", "cost/0")
    keys, slots = zip(*(place_of(f"key/a/{name}") for name in names), strict=True)
    others = ("key/b/requests/60", "user/a/requests/60", "key/a/model/m/requests/60")

    assert {b"ckey/a"} == set(keys)
    assert sorted(slots) == list(slots)
    assert 4 == len({b"ckey/a"}.union(place_of(name)[0] for name in others))


@pytest.mark.parametrize("name", ("session/5e55/requests", "session/5e55/00ff", "k/weeks/60", "60"))
def test_what_there_may_be_any_number_of_lies_alone(name):
    """A record never holds more than units and windows that are in use."""
    assert (b"c" + name.encode(), ALONE) == place_of(name)


@pytest.mark.parametrize("key", (lease_key, holder_key))
def test_no_id_of_ours_is_that_long(key):
    """So that it would be a mistake."""
    assert key("x" * 255)
    with pytest.raises(ValueError, match="256 bytes"):
        key("x" * 256)
