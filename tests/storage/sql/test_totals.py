"""Tests of storage/sql/totals.py: what is wrong with the books is counted."""

from tests.storage.rows import attempt, batch, request
from tests.storage.sql.books import run
from trunkline.canon.usage import Usage
from trunkline.storage.records import Totals
from trunkline.storage.sql.database import Database
from trunkline.storage.sql.ledger import SqlLedgerStore


def test_totals_find_books_that_do_not_agree(database: Database) -> None:
    """
    A planted request without attempts, attempt without request, and wrong bill are counted.

    One that was answered in two legs is right.
    """

    async def work(ledger: SqlLedgerStore) -> Totals:
        await ledger.apply(
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
        return await ledger.totals()

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
    ) == run(database, work)
