"""Tests of storage/sql/ledger.py: rows from open to their end, once."""

import pytest

from tests.storage.rows import attempt, batch, request
from tests.storage.sql.books import run
from trunkline.canon.errors import LedgerUnavailable
from trunkline.storage.records import Batch, Position, StoredRequest
from trunkline.storage.sql.database import Database
from trunkline.storage.sql.ledger import SqlLedgerStore

OPEN = batch((request(),), (attempt(),))
OK = request(status="ok", input=10, cost_nanousd=5, total_ms=1.5, attempts=1, estimated=True)
DONE = attempt(status="ok", input=10, cost_nanousd=5, error_status=429)


def after(database: Database, *batches: Batch) -> StoredRequest | None:
    """What the first request looks like once these were applied."""

    async def work(ledger: SqlLedgerStore) -> StoredRequest | None:
        for each in batches:
            await ledger.apply(each)
        return await ledger.request("req_1", None)

    return run(database, work)


@pytest.mark.parametrize(
    "batches",
    (
        (batch((OK,), (DONE,)),),
        (OPEN, batch((OK,), (DONE,))),
        (OPEN, OPEN, batch((OK,)), batch((), (DONE,))),
        (OPEN, batch((OK,), (DONE,)), OPEN),
        (
            batch((OK,), (DONE,)),
            batch((request(status="failed", input=99),), (attempt(status="failed"),)),
        ),
    ),
    ids=("at once", "opened before", "opened twice", "replayed", "closed before"),
)
def test_a_row_goes_from_open_to_its_end_once(
    database: Database, batches: tuple[Batch, ...]
) -> None:
    """However often it is told, a request ends the way it ended first."""
    assert StoredRequest(OK, (DONE,)) == after(database, *batches)


def test_any_number_of_rows_is_written(database: Database) -> None:
    """Whatever remains when rows are written by the dozen is written, too."""
    count = 64 + 2 * 8 + 3

    async def work(ledger: SqlLedgerStore) -> tuple[int, int]:
        await ledger.apply(
            batch(
                tuple(request(number) for number in range(count)),
                tuple(attempt(number, at) for number in range(count) for at in (1, 2)),
            )
        )
        totals = await ledger.totals()
        return totals.requests, totals.attempts

    assert (count, 2 * count) == run(database, work)


def test_attempts_come_in_their_order(database: Database) -> None:
    """The tenth attempt after the ninth."""
    tries = tuple(attempt(at=at) for at in (10, 2, 9, 1))

    stored = after(database, batch((request(),), tries))

    assert stored is not None
    assert [1, 2, 9, 10] == [row.attempt for row in stored.attempts]


def test_a_request_is_its_tenants_alone(database: Database) -> None:
    """Another tenant's request does not exist; asking for any tenant's finds it."""

    async def work(ledger: SqlLedgerStore) -> list[bool]:
        await ledger.apply(batch((request(tenant="acme"),)))
        return [
            await ledger.request("req_1", tenant) is not None
            for tenant in ("acme", "default", "", None)
        ]

    assert [True, False, False, True] == run(database, work)


def test_a_journals_position_only_moves_on(database: Database) -> None:
    """The position is written with the rows, each worker's for itself, and never goes back."""

    async def work(ledger: SqlLedgerStore) -> list[Position | None]:
        found = [await ledger.position("w1")]
        for at in (Position(1, 50), Position(2, 0), Position(1, 99)):
            await ledger.apply(batch(position=at))
            found.append(await ledger.position("w1"))
        found.append(await ledger.position("w2"))
        await ledger.forget("w1")
        found.append(await ledger.position("w1"))
        return found

    expected = [None, Position(1, 50), Position(2, 0), Position(2, 0), None, None]
    assert expected == run(database, work)


def test_a_batch_that_fails_leaves_nothing(database: Database) -> None:
    """Rows and position are one transaction: a row the database refuses takes all back."""

    async def work(ledger: SqlLedgerStore) -> tuple[int, Position | None]:
        with pytest.raises(LedgerUnavailable):
            await ledger.apply(batch((request(1), request(2, model=None))))
        return (await ledger.totals()).requests, await ledger.position("w1")

    assert (0, None) == run(database, work)


def test_only_what_a_dead_worker_left_open_is_orphaned(database: Database) -> None:
    """Its finished rows and everybody else's stay as they are."""

    async def work(ledger: SqlLedgerStore) -> tuple[frozenset[str], int, list[tuple[str, ...]]]:
        await ledger.apply(batch((request(1), request(2, status="ok")), (attempt(1),)))
        await ledger.apply(batch((request(3, worker="w2"),), (), worker="w2"))
        before = await ledger.open_workers()
        count = await ledger.orphan(["w1", "w3"])
        stored = [await ledger.request(f"req_{number}", None) for number in (1, 2, 3)]
        return (
            before,
            count,
            [(row.request.status, *(a.status for a in row.attempts)) for row in stored if row],
        )

    assert (
        frozenset({"w1", "w2"}),
        1,
        [("orphaned", "orphaned"), ("ok",), ("open",)],
    ) == run(database, work)


def test_workers_are_silent_when_all_they_have_open_is_old(database: Database) -> None:
    """What has an end says nothing of them."""

    async def work(ledger: SqlLedgerStore) -> list[frozenset[str]]:
        rows = (
            request(1, received_at=100, worker="old"),
            request(2, received_at=100, worker="busy"),
            request(3, received_at=300, worker="busy"),
            request(4, received_at=300, worker="old", status="ok"),
        )
        await ledger.apply(batch(rows))
        return [await ledger.silent_workers(before) for before in (100, 101, 301)]

    silent = [frozenset[str](), frozenset({"old"}), frozenset({"old", "busy"})]
    assert silent == run(database, work)
