"""Workers of several machines add to the same sums at the same time."""

import asyncio

from tests.storage.postgres.making import database_at
from tests.storage.rows import batch, request
from tests.storage.sql.test_rollup import disagreements
from trunkline.storage.records import Position, UsageQuery
from trunkline.storage.sql.ledger import SqlLedgerStore

WORKERS, BATCHES, ROWS = 3, 15, 60


def test_nobody_waits_in_a_circle(postgres):
    """Each batch adds to the same rows in another order; all are added, and none is a deadlock's."""
    url = postgres.fresh()

    async def write(ledger: SqlLedgerStore, worker: int) -> None:
        for number in range(BATCHES):
            first = (worker * BATCHES + number) * ROWS
            numbers = range(first, first + ROWS)
            rows = [
                request(n, status="ok", input=1, key_id=f"key{n * (7 if worker else 1) % 20}")
                for n in (numbers if worker % 2 else reversed(numbers))
            ]
            await ledger.apply(batch(tuple(rows), (), Position(1, number + 1), f"w{worker}"))

    with database_at(url) as one, database_at(url) as two, database_at(url) as three:
        databases = (one, two, three)

        async def main() -> int:
            ledgers = [SqlLedgerStore(database) for database in databases]
            await asyncio.gather(*(write(ledger, n) for n, ledger in enumerate(ledgers)))
            assert [] == await one.read(disagreements)
            return (await ledgers[0].usage(UsageQuery(start=0, end=1 << 60))).total.usage.input

        assert WORKERS * BATCHES * ROWS == asyncio.run(main())
