"""Which connection is taken, and how many are kept."""

from trunkline.transport.base import Origin
from trunkline.transport.limits import Limits
from trunkline.transport.pool import Pool
from trunkline.transport.proxy import Route

ROUTE = Route(Origin("http", "127.0.0.1", 1))


class FakeConnection:
    """What a pool knows of a connection."""

    deadline = 10.0


def pool_of(count: int, **limits: int) -> tuple[Pool, list[FakeConnection]]:
    pool = Pool(ROUTE, Limits(**limits))
    connections = [FakeConnection() for _ in range(count)]
    for connection in connections:
        pool.adopt(connection)
    return pool, connections


def test_the_youngest_idle_connection_is_taken():
    """So the others may grow old and be closed."""
    pool, (first, second) = pool_of(2)
    pool.keep(first)
    pool.keep(second)

    assert [second, first, None] == [pool.take(), pool.take(), pool.take()]


def test_only_so_many_lie_idle():
    """One more is not kept."""
    pool, (first, second) = pool_of(2, idle_per_origin=1)

    assert (True, False) == (pool.keep(first), pool.keep(second))
    assert (2, 1) == (pool.open, pool.idle)


def test_a_forgotten_connection_is_never_taken():
    """It may be told twice that one is gone."""
    pool, (only,) = pool_of(1)
    pool.keep(only)
    pool.forget(only)
    pool.forget(only)

    assert None is pool.take()
    assert pool.unused


def test_connecting_counts_towards_the_limit():
    """Or a burst would open any number before the first is there."""
    pool, _ = pool_of(1, connections_per_origin=2)
    before = pool.full
    pool.connecting += 1

    assert (False, True) == (before, pool.full)
    assert "<Pool 1 open, 0 idle>" == repr(pool)


def test_deadlines_are_seen():
    """At the deadline, not before."""
    pool, (early, late) = pool_of(2)
    late.deadline = 11.0

    assert [[], [early]] == [pool.expired(9.9), pool.expired(10.0)]
