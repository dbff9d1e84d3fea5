"""Tests of storage/sql/presence.py: who is there, since when not, and with what."""

from tests.storage.rows import DAY, NOON_MICROS, attempt, batch, request
from tests.storage.sql.books import run
from trunkline.storage.records import Position, WorkerFound
from trunkline.storage.sql.database import Database
from trunkline.storage.sql.ledger import SqlLedgerStore


def test_workers_are_found_by_what_they_say_and_leave(database: Database) -> None:
    """With open rows or none; whoever never said anything was there when it opened its youngest."""

    async def work(ledger: SqlLedgerStore) -> object:
        await ledger.apply(batch((request(1), request(5)), (attempt(1), attempt(9))))
        await ledger.apply(batch((request(2, status="ok", worker="w2"),), worker="w2"))
        await ledger.apply(batch((), (attempt(3, worker="w3"),), worker="w3"))
        await ledger.seen("w4", NOON_MICROS - 7)
        await ledger.seen("w3", NOON_MICROS + 100)
        await ledger.seen("w3", NOON_MICROS + 50)
        return await ledger.workers()

    assert (
        WorkerFound("w1", NOON_MICROS + 9, 2, 2),
        WorkerFound("w3", NOON_MICROS + 100, 0, 1),
        WorkerFound("w4", NOON_MICROS - 7, 0, 0),
    ) == run(database, work)


def test_who_is_forgotten_is_not_found(database: Database) -> None:
    """Nor how far its journal was read; and whoever was seen a month ago is forgotten by itself."""

    async def work(ledger: SqlLedgerStore) -> object:
        await ledger.apply(batch(position=Position(2, 3)))
        for worker, now in (("w1", 5), ("old", 6), ("w2", 31 * DAY)):
            await ledger.seen(worker, now)
        left = [[found.worker for found in await ledger.workers()]]
        await ledger.forget("w2")
        left.append([found.worker for found in await ledger.workers()])
        await ledger.forget("w1")
        return left, await ledger.position("w1")

    assert ([["w2"], []], None) == run(database, work)


def test_leases_are_given_back(database: Database) -> None:
    """Those of the workers that are named, whatever they are for; of their journals all is known."""

    async def work(ledger: SqlLedgerStore) -> object:
        await ledger.apply(batch(position=Position(2, 3)))
        await ledger.seen("w1", 5)
        await ledger.seen("w2", 5)
        assert await ledger.lease("sweep", "w1", 0, 100)
        assert await ledger.lease("bodies", "w1", 0, 100)
        assert await ledger.lease("other", "w2", 0, 100)
        await ledger.release(["w1", "w9"])
        taken = [await ledger.lease(name, "w3", 1, 2) for name in ("sweep", "bodies", "other")]
        left = [found.worker for found in await ledger.workers()]
        return taken, left, await ledger.position("w1")

    assert ([True, True, False], ["w2"], Position(2, 3)) == run(database, work)
