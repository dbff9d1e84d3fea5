"""Which limits are worth writing down."""

import pytest

from trunkline.canon.limit import Limit, Unit

SECOND = 1_000_000
HOUR = 3600 * SECOND


@pytest.mark.parametrize(
    ("unit", "window", "lasts"),
    (
        (Unit.REQUESTS, 60 * SECOND, False),
        (Unit.TOKENS, HOUR - 1, False),
        (Unit.REQUESTS, HOUR, True),
        (Unit.COST, 86_400 * SECOND, True),
        (Unit.COST, 0, True),
        (Unit.CONCURRENT, 0, False),
    ),
)
def test_windows_of_an_hour_and_more_last(unit: Unit, window: int, lasts: bool) -> None:
    """So do those that never close; what is under way ends with its worker."""
    limit = Limit(counter="c", unit=unit, most=1, window=window, field="f", scope="key")

    assert lasts == limit.lasts
