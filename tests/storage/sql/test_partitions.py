"""Tests of storage/sql/partitions.py: a month of requests is one table, and goes as one."""

from tests.ledger.making import NOON
from tests.storage.rows import DAY, NOON_MICROS, attempt, batch, request
from tests.storage.sql.books import run
from trunkline.kernel.ids import ulid
from trunkline.storage.records import Batch, Totals, UsageQuery
from trunkline.storage.sql.database import Database, Session
from trunkline.storage.sql.ledger import SqlLedgerStore
from trunkline.storage.sql.partitions import drop_months, month, prepare


def some(unix: float, status: str = "ok") -> Batch:
    """A request and its attempt of that moment."""
    name = "req_" + ulid(unix, bytes)
    at = round(unix * 1e6)
    return batch(
        (request(request_id=name, received_at=at, status=status, cost_nanousd=5, attempts=1),),
        (attempt(request_id=name, status=status, cost_nanousd=5),),
    )


def marks(session: Session) -> list[str]:
    rows = session.all("SELECT place FROM ledger_marks WHERE name >= 'month ' AND name < 'month!'")
    return sorted(str(row[0]) for row in rows)


def partitioned(session: Session) -> bool:
    return session.one("SELECT 1 FROM ledger_marks WHERE name = 'partitioned'") is not None


def test_a_month_has_the_ids_of_its_time() -> None:
    """From its first millisecond to the next month's; years end, too."""
    december = month(NOON_MICROS + 20 * DAY)
    ids = ["req_" + ulid(unix, bytes) for unix in (NOON, 1_798_761_599.999, 1_798_761_600.0)]

    assert ("2026_12", 1_798_761_600_000_000) == (december.name, december.ends)
    assert [False, True, False] == [december.first <= one < december.last for one in ids]


def test_old_months_go_as_a_whole(database: Database) -> None:
    """
    Where there are partitions: not one that a request is open in, nor one that is not over.

    What no month was made for goes row by row, as everything does elsewhere.
    """

    async def work(ledger: SqlLedgerStore) -> tuple[list[list[str]], list[int], Totals]:
        seen, counts = [], []

        async def look() -> None:
            seen.append(await database.read(marks))
            report = await ledger.usage(UsageQuery(start=0, end=2 * NOON_MICROS))
            counts.append(report.total.requests)

        # Before anybody made tables.
        await ledger.apply(some(NOON))
        await database.write(lambda session: prepare(session, NOON_MICROS))
        await database.write(lambda session: prepare(session, NOON_MICROS + 31 * DAY))
        running = some(NOON + 61 * 86_400, "open")
        for each in (some(NOON + 31 * 86_400), some(NOON + 60 * 86_400), running):
            await ledger.apply(each)
        await look()
        later = NOON_MICROS + 95 * DAY
        await database.write(lambda session: drop_months(session, later))
        await look()
        await ledger.apply(some(NOON + 61 * 86_400))
        await database.write(lambda session: drop_months(session, later))
        await look()
        while await ledger.drop(later):
            pass
        await look()
        return seen, counts, await ledger.totals()

    seen, counts, totals = run(database, work)
    assert [3, 3, 4, 4] == counts
    assert (0, 0) == (totals.requests, totals.attempts)
    if run(database, lambda _: database.read(partitioned)):
        assert [["2026_12", "2027_01"], ["2027_01"], [], []] == seen
    else:
        assert [[]] * 4 == seen


def test_rows_of_no_month_are_kept_all_the_same(database: Database) -> None:
    """Ids of any form and any time."""

    async def work(ledger: SqlLedgerStore) -> int:
        await database.write(lambda session: prepare(session, NOON_MICROS))
        for each in (some(NOON), some(0.0), batch((request(1), request(2, request_id="odd")))):
            await ledger.apply(each)
        return (await ledger.totals()).requests

    assert 4 == run(database, work)
