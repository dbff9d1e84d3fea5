"""Tests of storage/lmdb/plans.py: limits are told in their order, wherever they lie."""

from trunkline.canon.limit import Limit, Unit
from trunkline.storage.lmdb.layout import place_of
from trunkline.storage.lmdb.plans import MOST_PLANS, plan_of
from trunkline.storage.lmdb.records import Slot, pack_record, slots_of
from trunkline.storage.state import Standing

NOW = 1_000_000


def limit(counter, unit=Unit.REQUESTS, most=9, window=60):
    return Limit(
        counter=counter, unit=unit, most=most, window=window * 10**6, field="f", scope="key"
    )


def test_equal_limits_are_one_plan():
    """A new tuple of the same limits, as of a key and a model, is found again."""
    one, two = (tuple(limit(f"key/{owner}/requests/60") for owner in "ab") for _ in range(2))

    assert plan_of(one) is plan_of(two)
    assert plan_of(one) is not plan_of((limit("key/a/requests/60", most=8), one[1]))


def test_plans_are_not_remembered_for_ever():
    """Clients may invent sessions."""
    for number in range(MOST_PLANS + 10):
        plan_of((limit(f"session/{number}"),))

    assert MOST_PLANS == plan_of.cache_info().currsize
    assert place_of.cache_info().maxsize


def test_one_part_for_each_owner():
    """And their standings are told in the order of the limits."""
    names = ("key/a/cost/0", "tenant/t/requests/60", "key/a/requests/60", "session/s")
    plan = plan_of(tuple(limit(name) for name in names))
    told = [[Standing(place, 0) for place in places] for places in plan.places]

    assert [b"ckey/a", b"ctenant/t", b"csession/s"] == [part.key for part in plan.parts]
    assert [Standing(place, 0) for place in range(4)] == plan.in_order(told)


def test_a_record_is_renewed_with_what_is_wanted():
    """What is open stays as it is; what has closed opens again, or goes; what is new comes."""
    wanted = [limit(f"key/a/requests/{n}", window=n) for n in (120, 60, 0)]
    (part,) = plan_of(tuple(wanted)).parts
    fresh = slots_of(part.renewed(None, NOW))
    sixty, hundred, total = fresh
    closed = Slot(7, 1, NOW, 5, 0)
    other = Slot(8, 1, 0, 5, 0)
    old = [hundred._replace(used=3), sixty._replace(closes=NOW, used=4), closed, other]

    renewed = part.renewed(pack_record(old), NOW)

    assert [60_000_000 + NOW, 120_000_000 + NOW, 0] == [slot.closes for slot in fresh]
    assert sorted([sixty, hundred._replace(used=3), total, other]) == slots_of(renewed)
    assert [3, 0, 0] == [s.used for s in part.fit.standings(renewed, 0)]
    assert [120_000_000 + NOW - 5, 60_000_000 + NOW - 5, 0] == [
        standing.closes for standing in part.fit.standings(renewed, 5)
    ]


def test_standings_are_told_of_any_record():
    """Of none, of one that fits, of one with a window that has closed, and of one of other slots."""
    wanted = tuple(limit(f"key/a/requests/{n}", window=n) for n in (120, 60))
    (part,) = plan_of(wanted).parts
    record = part.renewed(None, NOW)
    (more,) = plan_of((*wanted, limit("key/a/cost/0", window=0))).parts
    later = NOW + 60_000_000
    told = [
        [standing.closes - NOW for standing in part.standings(one, now, 0) if standing.closes]
        for one, now in (
            (None, NOW),
            (record, NOW),
            (more.renewed(record, NOW), NOW),
            (record, later),
        )
    ]

    assert [[], [120_000_000, 60_000_000], [120_000_000, 60_000_000], [120_000_000]] == told


def test_of_two_with_one_counter_the_lower_holds():
    """It is counted once, and told of both."""
    low, high = limit("key/a/requests/60", most=1), limit("key/a/requests/60", most=5)
    (alone,), (part,) = plan_of((low,)).parts, plan_of((high, low)).parts
    record = part.renewed(alone.renewed(None, NOW), NOW)

    assert [Standing(0, NOW + 60_000_000)] * 2 == list(part.fit.standings(record, 0))
    assert (alone.fit.room, alone.fit.once) == (part.fit.room, part.fit.once)
