"""Tests of storage/lmdb/records.py: what is packed is what comes out."""

from hypothesis import given
from hypothesis import strategies as st

from trunkline.storage.lmdb.records import (
    Lease,
    Slot,
    closes_first,
    holder_of,
    open_slots,
    pack_lease,
    pack_record,
    since_of,
    slots_of,
    unpack_lease,
    windows_in,
)

AMOUNTS = st.integers(0, 1 << 62)
SLOTS = st.lists(
    st.builds(Slot, AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS),
    min_size=1,
    max_size=40,
    unique_by=lambda slot: slot.name,
)
PARTS = st.integers(0, 30).flatmap(
    lambda n: st.tuples(
        st.binary(min_size=1, max_size=511),
        st.binary(min_size=n, max_size=n),
        st.binary(min_size=16 * n, max_size=16 * n),
    )
)


@given(SLOTS)
def test_a_record_comes_out_in_the_order_of_its_slots(slots):
    """However it went in; and it knows when the first of them closes."""
    record = pack_record(slots)

    assert sorted(slots) == slots_of(record)
    assert min((s.closes for s in slots if s.closes), default=1 << 62) == closes_first(record)


@given(SLOTS, AMOUNTS)
def test_what_has_closed_is_not_open(slots, now):
    """What never closes is."""
    expected = {slot.name: slot for slot in slots if slot.closes == 0 or slot.closes > now}

    assert expected == open_slots(pack_record(slots), now)
    assert {} == open_slots(None, now)


@given(AMOUNTS, AMOUNTS, AMOUNTS, st.binary(max_size=255), st.lists(PARTS, max_size=5))
def test_a_lease_comes_out_as_it_went_in(since, tokens, cost, holder, parts):
    """In however many records it was counted, none included."""
    lease = Lease(since, tokens, cost, holder, parts)

    packed = pack_lease(lease)

    assert lease == unpack_lease(packed)
    assert (holder, since) == (holder_of(packed), since_of(packed))


def test_windows_are_names_and_openings():
    """As they lie in a record."""
    record = pack_record([Slot(1, 11, 0, 0, 0), Slot(2, 22, 0, 0, 0)])

    assert [(1, 11), (2, 22)] == list(windows_in(record[8:40]))
