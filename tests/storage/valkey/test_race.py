"""Eight processes, a thousand attempts, room for a hundred: what passes is a hundred."""

import pytest

from tests.storage.racing import LIMIT, UNITS
from tests.storage.valkey.racing import runners
from tests.storage.valkey_server import program
from trunkline.canon.limit import Unit

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(program() is None, reason="neither valkey-server nor redis-server"),
]


def test_exactly_as_many_as_the_limit_says(tmp_path):
    """Requests, concurrency and cost, whoever comes first; after a restart never more."""
    with runners(tmp_path) as racing:
        admitted = [racing.round(number, unit) for number in range(3) for unit in UNITS]
        racing.settle()
        through_restarts = [
            racing.round(number, unit, restart=True) for number, unit in enumerate(UNITS, 3)
        ]

    assert [LIMIT] * 9 == admitted
    assert max(through_restarts) <= LIMIT


def test_a_naive_limiter_is_caught(tmp_path):
    """GET, then INCR: more than a hundred."""
    with runners(tmp_path, "naive") as racing:
        admitted = [racing.round(number, Unit.REQUESTS) for number in range(3)]

    assert max(admitted) > LIMIT
