"""Tests of ledger/reports.py: whoever asks sees all that was written before the question."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.ledger.making import FakeClock, answer, counting_entropy, exchange, try_at
from trunkline.canon.errors import NotFound
from trunkline.kernel.tasks import Tasks
from trunkline.ledger.disk import SystemDisk
from trunkline.ledger.service import Home, LedgerService
from trunkline.storage.records import UsageQuery
from trunkline.storage.sqlite.backend import open_sqlite


def with_workers(folder: Path, count: int, work: Callable[..., Awaitable[None]]) -> None:
    """That many workers on one database, not moving anything by themselves."""

    async def run() -> None:
        storage = open_sqlite(folder, FakeClock())
        entropy = counting_entropy()
        workers = [
            LedgerService(
                Home(folder), storage.ledger, FakeClock(), entropy, SystemDisk(), pytest.fail
            )
            for _ in range(count)
        ]
        await work(*workers)
        for worker in workers:
            await worker.aclose()
        await storage.aclose()

    asyncio.run(run())


def serve(worker: LedgerService, number: int, tenant: str = "default") -> str:
    one = exchange(number, tenant=tenant)
    worker.book.intent(one, try_at(one))
    answer(one)
    worker.book.close(one)
    return one.id


def test_an_answer_can_be_looked_up_at_once(tmp_path: Path) -> None:
    """Though nothing has been moved yet."""

    async def work(worker: LedgerService) -> None:
        view = await worker.reports.request(serve(worker, 1), None)
        assert ("ok", 1234, 1) == (view.status, view.cost_nanousd, len(view.attempts))

    with_workers(tmp_path, 1, work)


def test_a_running_request_is_open(tmp_path: Path) -> None:
    """With the attempt that is on its way."""

    async def work(worker: LedgerService) -> None:
        one = exchange(1)
        worker.book.intent(one, try_at(one))
        view = await worker.reports.request(one.id, None)
        assert ("open", ["open"]) == (view.status, [tried.status for tried in view.attempts])
        one.attempts.clear()
        worker.book.close(one)

    with_workers(tmp_path, 1, work)


def test_another_tenants_request_does_not_exist(tmp_path: Path) -> None:
    """In the very words in which an unknown one does not."""

    async def work(worker: LedgerService) -> None:
        name = serve(worker, 1, "acme")
        assert "acme" == (await worker.reports.request(name, "acme")).tenant
        with pytest.raises(NotFound) as anothers:
            await worker.reports.request(name, "default")
        with pytest.raises(NotFound) as unknown:
            await worker.reports.request("req_unknown", "default")
        assert unknown.value.message == anothers.value.message

    with_workers(tmp_path, 1, work)


def test_another_workers_request_is_waited_for(tmp_path: Path) -> None:
    """It is there as soon as that worker's mover has come round."""

    async def work(asked: LedgerService, other: LedgerService) -> None:
        name = serve(other, 1)
        tasks = Tasks(lambda _, error: pytest.fail(repr(error)))

        async def move_soon() -> None:
            await asyncio.sleep(0.01)
            await other.catch_up()

        tasks.spawn("move", move_soon())
        assert "ok" == (await asked.reports.request(name, None)).status
        await tasks.aclose()

    with_workers(tmp_path, 2, work)


def test_usage_counts_what_was_just_answered(tmp_path: Path) -> None:
    """Rows by tenant, and their total."""

    async def work(worker: LedgerService) -> None:
        for number, tenant in enumerate(("acme", "default", "acme")):
            serve(worker, number, tenant)
        view = await worker.reports.usage(UsageQuery(start=0, end=1 << 60, group_by=("tenant",)))
        assert [("acme", 2, 2468), ("default", 1, 1234)] == [
            (row.tenant, row.requests, row.cost_nanousd) for row in view.rows
        ]
        assert (3, 3702) == (view.total.requests, view.total.cost_nanousd)

    with_workers(tmp_path, 1, work)
