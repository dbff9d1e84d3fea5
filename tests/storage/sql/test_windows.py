"""Tests of storage/sql/windows.py: which windows are open, and whose requests count in them."""

from collections.abc import Mapping

from tests.storage.rows import batch, request
from tests.storage.sql.holders import Stores, run
from trunkline.canon.limit import Unit
from trunkline.storage.records import OpenWindow
from trunkline.storage.sql.database import Database
from trunkline.storage.sql.ledger import SqlLedgerStore
from trunkline.storage.sql.windows import WindowStore

DAY = OpenWindow("key/k/cost/86400", Unit.COST, 10, 20)
EVER = OpenWindow("key/k/tokens/0", Unit.TOKENS, 10, 0)


def test_windows_are_open_until_they_close(database: Database) -> None:
    """Those that never close are, always; what closed can be dropped."""

    async def work(_: Stores) -> list[object]:
        windows = WindowStore(database)
        await windows.put([DAY, EVER])
        return [
            *[list(await windows.open(now)) for now in (19, 20)],
            *[await windows.drop(before) for before in (19, 20)],
            list(await windows.open(0)),
        ]

    assert [[DAY, EVER], [EVER], 0, 1, [EVER]] == run(database, work)


def test_the_window_that_opened_last_counts(database: Database) -> None:
    """Whichever worker writes last."""
    later = OpenWindow(DAY.counter, DAY.unit, 20, 30)

    async def work(_: Stores) -> list[list[OpenWindow]]:
        windows = WindowStore(database)
        seen = []
        for window in (DAY, later, DAY):
            await windows.put([window])
            seen.append(list(await windows.open(15)))
        return seen

    assert [[DAY], [later], [later]] == run(database, work)


def test_what_was_used_in_them(database: Database) -> None:
    """By counter, as the ledger has it."""

    async def work(stores: Stores) -> Mapping[str, int]:
        row = request(1, key_id="k", status="ok", input=7, cost_nanousd=5, received_at=10)
        await SqlLedgerStore(stores.database).apply(batch((row,)))
        return await WindowStore(database).used([DAY, EVER], 20)

    assert {DAY.counter: 5, EVER.counter: 7} == run(database, work)
