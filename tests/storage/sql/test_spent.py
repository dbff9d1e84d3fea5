"""Tests of storage/sql/spent.py: what a provider may bill, from attempts while there are any."""

from tests.storage.rows import DAY, NOON_MICROS, attempt, batch, request
from tests.storage.sql.books import run
from trunkline.storage.records import Spent, SpentQuery, UsageColumns
from trunkline.storage.sql.database import Database
from trunkline.storage.sql.ledger import SqlLedgerStore

TODAY = NOON_MICROS // DAY * DAY
AGO = NOON_MICROS - 40 * DAY


def test_every_attempt_is_on_the_bill(database: Database) -> None:
    """Failed ones, too; not those of others, nor of tenants' own credentials, nor what still runs."""

    async def work(ledger: SqlLedgerStore) -> list[Spent]:
        attempts = (
            attempt(1, 1, status="failed", cost_nanousd=1, input=10),
            attempt(1, 2, status="ok", cost_nanousd=2, output=5),
            attempt(2, status="ok", provider="second", cost_nanousd=4),
            attempt(3, status="ok", provider="azure", cost_nanousd=8),
            attempt(4, status="ok", byok=True, cost_nanousd=16),
            attempt(5, cost_nanousd=32),
            attempt(6, status="ok", cost_nanousd=64, started_at=TODAY + DAY),
        )
        await ledger.apply(batch((), attempts))
        return list(await ledger.spent(SpentQuery(TODAY, TODAY + DAY, ("openai", "second"))))

    assert [
        Spent(TODAY, "gpt-4o-mini", 3, UsageColumns(input=10, output=5), 7, attempts=True)
    ] == run(database, work)


def test_what_is_forgotten_comes_from_the_rollups(database: Database) -> None:
    """Of each request what answered it."""

    async def work(ledger: SqlLedgerStore) -> list[Spent]:
        for number, when in ((1, AGO), (2, NOON_MICROS)):
            told = {"status": "ok", "provider": "openai", "cost_nanousd": 5}
            await ledger.apply(
                batch(
                    (request(number, upstream_model="gpt", received_at=when, **told),),
                    (attempt(number, model="gpt", started_at=when, **told),),
                )
            )
        while await ledger.drop(NOON_MICROS - 30 * DAY):
            pass
        return list(await ledger.spent(SpentQuery(AGO // DAY * DAY, TODAY + DAY, ("openai",))))

    assert [
        Spent(AGO // DAY * DAY, "gpt", 1, UsageColumns(), 5, attempts=False),
        Spent(TODAY, "gpt", 1, UsageColumns(), 5, attempts=True),
    ] == run(database, work)
