"""Tests of storage/lmdb/ticks.py: one time for all, which never steps back and never stands still."""

import pytest

from trunkline.storage.lmdb.store import Store
from trunkline.storage.lmdb.ticks import Ticks
from trunkline.testing.fakes import ManualClock

START = 1_795_000_000_000_000


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path, "b")
    yield opened
    opened.close()


def now(store, clock):
    return store.write(lambda transaction, _: Ticks(clock).now(transaction), None)


def test_it_is_unix_time(store):
    """Microseconds; the caller's clock is behind by nothing."""
    clock = ManualClock()

    first = now(store, clock)
    clock.advance(1.5)

    assert [(START, 0), (START + 1_500_000, 0)] == [first, now(store, clock)]


def test_a_clock_that_is_set_back_is_behind(store):
    """For other processes, too; time runs on meanwhile."""
    clock = ManualClock()
    now(store, clock)
    clock.step(-3600.0)
    clock.advance(2.0)
    after = now(store, clock)
    clock.step(7200.0)

    assert (START + 2_000_000, 3_600_000_000) == after
    assert (START + 3_602_000_000, 0) == now(store, clock)


def test_less_than_a_millisecond_is_not_worth_a_write(store):
    """Two clocks are never read at the same moment."""
    clock = ManualClock()
    now(store, clock)

    def moved(seconds):
        clock.step(seconds)
        return store.read(lambda transaction, _: Ticks(clock).seen(transaction)[2], None)

    assert None is moved(0.0005)
    assert START - 1_000_000_000 + 2_500 == moved(0.002)


def test_what_it_is_behind_does_not_waver(store):
    """A program that is interrupted between its two clocks tells the same as before."""
    clock = ManualClock()
    ticks = Ticks(clock)
    told = []
    for seconds in (0.0, -0.05, 0.03, -3600.0, 0.05, -0.08):
        clock.step(seconds)
        told.append(store.write(lambda transaction, _: ticks.now(transaction), None)[1])

    assert [0, 0, 0, 3_600_020_000, 3_600_020_000, 3_600_020_000] == told
