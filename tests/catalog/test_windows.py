"""When a price holds."""

from datetime import UTC, datetime

import pytest

from trunkline.catalog.model import Window
from trunkline.catalog.windows import effective, window_at


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


CUT = (Window(input="10", output="1"), Window(since="2025-06-10", input="2", output="1"))
NIGHT = (
    Window(input="1", output="1"),
    Window(daily=("00:30", "16:30"), input="2", output="2"),
)
LATE = (Window(input="1", output="1"), Window(daily=("22:00", "06:00"), input="2", output="2"))


@pytest.mark.parametrize(
    "windows, moment, index",
    (
        (CUT, "2025-06-09T23:59:59", 0),
        (CUT, "2025-06-10T00:00:00", 1),
        (CUT, "2030-01-01T12:00:00", 1),
        (NIGHT, "2025-06-10T00:29:59", 0),
        (NIGHT, "2025-06-10T00:30:00", 1),
        (NIGHT, "2025-06-10T16:29:59", 1),
        (NIGHT, "2025-06-10T16:30:00", 0),
        (LATE, "2025-06-10T21:59:59", 0),
        (LATE, "2025-06-10T23:00:00", 1),
        (LATE, "2025-06-10T05:59:59", 1),
        (LATE, "2025-06-10T06:00:00", 0),
    ),
)
def test_the_last_window_that_holds_counts(
    windows: tuple[Window, ...], moment: str, index: int
) -> None:
    """Dates begin at midnight UTC; daily hours include their start and not their end."""
    assert index == window_at(windows, at(moment))


def test_before_the_first_known_date_the_earliest_price_counts() -> None:
    """The past was not free."""
    windows = (Window(since="2025-01-01", input="1"), Window(since="2026-01-01", input="2"))
    assert 0 == window_at(windows, at("2020-01-01"))


def test_no_windows_are_no_price() -> None:
    """There is nothing to choose from."""
    assert window_at((), 0.0) is None


TIERS = (
    Window(input="1"),
    Window(since="2026-10-12", service="flex", input="0.5"),
    Window(service="priority", input="2"),
)


@pytest.mark.parametrize(
    "service, moment, index",
    (
        (None, "2026-11-21", 0),
        ("flex", "2026-11-21", 1),
        ("flex", "2026-10-11", 0),
        ("priority", "2020-01-01", 2),
        ("scale", "2026-11-21", 0),
    ),
)
def test_a_service_tier_has_its_own_prices(service: str | None, moment: str, index: int) -> None:
    """Where it has none at the time, it costs the usual."""
    assert index == window_at(TIERS, at(moment), service)


@pytest.mark.parametrize(
    "window, name",
    (
        (Window(), "always"),
        (Window(since="2025-06-10"), "2025-06-10"),
        (Window(daily=("00:30", "16:30")), "always@00:30-16:30"),
        (Window(since="2026-10-12", service="flex"), "2026-10-12+flex"),
    ),
)
def test_a_window_has_a_name(window: Window, name: str) -> None:
    """It ends the price version in the ledger."""
    assert name == effective(window)
