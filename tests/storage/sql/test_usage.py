"""Tests of storage/sql/usage.py: sums are exact, and only of what was asked for."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.storage.rows import DAY, HOUR, NOON_MICROS, batch, request
from tests.storage.sql.books import run
from trunkline.storage.records import (
    Grouping,
    UsageColumns,
    UsageQuery,
    UsageReport,
    UsageSum,
)
from trunkline.storage.sql.database import Database
from trunkline.storage.sql.ledger import SqlLedgerStore
from trunkline.storage.sql.usage import Span, spans

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


def report(database: Database, *groups: Grouping, **filters: object) -> UsageReport:
    async def work(ledger: SqlLedgerStore) -> UsageReport:
        await ledger.apply(batch(ROWS))
        spans = {"start": 0, "end": NOON_MICROS * 2, **filters}
        return await ledger.usage(UsageQuery(group_by=groups, **spans))

    return run(database, work)


def test_without_groups_there_is_a_total(database: Database) -> None:
    """Finished requests of every status, class by class; open ones have used nothing yet."""
    usage = UsageColumns(input=5, cache_read=7, output=2)

    assert UsageReport((), UsageSum({}, 3, usage, 1110, errors=1, unpriced_requests=3)) == report(
        database
    )


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
def test_rows_are_grouped(database: Database, group: Grouping, expected: dict[str, int]) -> None:
    """Each group has its sum, and together they are the total."""
    found = report(database, group)

    assert expected == {row.group[group]: row.cost_nanousd for row in found.rows}
    assert 1110 == found.total.cost_nanousd
    assert 3 == found.total.requests


def test_several_groups_make_a_table(database: Database) -> None:
    """In the order of the groups, sorted."""
    found = report(database, "tenant", "model")

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
def test_filters_are_exact(database: Database, filters: dict[str, object], cost: int) -> None:
    """The start is part of the span, its end is not; nobody breaks out of a value."""
    assert cost == report(database, **filters).total.cost_nanousd


@pytest.mark.parametrize(("byok", "cost"), ((None, 11), (0, 10), (1, 1)))
def test_what_tenants_paid_themselves_can_be_left_out(
    database: Database, byok: int | None, cost: int
) -> None:
    """From the requests as from the rollups."""

    async def work(ledger: SqlLedgerStore) -> list[int]:
        own = request(1, status="ok", byok=True, cost_nanousd=1)
        await ledger.apply(batch((own, request(2, status="ok", cost_nanousd=10))))
        found = [
            await ledger.usage(UsageQuery(start=start, end=end, byok=byok))
            for start, end in ((0, NOON_MICROS * 2), (NOON_MICROS - 1, NOON_MICROS + 9))
        ]
        return [one.total.cost_nanousd for one in found]

    assert [cost, cost] == run(database, work)


def test_large_sums_stay_integers(database: Database) -> None:
    """Nano-dollars beyond what a float can tell apart."""
    cost = (1 << 50) - 1

    async def work(ledger: SqlLedgerStore) -> int:
        rows = tuple(request(number, status="ok", cost_nanousd=cost) for number in range(500))
        await ledger.apply(batch(rows))
        found = await ledger.usage(UsageQuery(start=0, end=NOON_MICROS * 2))
        return found.total.cost_nanousd

    assert 500 * cost == run(database, work)


MINUTE = HOUR // 60


@pytest.mark.parametrize(
    ("start", "end", "kept", "expected"),
    (
        (0, 2 * HOUR, 0, (("usage_hours", 0, 120),)),
        (HOUR, HOUR + 5, 0, (("requests", 60, 60),)),
        (HOUR + 5, HOUR + 9, 0, (("requests", 60, 60),)),
        (5, 2 * HOUR + 9, 0, (("requests", 0, 60), ("requests", 120, 120), ("usage_hours", 60, 120))),
        (5, 2 * HOUR + 9, 6, (("requests", 120, 120), ("usage_hours", 0, 120))),
        (5, 2 * HOUR + 9, DAY, (("usage_hours", 0, 120),)),
        (5, 9, DAY, ()),
        (HOUR, 3 * DAY, 0, (("usage_hours", 60, 1440), ("usage_days", 1440, 4320))),
        (0, DAY + HOUR, 0, (("usage_days", 0, 1440), ("usage_hours", 1440, 1500))),
        (5, 9 * DAY, None, (("requests", 0, 12960),)),
    ),
)  # fmt: skip
def test_a_span_is_read_where_it_costs_least(
    start: int, end: int, kept: int | None, expected: tuple[tuple[str, int, int], ...]
) -> None:
    """Days where whole, hours beside them, requests at the edges while there are any."""
    found = spans(UsageQuery(start=start, end=end), kept)

    assert expected == tuple((s.source, s.start // MINUTE, s.end // MINUTE) for s in found)


def test_hours_are_never_read_from_days() -> None:
    """Who groups by hours gets hours."""
    query = UsageQuery(start=0, end=2 * DAY, group_by=("hour",))

    assert [Span("usage_hours", 0, 2 * DAY)] == list(spans(query, 0))


@given(
    st.integers(0, 4 * DAY),
    st.integers(0, 4 * DAY),
    st.integers(0, 4 * DAY),
    st.integers(0, 4 * DAY) | st.none(),
)
def test_spans_that_follow_on_each_other_are_the_whole(
    one: int, two: int, three: int, kept: int | None
) -> None:
    """Cut anywhere, no microsecond is read twice or not at all."""
    start, middle, end = sorted((one, two, three))

    def read(start: int, end: int) -> int:
        return sum(s.end - s.start for s in spans(UsageQuery(start=start, end=end), kept))

    parts = sorted(
        (s.start, s.end) for s in spans(UsageQuery(start=start, end=end), kept) if s.start < s.end
    )
    assert all(before[1] == after[0] for before, after in pairwise(parts))
    assert read(start, end) == read(start, middle) + read(middle, end)


TAGGED = (
    request(1, status="ok", tags='["a","b"]', cost_nanousd=1, user_id="ann", mode="eco"),
    request(2, status="ok", tags='["b"]', cost_nanousd=2, user_id="bob"),
    request(3, status="failed", cost_nanousd=4, first_content_ms=3.0, total_ms=5.0),
    request(4, status="ok", cost_nanousd=8, received_at=NOON_MICROS + 12 * DAY, total_ms=7.0),
)


def tagged(database: Database, *groups: Grouping, **filters: object) -> UsageReport:
    async def work(ledger: SqlLedgerStore) -> UsageReport:
        await ledger.apply(batch(TAGGED))
        spans = {"start": 0, "end": NOON_MICROS * 2, **filters}
        return await ledger.usage(UsageQuery(group_by=groups, **spans))

    return run(database, work)


@pytest.mark.parametrize(
    ("group", "filters", "expected"),
    (
        ("tag", {}, {"": 12, "a": 1, "b": 3}),
        ("tag", {"tag": "a"}, {"a": 1, "b": 1}),
        ("user", {"tag": "b"}, {"ann": 1, "bob": 2}),
        ("user", {}, {"": 12, "ann": 1, "bob": 2}),
        ("mode", {}, {"": 14, "eco": 1}),
        ("month", {}, {"2026-11": 7, "2026-12": 8}),
        ("month", {"user": ""}, {"2026-11": 4, "2026-12": 8}),
    ),
)
def test_finance_tells_requests_apart(
    database: Database, group: Grouping, filters: dict[str, object], expected: dict[str, int]
) -> None:
    """By tags, each of which has the whole of a request that has several; by user, mode, month."""
    found = tagged(database, group, **filters)

    assert expected == {row.group[group]: row.cost_nanousd for row in found.rows}


@pytest.mark.parametrize(("filters", "cost"), (({}, 15), ({"tag": "b"}, 3), ({"mode": "eco"}, 1)))
def test_the_total_has_each_request_once(
    database: Database, filters: dict[str, object], cost: int
) -> None:
    """However many tags it has."""
    assert cost == tagged(database, "tag", "user", **filters).total.cost_nanousd


def test_errors_and_durations_beside_the_sums(database: Database) -> None:
    """How many failed, and the mean of what is known."""
    total = tagged(database).total

    assert (4, 1, 3.0, 6.0) == (
        total.requests, total.errors, total.first_content_ms, total.total_ms,
    )  # fmt: skip


def test_edges_come_from_the_requests_and_the_middle_from_rollups(database: Database) -> None:
    """To the microsecond, over a day and its hours."""
    third = NOON_MICROS + 2 * DAY + 7

    async def work(ledger: SqlLedgerStore) -> tuple[list[int], int]:
        at = (NOON_MICROS - 1, NOON_MICROS, NOON_MICROS + HOUR, NOON_MICROS + DAY, third - 1, third)
        await ledger.apply(
            batch(
                tuple(
                    request(n, status="ok", received_at=when, input=10**n)
                    for n, when in enumerate(at)
                )
            )
        )
        sums = []
        for start, end in ((NOON_MICROS, third), (NOON_MICROS - 1, third + 1), (third, third + 1)):
            report = await ledger.usage(UsageQuery(start=start, end=end))
            by_hour = await ledger.usage(UsageQuery(start=start, end=end, group_by=("hour",)))
            assert report.total == by_hour.total
            sums.append(report.total.usage.input)
        return sums, len(by_hour.rows)

    assert ([11110, 111111, 100000], 1) == run(database, work)
