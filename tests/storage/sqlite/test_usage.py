"""Tests of storage/sqlite/usage.py: sums are exact, and only of what was asked for."""

from pathlib import Path

import pytest

from tests.storage.sqlite.making import NOON_MICROS, attempt, batch, request, with_storage
from trunkline.canon.usage import Usage
from trunkline.storage.records import Grouping, Totals, UsageQuery, UsageReport, UsageSum
from trunkline.storage.sqlite.backend import SqliteStorage

HOUR = 3_600_000_000
ROWS = (
    request(1, status="ok", provider="openai", input=1, output=2, cost_nanousd=10),
    request(2, status="ok", provider="azure", model="maxi", input=4, cost_nanousd=100),
    request(
        3,
        status="partial",
        provider="openai",
        tenant="acme",
        key_id="key2",
        cache_read=7,
        cost_nanousd=1000,
        received_at=NOON_MICROS + 13 * HOUR,
    ),
    request(4, status="open", input=1_000_000),
)


def report(folder: Path, *groups: Grouping, **filters: object) -> UsageReport:
    async def work(storage: SqliteStorage) -> UsageReport:
        await storage.ledger.apply(batch(ROWS))
        spans = {"start": 0, "end": NOON_MICROS * 2, **filters}
        return await storage.ledger.usage(UsageQuery(group_by=groups, **spans))

    return with_storage(folder, work)


def test_without_groups_there_is_a_total(tmp_path: Path) -> None:
    """Finished requests of every status, class by class; open ones have used nothing yet."""
    usage = Usage(input=5, cache_read=7, output=2)

    assert UsageReport((), UsageSum({}, 3, usage, 1110)) == report(tmp_path)


@pytest.mark.parametrize(
    ("group", "expected"),
    (
        ("model", {"mini": 1010, "maxi": 100}),
        ("provider", {"azure": 100, "openai": 1010}),
        ("key", {"key1": 110, "key2": 1000}),
        ("tenant", {"acme": 1000, "default": 110}),
        ("face", {"native": 1110}),
        ("status", {"ok": 110, "partial": 1000}),
        ("day", {"2026-11-21": 110, "2026-11-22": 1000}),
        ("hour", {"2026-11-21T12:00:00Z": 110, "2026-11-22T01:00:00Z": 1000}),
    ),
)
def test_rows_are_grouped(tmp_path: Path, group: Grouping, expected: dict[str, int]) -> None:
    """Each group has its sum, and together they are the total."""
    found = report(tmp_path, group)

    assert expected == {row.group[group]: row.cost_nanousd for row in found.rows}
    assert 1110 == found.total.cost_nanousd
    assert 3 == found.total.requests


def test_several_groups_make_a_table(tmp_path: Path) -> None:
    """In the order of the groups, sorted."""
    found = report(tmp_path, "tenant", "model")

    assert [
        ({"tenant": "acme", "model": "mini"}, 1),
        ({"tenant": "default", "model": "maxi"}, 1),
        ({"tenant": "default", "model": "mini"}, 1),
    ] == [(row.group, row.requests) for row in found.rows]


@pytest.mark.parametrize(
    ("filters", "cost"),
    (
        ({"tenant": "acme"}, 1000),
        ({"key_id": "key1"}, 110),
        ({"model": "maxi"}, 100),
        ({"provider": "openai"}, 1010),
        ({"provider": "openai", "tenant": "default"}, 10),
        ({"status": "partial"}, 1000),
        ({"face": "plexor"}, 0),
        ({"model": "x' OR '1'='1"}, 0),
        ({"start": NOON_MICROS + 1, "end": NOON_MICROS + 2}, 10),
        ({"start": NOON_MICROS + 2}, 1100),
        ({"end": NOON_MICROS + 2}, 10),
    ),
)
def test_filters_are_exact(tmp_path: Path, filters: dict[str, object], cost: int) -> None:
    """The start is part of the span, its end is not; nobody breaks out of a value."""
    assert cost == report(tmp_path, **filters).total.cost_nanousd


def test_large_sums_stay_integers(tmp_path: Path) -> None:
    """Nano-dollars beyond what a float can tell apart."""
    cost = (1 << 50) - 1

    async def work(storage: SqliteStorage) -> int:
        rows = tuple(request(number, status="ok", cost_nanousd=cost) for number in range(500))
        await storage.ledger.apply(batch(rows))
        found = await storage.ledger.usage(UsageQuery(start=0, end=NOON_MICROS * 2))
        return found.total.cost_nanousd

    assert 500 * cost == with_storage(tmp_path, work)


def test_totals_find_books_that_do_not_agree(tmp_path: Path) -> None:
    """
    A planted request without attempts, attempt without request, and wrong bill are counted.

    One that was answered in two legs is right.
    """

    async def work(storage: SqliteStorage) -> Totals:
        await storage.ledger.apply(
            batch(
                (
                    request(1, status="ok", attempts=1, input=3, cost_nanousd=10),
                    request(2, status="ok", attempts=1, input=5),
                    request(3, status="orphaned", attempts=1),
                    request(4),
                    request(5, status="ok", attempts=1, input=5),
                    request(7, status="ok", attempts=3, input=2),
                ),
                (
                    attempt(1, status="ok", input=3, cost_nanousd=10),
                    attempt(5, status="ok", input=4, cost_nanousd=7),
                    attempt(6, status="failed"),
                    attempt(7, status="ok", input=1),
                    attempt(7, 2, status="failed"),
                    attempt(7, 3, status="ok", input=1),
                ),
            )
        )
        return await storage.ledger.totals()

    assert Totals(
        requests=6,
        attempts=6,
        open=1,
        orphaned=1,
        usage=Usage(input=15),
        cost_nanousd=10,
        attempt_cost_nanousd=17,
        without_attempts=2,
        without_request=1,
        misbilled=1,
    ) == with_storage(tmp_path, work)
