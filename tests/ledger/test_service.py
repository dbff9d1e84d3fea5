"""Tests of ledger/service.py: the ledger as a whole, against a model of what it should hold."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger.making import (
    AZURE,
    FakeClock,
    FaultyDisk,
    answer,
    counting_entropy,
    exchange,
    fail,
    try_at,
)
from tests.ledger.memory import MemoryStore
from tests.storage.rows import DAY, NOON_MICROS, batch, request
from trunkline.canon.exchange import Exchange, Status
from trunkline.canon.usage import Usage
from trunkline.kernel.tasks import Tasks
from trunkline.ledger.service import Durability, Home, LedgerService
from trunkline.ledger.workers import find_dead
from trunkline.storage.base import LedgerStore
from trunkline.storage.records import Totals
from trunkline.storage.sqlite.backend import SqliteStorage, open_sqlite


class House:
    """A data folder in which workers start and die."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.storage = open_sqlite(folder, FakeClock())
        self.entropy = counting_entropy()
        self.disk = FaultyDisk()
        self.problems: list[str] = []

    def worker(
        self,
        durability: Durability = Durability.PROCESS,
        store: LedgerStore | None = None,
    ) -> LedgerService:
        return LedgerService(
            Home(self.folder),
            store or self.storage.ledger,
            FakeClock(),
            self.entropy,
            self.disk,
            self.problems.append,
            durability=durability,
        )

    async def kill(self, worker: LedgerService) -> None:
        """What SIGKILL leaves: the files, and no lock."""
        worker._journal.close()
        worker._folder.release()
        await worker._mover.aclose()


def live(folder: Path, work: Callable[[House], Awaitable[None]]) -> None:
    async def run() -> None:
        house = House(folder)
        try:
            await work(house)
        finally:
            await house.storage.aclose()

    asyncio.run(run())


def serve(worker: LedgerService, number: int) -> Exchange:
    """Fail over once, then answer."""
    one = exchange(number)
    first = try_at(one)
    worker.book.intent(one, first)
    fail(first)
    worker.book.settle(one, first)
    worker.book.intent(one, try_at(one, AZURE))
    answer(one)
    worker.book.close(one)
    return one


@pytest.mark.parametrize("durability", Durability)
def test_a_worker_lives_and_ends_in_order(tmp_path: Path, durability: Durability) -> None:
    """What it wrote is in the database when it has closed, and its folder is gone."""

    async def work(house: House) -> None:
        tasks = Tasks(lambda name, error: house.problems.append(f"{name}: {error!r}"))
        worker = house.worker(durability)
        worker.start(tasks)
        for number in range(3):
            serve(worker, number)
        await worker.book.durable()
        # The mover may still be running: closing the ledger stops it.
        await worker.aclose()
        await tasks.aclose()
        totals = await house.storage.ledger.totals()
        assert (3, 6, 0, 3 * 1234) == (
            totals.requests,
            totals.attempts,
            totals.open,
            totals.cost_nanousd,
        )
        assert frozenset() == find_dead(tmp_path / "journal").present
        assert [] == house.problems
        assert (durability is Durability.POWER) == (house.disk.syncs > 0)

    live(tmp_path, work)


def test_a_database_that_is_down_at_the_end_loses_nothing(tmp_path: Path) -> None:
    """The journal stays, and the next worker moves it."""

    async def work(house: House) -> None:
        broken = MemoryStore()
        broken.failing = True
        worker = house.worker(store=broken)
        serve(worker, 1)
        await worker.recover()
        await worker.aclose()
        assert 2 == len(house.problems)

        following = house.worker()
        await following.recover()
        recovered = following.statistics().recovered
        assert recovered is not None
        assert (1, 0) == (recovered.workers, recovered.orphaned)
        assert 1 == (await following.reports.totals()).requests
        await following.aclose()

    live(tmp_path, work)


def test_two_workers_keep_one_set_of_books(tmp_path: Path) -> None:
    """Each moves its own journal; the sums are those of both."""

    async def work(house: House) -> None:
        one, two = house.worker(), house.worker()
        for number in range(50):
            serve((one, two)[number % 2], number)
        await asyncio.gather(one.catch_up(), two.catch_up(), one.recover(), two.recover())
        totals = await one.reports.totals()
        assert (50, 100, 50 * 1234, 0, 0, 0) == (
            totals.requests,
            totals.attempts,
            totals.cost_nanousd,
            totals.open,
            totals.orphaned,
            totals.misbilled,
        )
        await one.aclose()
        await two.aclose()

    live(tmp_path, work)


# --- any history against a model ---------------------------------------------------------------

STEP = st.one_of(
    st.tuples(st.just("intent"), st.integers(0, 3)),
    st.tuples(st.just("settle"), st.integers(0, 3)),
    st.tuples(st.just("close"), st.integers(0, 3)),
    st.tuples(st.sampled_from(("move", "crash", "crash and forget the position")), st.just(0)),
)


def test_of_two_workers_one_leads(tmp_path: Path) -> None:
    """Until its time is over."""

    async def work(house: House) -> None:
        one, two = house.worker(), house.worker()
        asked = ((one, 0), (two, 9), (one, 9), (two, 19), (one, 20))
        leads = [await worker.leads("x", now, now + 10) for worker, now in asked]
        assert [True, False, True, True, False] == leads
        for worker in (one, two):
            await worker.aclose()

    live(tmp_path, work)


class Model:
    """What the ledger should say of each request: its status, cost, and its attempts' statuses."""

    def __init__(self) -> None:
        self.requests: dict[str, tuple[str, int]] = {}
        self.attempts: dict[tuple[str, int], str] = {}
        self.running: dict[int, Exchange] = {}
        self.count = 0

    def exchange(self, slot: int) -> Exchange:
        """The one running in this slot, or a new one."""
        if slot not in self.running:
            self.count += 1
            self.running[slot] = exchange(self.count)
        return self.running[slot]

    def crash(self) -> None:
        self.running.clear()
        for name, (status, cost) in self.requests.items():
            self.requests[name] = ("orphaned" if status == "open" else status, cost)
        for key, status in self.attempts.items():
            self.attempts[key] = "orphaned" if status == "open" else status


def step(model: Model, worker: LedgerService, action: str, slot: int) -> None:
    """One action on both, as far as the flow could take it."""
    one = model.exchange(slot)
    last = one.attempts[-1] if one.attempts else None
    if action == "intent" and (last is None or last.error is not None):
        attempt = try_at(one)
        worker.book.intent(one, attempt)
        model.requests[one.id] = ("open", 0)
        model.attempts[one.id, attempt.number] = "open"
    elif action == "settle" and last is not None and last.error is None:
        fail(last)
        worker.book.settle(one, last)
        model.attempts[one.id, last.number] = "failed"
    elif action == "close":
        if last is not None and last.error is None:
            answer(one, cost=model.count)
            model.attempts[one.id, last.number] = "ok"
        else:
            one.status = Status.FAILED
        assert one.status is not None
        worker.book.close(one)
        model.requests[one.id] = (one.status.value, model.count if one.status is Status.OK else 0)
        del model.running[slot]


async def live_through(house: House, history: list[tuple[str, int]], model: Model) -> None:
    worker = house.worker()
    for action, slot in history:
        if action == "move":
            await worker.catch_up()
        elif action.startswith("crash"):
            name = worker._folder.name
            await house.kill(worker)
            if "forget" in action:
                await house.storage.ledger.forget(name)
            model.crash()
            worker = house.worker()
            await worker.recover()
        else:
            step(model, worker, action, slot)
    await worker.aclose()


async def contents(
    storage: SqliteStorage, model: Model
) -> tuple[dict[str, tuple[str, int]], dict[tuple[str, int], str], Totals]:
    requests = {}
    attempts = {}
    for name in model.requests:
        stored = await storage.ledger.request(name, None)
        assert stored is not None
        requests[name] = (stored.request.status, stored.request.cost_nanousd)
        attempts |= {(name, row.attempt): row.status for row in stored.attempts}
    return requests, attempts, await storage.ledger.totals()


def compare(folder: Path, history: list[tuple[str, int]]) -> None:
    async def work(house: House) -> None:
        model = Model()
        await live_through(house, history, model)
        requests, attempts, totals = await contents(house.storage, model)
        assert (model.requests, model.attempts) == (requests, attempts)
        assert (len(requests), len(attempts)) == (totals.requests, totals.attempts)
        assert sum(cost for _, cost in requests.values()) == totals.cost_nanousd
        assert (0, 0, 0) == (totals.without_attempts, totals.without_request, totals.misbilled)
        assert [] == house.problems

    live(folder, work)


@settings(max_examples=40)
@given(st.lists(STEP, max_size=25))
def test_any_history_leaves_the_books_of_the_model(
    tmp_path_factory: pytest.TempPathFactory, history: list[tuple[str, int]]
) -> None:
    """Whatever is begun, failed, answered, moved and killed, and whenever."""
    compare(tmp_path_factory.mktemp("house"), history)


def test_a_ledger_that_forgets_is_caught(tmp_path: Path) -> None:
    """The planted bug: a close that writes nothing; the model notices."""

    class Forgetful(House):
        def worker(self, *_: object, **__: object) -> LedgerService:
            worker = super().worker()
            write = worker.book
            worker.book = ForgetfulBook(write)
            return worker

    class ForgetfulBook:
        def __init__(self, book: object) -> None:
            self.intent = book.intent
            self.settle = book.settle

        def close(self, _: Exchange) -> None:
            return

    async def run() -> None:
        house = Forgetful(tmp_path)
        try:
            model = Model()
            await live_through(house, [("intent", 0), ("close", 0)], model)
            requests, _, _ = await contents(house.storage, model)
            assert model.requests == requests
        finally:
            await house.storage.aclose()

    with pytest.raises(AssertionError, match="open"):
        asyncio.run(run())


def test_a_database_that_is_down_at_the_start_is_told_of_once(tmp_path: Path) -> None:
    """However often the journals of the dead are tried; and when they are moved."""

    async def work(house: House) -> None:
        store = MemoryStore()
        store.failing = True
        worker = house.worker(store=store)
        for _ in range(3):
            await worker.recover()
        store.failing = False
        await worker.recover()
        await worker.aclose()
        assert [
            "journals of dead workers cannot be moved now: not now",
            "journals of dead workers are moved again after 0.0 s",
        ] == house.problems

    live(tmp_path, work)


def test_usage_is_billed_to_the_token(tmp_path: Path) -> None:
    """Sums over everything served, class by class."""

    async def work(house: House) -> None:
        worker = house.worker()
        for number in range(10):
            serve(worker, number)
        totals = await worker.reports.totals()
        assert Usage(input=1000, cache_read=200, output=500, reasoning=70) == totals.usage
        await worker.aclose()

    live(tmp_path, work)


def test_what_is_old_is_forgotten_while_it_runs(tmp_path: Path) -> None:
    """In the background, from the start on."""

    async def work(house: House) -> None:
        old = request(1, status="ok", received_at=NOON_MICROS - 31 * DAY)
        await house.storage.ledger.apply(batch((old, request(2, status="ok"))))
        tasks = Tasks(lambda name, error: house.problems.append(f"{name}: {error!r}"))
        worker = house.worker()
        worker.start(tasks, keep_days=30)
        for _ in range(2000):
            if (await house.storage.ledger.totals()).requests == 1:
                break
            await asyncio.sleep(0.001)
        await tasks.aclose()
        await worker.aclose()
        assert (1, []) == ((await house.storage.ledger.totals()).requests, house.problems)

    live(tmp_path, work)
