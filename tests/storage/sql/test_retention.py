"""Tests of storage/sql/retention.py: requests go, sums stay, and reports know what is gone."""

from tests.storage.rows import DAY, HOUR, NOON_MICROS, attempt, batch, request
from tests.storage.sql.books import run
from trunkline.storage.records import RequestQuery, UsageQuery, UsageReport
from trunkline.storage.sql.database import Database
from trunkline.storage.sql.ledger import SqlLedgerStore
from trunkline.storage.sql.retention import drop, take

LONG_AGO = NOON_MICROS - 40 * DAY
COUNT = 20


def old_books() -> tuple[object, ...]:
    """Every other minute a request, for forty minutes; one of them is still open."""
    return tuple(
        request(
            number,
            status="open" if number == 7 else "ok",
            received_at=LONG_AGO + number * HOUR // 30,
            cost_nanousd=0 if number == 7 else 10,
        )
        for number in range(COUNT)
    )


def test_the_sums_outlive_the_requests(database: Database) -> None:
    """Grouped and filtered alike, before and after; the youngest requests are still there."""

    async def work(ledger: SqlLedgerStore) -> tuple[list[UsageReport], list[str], int]:
        await ledger.apply(batch(old_books(), tuple(attempt(n, status="ok") for n in range(COUNT))))
        await ledger.apply(batch((request(99, status="ok"),), (attempt(99, status="ok"),)))
        query = UsageQuery(start=0, end=2 * NOON_MICROS, group_by=("status", "day", "hour"))
        reports = [await ledger.usage(query)]
        while await database.write(lambda session: drop(session, NOON_MICROS - 30 * DAY, 4)):
            reports.append(await ledger.usage(query))
        found = await ledger.find(RequestQuery(start=0, end=2 * NOON_MICROS, most=99))
        return reports, [row.request_id for row in found], (await ledger.totals()).attempts

    reports, left, attempts = run(database, work)
    assert [reports[0]] * 6 == reports
    assert COUNT == reports[0].total.requests
    # What is open has no end that could have been counted.
    assert (["req_99", "req_7"], 2) == (left, attempts)


def test_an_edge_without_requests_is_a_whole_hour(database: Database) -> None:
    """Half an hour of what is gone: all of the hour where it begins a span, none where it ends one."""

    async def work(ledger: SqlLedgerStore) -> list[int]:
        await ledger.apply(batch(old_books()))
        while await ledger.drop(NOON_MICROS - 30 * DAY):
            pass
        middle = LONG_AGO + HOUR // 2
        spans = ((0, middle), (middle, NOON_MICROS), (0, NOON_MICROS))
        return [
            (await ledger.usage(UsageQuery(start=start, end=end))).total.requests
            for start, end in spans
        ]

    assert [0, COUNT - 1, COUNT - 1] == run(database, work)


def test_nothing_goes_before_it_is_added_up(database: Database) -> None:
    """Requests from before there were rollups stay until they are in them."""

    async def work(ledger: SqlLedgerStore) -> tuple[bool, bool]:
        await ledger.apply(batch(old_books()))
        await database.write(
            lambda session: session.run("INSERT INTO ledger_marks VALUES ('backfill', '', 0)")
        )
        before = await ledger.drop(NOON_MICROS)
        while await ledger.backfill():
            pass
        return before, await ledger.drop(NOON_MICROS)

    assert (False, True) == run(database, work)


def test_one_holds_a_lease_at_a_time(database: Database) -> None:
    """Until it is over, or for as long as its holder asks for more; each name for itself."""

    async def work(_: SqlLedgerStore) -> list[bool]:
        asked = (
            ("a", "one", 0, 10), ("a", "two", 9, 20), ("b", "two", 9, 20), ("a", "one", 9, 15),
            ("a", "two", 14, 20), ("a", "two", 15, 25), ("a", "one", 16, 30),
        )  # fmt: skip
        return [await database.write(lambda s, each=each: take(s, *each)) for each in asked]

    assert [True, False, True, True, False, True, False] == run(database, work)
