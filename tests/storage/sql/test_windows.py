"""Tests of storage/sql/windows.py: which windows are open, and whose requests count in them."""

from msgspec.structs import replace

from tests.storage.sql.holders import KEY, Stores, Tell, run
from trunkline.canon.limit import Unit
from trunkline.storage.sql.database import Database
from trunkline.storage.sql.windows import OpenWindow, WindowStore

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


def test_whose_requests_count_for_a_key(database: Database) -> None:
    """Its own, its successors' and those of the keys that it made; of a stranger, its own."""

    async def work(stores: Stores) -> list[list[str]]:
        await stores.keys.add(replace(KEY, id="a"), Tell())
        await stores.keys.add(replace(KEY, id="b", created_by="a"), Tell())
        await stores.keys.succeed(replace(KEY, id="c", meter="a"), "a", 9.0, Tell())
        windows = WindowStore(database)
        return [list(await windows.counted_under(of)) for of in ("a", "b", "jwt:x:y")]

    assert [["a", "b", "c"], ["b"], ["jwt:x:y"]] == run(database, work)
