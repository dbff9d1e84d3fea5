"""Tests of storage/lmdb/counters.py beyond the suite: amounts without measure, names without end."""

import pytest
from msgspec.structs import replace

from trunkline.canon.limit import Limit, Unit
from trunkline.storage.lmdb import counters as module
from trunkline.storage.lmdb.counters import Counters, Settlement, free
from trunkline.storage.lmdb.layout import LARGEST, lease_key
from trunkline.storage.lmdb.store import Store
from trunkline.storage.lmdb.ticks import Ticks
from trunkline.storage.state import Claim
from trunkline.testing.fakes import ManualClock

LIMIT = Limit(counter="c", unit=Unit.TOKENS, most=1 << 61, field="f", scope="key")


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path, "b")
    yield opened
    opened.close()


@pytest.fixture
def counters():
    return Counters("w", Ticks(ManualClock()))


def used(store, counters, *limits):
    standings, _ = store.read(counters.look, limits)
    return [standing.used for standing in standings]


def test_an_upstream_that_tells_of_too_much(store, counters):
    """Is counted as the largest amount there is: it fits, and nothing fits beside it."""
    store.write(counters.admit, Claim("l", (LIMIT,), 5, 0))
    store.write(counters.settle, Settlement("l", 10**30, 0))

    assert [LARGEST] == used(store, counters, LIMIT)
    assert [0] == store.write(counters.admit, Claim("m", (LIMIT,), 1, 0)).refused


def test_a_claim_without_measure(store, counters):
    """Fits where nothing is counted in its unit, and nowhere else."""
    requests = replace(LIMIT, counter="r", unit=Unit.REQUESTS)
    free_of = store.write(counters.admit, Claim("l", (requests,), 10**30, 10**30))
    refused = store.write(counters.admit, Claim("m", (LIMIT,), 10**30, 0))

    assert ([], [0]) == (free_of.refused, refused.refused)


def test_what_was_freed_is_not_freed_again(store, counters):
    """Whoever comes second finds nothing of CONCURRENT in the lease, or no lease."""
    at_once = replace(LIMIT, counter="n", unit=Unit.CONCURRENT)
    store.write(counters.admit, Claim("l", (at_once,), 0, 0))
    store.write(counters.admit, Claim("m", (at_once, LIMIT), 7, 0))
    keys = [lease_key("l"), lease_key("m"), lease_key("unknown")]
    for _ in range(2):
        store.write(free, keys)
    store.write(counters.settle, Settlement("l", 0, 0))

    assert [0, 7] == used(store, counters, at_once, LIMIT)


def test_names_are_not_remembered_for_ever(store, counters):
    """Clients may invent them."""
    for number in range(module._MOST_NAMES // 1000 + 2):
        many = [replace(LIMIT, counter=f"{number}/{n}") for n in range(1000)]
        assert not store.write(counters.admit, Claim(str(number), many, 1, 1)).refused

    assert len(counters._names) <= module._MOST_NAMES
