"""Tests of storage/lmdb/lanes.py: all counts at once come to the same as one after the other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.storage.lmdb.lanes import BOTH, USED, lanes_of, rooms
from trunkline.storage.lmdb.layout import COST, LARGEST, NONE, REQUESTS, TOKENS
from trunkline.storage.lmdb.records import Slot, pack_record, slots_of

EDGES = (0, 1, (1 << 32) - 1, LARGEST - 1, LARGEST)
COUNTS = st.one_of(st.sampled_from(EDGES), st.integers(0, LARGEST))
CHANGES = st.one_of(COUNTS, COUNTS.map(lambda count: -count))
SLOTS = st.lists(st.tuples(st.integers(0, 4), COUNTS, COUNTS), min_size=1, max_size=12)
STEPS = st.lists(st.tuples(CHANGES, CHANGES), min_size=4, max_size=4)


def record(slots):
    return pack_record([Slot(n, 1, 0, used, held) for n, (_, used, held) in enumerate(slots)])


def within(count):
    return max(0, min(count, LARGEST))


@given(SLOTS, STEPS)
def test_every_count_changes_by_its_own_step(slots, steps):
    """At the edges, too; and what would leave its range is held there, and moves no other."""
    lanes = lanes_of(bytes(unit for unit, _, _ in slots))
    by = [*steps, (0, 0)]
    expected = [
        (within(used + by[unit][0]), within(held + by[unit][1])) for unit, used, held in slots
    ]

    changed = lanes.changed(record(slots), [u * USED + h * (BOTH - USED) for u, h in steps])

    assert expected == [(slot.used, slot.reserved) for slot in slots_of(changed)]


@given(st.lists(st.tuples(COUNTS, COUNTS, COUNTS), min_size=1, max_size=12))
def test_a_guard_is_left_where_there_is_room(slots):
    """And only there: up to the most, and not one more."""
    counts = sum(
        (used + (held << 64)) << (128 * place) for place, (_, used, held) in enumerate(slots)
    )
    guards = lanes_of(bytes(len(slots))).guards

    left = (rooms(most for most, _, _ in slots) - counts) & guards

    places = range(len(slots))
    assert [used <= most for most, used, _ in slots] == [
        bool(left >> (128 * place + 63) & 1) for place in places
    ]
    assert all(left >> (128 * place + 127) & 1 for place in places)


@pytest.mark.parametrize(
    ("units", "reserving"), (((REQUESTS, NONE), False), ((REQUESTS, TOKENS), True), ((COST,), True))
)
def test_requests_alone_reserve_nothing(units, reserving):
    """So that settling them need not look."""
    assert lanes_of(bytes(units)).reserving is reserving
