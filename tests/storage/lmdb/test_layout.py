"""Tests of storage/lmdb/layout.py: what is packed is what comes out, and no two names are one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.storage.lmdb.layout import (
    Lease,
    counter_key,
    holder_key,
    holder_of,
    lease_key,
    pack_lease,
    since_of,
    unpack_lease,
)

AMOUNTS = st.integers(0, 1 << 62)
NAMES = st.text(max_size=300)
CHARGES = st.lists(st.tuples(st.integers(0, 3), AMOUNTS, NAMES), max_size=40)


@given(AMOUNTS, AMOUNTS, AMOUNTS, st.binary(max_size=255), CHARGES)
def test_a_lease_comes_out_as_it_went_in(since, tokens, cost, holder, charges):
    """Whatever its counters are called, and however many they are."""
    units = bytes(unit for unit, _, _ in charges)
    opened = tuple(moment for _, moment, _ in charges)
    keys = tuple(counter_key(name) for _, _, name in charges)
    lease = Lease(since, tokens, cost, holder, units, opened, keys)

    packed = pack_lease(lease)

    assert lease == unpack_lease(packed)._replace(keys=tuple(unpack_lease(packed).keys))
    assert (holder, since) == (holder_of(packed), since_of(packed))


@given(st.lists(st.text(max_size=600), unique=True, max_size=20))
def test_every_counter_has_a_key_of_its_own(names):
    """That LMDB takes, and that can be joined with others."""
    keys = [counter_key(name) for name in names]

    assert len(names) == len(set(keys))
    assert all(len(key) <= 511 and b"\0" not in key for key in keys)


@pytest.mark.parametrize("name", ("x" * 511, "x" * 510, "\u00e9" * 300, "a\0b", "\ud800"))
def test_odd_names_are_taken(name):
    """Too long, with a zero, or half a character."""
    assert counter_key(name) != counter_key(name + "x")


@pytest.mark.parametrize("key", (lease_key, holder_key))
def test_no_id_of_ours_is_that_long(key):
    """So that it would be a mistake."""
    assert key("x" * 255)
    with pytest.raises(ValueError, match="256 bytes"):
        key("x" * 256)
