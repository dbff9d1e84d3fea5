"""Tests of storage/lmdb/counters.py beyond the suite: several owners, and amounts without measure."""

import pytest
from msgspec.structs import replace

from trunkline.canon.limit import Limit, Unit
from trunkline.storage.lmdb.counters import Counters, Settlement, free
from trunkline.storage.lmdb.layout import LARGEST, lease_key
from trunkline.storage.lmdb.store import Store
from trunkline.storage.lmdb.ticks import Ticks
from trunkline.storage.state import Claim, Standing
from trunkline.testing.fakes import ManualClock

LIMIT = Limit(counter="c", unit=Unit.TOKENS, most=1 << 61, field="f", scope="key")


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path, "b")
    yield opened
    opened.close()


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def counters(clock):
    return Counters("w", Ticks(clock))


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


OWN = "key/a/"
REQUESTS = replace(LIMIT, counter=OWN + "requests/60", unit=Unit.REQUESTS, window=60_000_000)
TOKENS = replace(LIMIT, counter=OWN + "tokens/3600", window=3_600_000_000)
AT_ONCE = replace(LIMIT, counter=OWN + "concurrent/0", unit=Unit.CONCURRENT)
TOTAL = replace(LIMIT, counter=OWN + "cost/0", unit=Unit.COST)
TENANT = replace(TOTAL, counter="tenant/t/cost/0")
MODEL = replace(REQUESTS, counter=OWN + "model/m/requests/60")
SESSION = replace(TOTAL, counter="session/5e55/budget_usd")
ALL = (TENANT, REQUESTS, MODEL, TOKENS, SESSION, AT_ONCE, TOTAL)


def held(store, counters, *limits):
    standings, _ = store.read(counters.look, limits)
    return [standing.reserved for standing in standings]


def test_several_owners_in_one_claim(store, counters):
    """A key's, a tenant's, a model's and a session's counters are charged and told in their order."""
    decision = store.write(counters.admit, Claim("l", ALL, 7, 30))
    told = [standing.used for standing in decision.standings]
    reserved = held(store, counters, *ALL)
    store.write(counters.settle, Settlement("l", 5, 20))

    assert [30, 1, 1, 7, 30, 1, 30] == told
    assert [30, 0, 0, 7, 30, 1, 30] == reserved
    assert [20, 1, 1, 5, 20, 0, 20] == used(store, counters, *ALL)
    assert [0] * 7 == held(store, counters, *ALL)
    # Four records and the time: leases are gone.
    assert 4 + 1 + 1 == store.entries


@pytest.mark.parametrize("full", ALL)
def test_whoever_refuses_nothing_is_counted(store, counters, full):
    """In no owner's record, those before and after it in the claim included."""
    store.write(counters.admit, Claim("k", ALL[:3], 7, 30))
    before = used(store, counters, *ALL)
    limits = [replace(one, most=0) if one is full else one for one in ALL]
    decision = store.write(counters.admit, Claim("l", limits, 7, 30))

    assert [ALL.index(full)] == decision.refused
    assert before == [standing.used for standing in decision.standings]
    assert before == used(store, counters, *ALL)
    assert not store.write(counters.admit, Claim("l", ALL, 7, 30)).refused


def test_slots_that_come_later(store, counters):
    """A limit that is new lies before or after those there are: nobody's counts are moved."""
    grown = []
    for number, limit in enumerate((AT_ONCE, TOTAL, REQUESTS, TOKENS)):
        grown.append(limit)
        store.write(counters.admit, Claim(f"l{number}", grown, 10, 100))
    before = used(store, counters, AT_ONCE, TOTAL, REQUESTS, TOKENS)
    for number in range(4):  # their leases know the record as it was
        store.write(counters.settle, Settlement(f"l{number}", 1, 2))

    assert [4, 300, 2, 10] == before
    assert [0, 6, 2, 1] == used(store, counters, AT_ONCE, TOTAL, REQUESTS, TOKENS)


def test_a_limit_that_is_lowered_meanwhile(store, counters):
    """Two claims with another `most` for the same counter count in it together."""
    low, high = replace(TOTAL, most=50), replace(TOTAL, most=100)
    decisions = [
        store.write(counters.admit, Claim(str(number), (limit,), 0, 30))
        for number, limit in enumerate((low, high, low, high, high))
    ]
    both = store.write(counters.admit, Claim("both", (high, low), 0, 1))

    assert [[], [], [0], [], [0]] == [list(decision.refused) for decision in decisions]
    assert ([1], [90, 90]) == (both.refused, [standing.used for standing in both.standings])


def test_a_window_that_has_closed_while_a_lease_was_counted_in_it(store, clock, counters):
    """Its slot is dropped, or another window's: what was settled late counts in the totals alone."""
    for lease in ("a", "b", "c"):
        store.write(counters.admit, Claim(lease, (REQUESTS, TOKENS, TOTAL), 10, 100))
    clock.advance(4000)
    store.write(counters.admit, Claim("d", (TOTAL,), 0, 0))  # drops both
    store.write(counters.settle, Settlement("a", 5, 50))
    dropped = used(store, counters, REQUESTS, TOKENS, TOTAL)
    store.write(counters.admit, Claim("e", (REQUESTS, TOKENS, TOTAL), 7, 0))
    store.write(counters.settle, Settlement("b", 5, 50))
    store.write(counters.settle, Settlement("c", 0, 0, withdrawn=True))

    assert [0, 0, 250] == dropped
    assert [1, 7, 100] == used(store, counters, REQUESTS, TOKENS, TOTAL)
    assert [0, 7, 0] == held(store, counters, REQUESTS, TOKENS, TOTAL)


def test_a_window_closes_at_its_moment(store, clock, counters):
    """Not a microsecond later."""
    told = []
    for lease, seconds in (("a", 0.0), ("b", 59.984375), ("c", 0.015625)):
        clock.advance(seconds)
        decision = store.write(counters.admit, Claim(lease, (REQUESTS, TOTAL), 0, 1))
        told.append([standing.used for standing in decision.standings])

    assert [[1, 1], [2, 2], [1, 3]] == told


def test_what_was_freed_can_still_be_settled(store, counters):
    """In a record with other counters, whose slots stay where they are."""
    store.write(counters.admit, Claim("l", (AT_ONCE, TOKENS, TENANT), 7, 30))
    store.write(free, [lease_key("l")])
    store.write(free, [lease_key("l")])
    freed = used(store, counters, AT_ONCE, TOKENS, TENANT)
    store.write(counters.settle, Settlement("l", 5, 20))

    assert [0, 7, 30] == freed
    assert [0, 5, 20] == used(store, counters, AT_ONCE, TOKENS, TENANT)


def test_what_is_restored_lies_with_what_was_counted_since(store, counters):
    """Beside the other counters of its owner; never more than the largest amount."""
    store.write(counters.admit, Claim("l", (REQUESTS, TOTAL), 0, 100))
    counts = {
        TOTAL.counter: Standing(1000, 0),
        TENANT.counter: Standing(2000, 0, 50),
        SESSION.counter: Standing(LARGEST + 1, 0),
    }
    store.write(counters.restore, counts)

    assert [1, 1100, 2000, LARGEST] == used(store, counters, REQUESTS, TOTAL, TENANT, SESSION)
    assert [0, 100, 50, 0] == held(store, counters, REQUESTS, TOTAL, TENANT, SESSION)


def test_a_lease_that_is_held_changes_nothing(store, counters):
    """Of whatever owner; and whether there was room or not."""
    store.write(counters.admit, Claim("l", ALL, 7, 30))
    before = used(store, counters, *ALL)
    for limits in (ALL, [replace(TOTAL, most=0)]):
        with pytest.raises(ValueError, match="held"):
            store.write(counters.admit, Claim("l", limits, 7, 30))

    assert before == used(store, counters, *ALL)
