"""Tests of ledger/mover.py: all of the journal reaches the database, once, and is then removed."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from tests.ledger.making import FakeClock, FaultyDisk, answer, exchange, try_at
from tests.ledger.memory import MemoryStore
from trunkline.canon.errors import LedgerUnavailable
from trunkline.ledger.book import Book
from trunkline.ledger.journal import Journal
from trunkline.ledger.mover import Mover, Pace, describe
from trunkline.ledger.reading import Damaged
from trunkline.ledger.workers import enlist
from trunkline.storage.records import Batch, Position


class Bench:
    """A worker's book, journal and mover over a store in memory."""

    def __init__(self, root: Path, pace: Pace, segment: int = 1 << 20) -> None:
        self.clock = FakeClock()
        self.disk = FaultyDisk()
        self.store = MemoryStore()
        self.problems: list[str] = []
        self.folder = enlist(root, "w1")
        self.journal = Journal(self.folder.path, self.disk, limit=segment)
        self.book = Book(self.journal, self.clock, None)
        self.mover = Mover(
            self.journal, self.folder, self.store, self.clock, self.problems.append, pace
        )

    def serve(self, *numbers: int) -> None:
        for number in numbers:
            one = exchange(number)
            self.book.intent(one, try_at(one))
            answer(one)
            self.book.close(one)

    def statuses(self) -> list[str]:
        return [row.status for row in self.store.requests.values()]

    async def running(self, until: Callable[[], bool]) -> None:
        """Let the mover run until something holds."""
        task = asyncio.ensure_future(self.mover.run())  # noqa: TID251 - ended three lines below
        async with asyncio.timeout(60):
            while not until():  # noqa: ASYNC110 - nothing tells when a fake has been written to
                await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.wait([task])


QUICK = Pace(interval=0.001, retry=0.001, rotate_after=60.0)


def run(
    root: Path, work: Callable[[Bench], Awaitable[None]], pace: Pace = QUICK, segment: int = 1 << 20
) -> None:
    async def wrapped() -> None:
        bench = Bench(root, pace, segment)
        await work(bench)
        await bench.mover.aclose()
        bench.journal.close()
        bench.folder.release()

    asyncio.run(wrapped())


def test_the_journal_reaches_the_database_by_itself(tmp_path: Path) -> None:
    """Again and again, as it grows."""

    async def work(bench: Bench) -> None:
        bench.serve(1, 2)
        await bench.running(lambda: len(bench.store.requests) == 2)
        bench.serve(3)
        await bench.running(lambda: len(bench.store.requests) == 3)
        assert ["ok"] * 3 == bench.statuses()
        assert [] == bench.problems

    run(tmp_path, work)


def test_catching_up_moves_all_there_is(tmp_path: Path) -> None:
    """Over many batches and segments; whoever asked first and second both see everything."""

    async def work(bench: Bench) -> None:
        bench.serve(*range(40))
        await asyncio.gather(bench.mover.catch_up(), bench.mover.catch_up())
        assert ["ok"] * 40 == bench.statuses()
        assert bench.journal.position == bench.store.positions["w1"]
        assert 0 == bench.mover.statistics().behind

    run(tmp_path, work, msgspec.structs.replace(QUICK, batch=7, slice=3), segment=3000)


def test_moved_segments_are_removed(tmp_path: Path) -> None:
    """Only the one being written stays."""

    async def work(bench: Bench) -> None:
        bench.serve(*range(40))
        assert len(bench.folder.segments()) > 3
        await bench.mover.catch_up()
        assert [bench.journal.position.segment] == bench.folder.segments()

    run(tmp_path, work, segment=3000)


@pytest.mark.parametrize(
    "pace",
    (
        msgspec.structs.replace(QUICK, rotate_bytes=1),
        msgspec.structs.replace(QUICK, rotate_after=0.0),
    ),
    ids=("long", "old"),
)
def test_a_segment_that_is_moved_is_left_when_long_or_old(tmp_path: Path, pace: Pace) -> None:
    """So that a quiet night's journal is empty; an empty segment is not left for another."""

    async def work(bench: Bench) -> None:
        bench.serve(1)
        await bench.running(lambda: [2] == bench.folder.segments())
        await bench.running(lambda: Position(2, 0) == bench.store.positions["w1"])
        assert Position(2, 0) == bench.journal.position

    run(tmp_path, work, pace)


def test_a_database_that_fails_loses_nothing(tmp_path: Path) -> None:
    """The journal keeps everything, the problem is told, and moving resumes."""

    async def work(bench: Bench) -> None:
        bench.store.failing = True
        bench.serve(1, 2)
        await bench.running(lambda: bench.mover.statistics().failures > 2)
        with pytest.raises(LedgerUnavailable):
            await bench.mover.catch_up()
        bench.store.failing = False
        await bench.running(lambda: bool(bench.store.requests))
        assert ["ok", "ok"] == bench.statuses()
        assert "the database is down" in bench.problems[0]
        assert bench.mover.statistics().failures > 2

    run(tmp_path, work)


def test_an_answer_that_gets_lost_doubles_nothing(tmp_path: Path) -> None:
    """The batch was written and the mover not told: it is written again, and nothing changes."""

    async def work(bench: Bench) -> None:
        bench.store.forgets_to_tell = True
        bench.serve(1, 2)
        await bench.running(lambda: bench.store.applied > 2)
        bench.store.forgets_to_tell = False
        before = dict(bench.store.requests)
        await bench.mover.catch_up()
        assert before == bench.store.requests

    run(tmp_path, work)


def test_what_was_held_is_written_without_traffic(tmp_path: Path) -> None:
    """The mover looks after a journal in trouble: no new request has to come by."""

    async def work(bench: Bench) -> None:
        one = exchange(1)
        bench.book.intent(one, try_at(one))
        answer(one)
        bench.disk.room = 0
        with pytest.raises(LedgerUnavailable):
            bench.book.close(one)
        await bench.running(lambda: bool(bench.problems))
        bench.disk.room = None
        await bench.running(lambda: ["ok"] == bench.statuses())

    run(tmp_path, work)


def test_damage_is_told_and_kept(tmp_path: Path) -> None:
    """A record somebody has scratched: the rest is moved, the segment put aside for people."""

    async def work(bench: Bench) -> None:
        bench.serve(1, 2)
        path = bench.folder.path / "00000001.journal"
        data = bytearray(path.read_bytes())
        data[20] ^= 1
        path.write_bytes(data)
        bench.journal.rotate()
        bench.serve(3)
        await bench.mover.catch_up()
        assert ["ok"] * 3 == bench.statuses()
        assert 1 == len(bench.problems)
        assert "segment 1" in bench.problems[0]
        assert data == (tmp_path / "damaged" / "w1-00000001.journal").read_bytes()
        assert bench.mover.statistics().damaged_bytes > 0

    run(tmp_path, work)


def test_a_bug_does_not_stop_the_mover(tmp_path: Path) -> None:
    """It is told, by its type, and the journal keeps what is not moved."""

    async def work(bench: Bench) -> None:
        bench.serve(1)
        apply = bench.store.apply

        async def broken(batch: object) -> None:
            raise ZeroDivisionError("a bug")

        bench.store.apply = broken
        await bench.running(lambda: bench.mover.statistics().failures > 1)
        bench.store.apply = apply
        await bench.running(lambda: ["ok"] == bench.statuses())
        assert "ZeroDivisionError: a bug" in bench.problems[0]

    run(tmp_path, work)


def test_a_stopped_mover_can_still_catch_up(tmp_path: Path) -> None:
    """Its loop ends by itself; what is left is moved by whoever asks."""

    async def work(bench: Bench) -> None:
        bench.mover.stop()
        await bench.mover.run()
        bench.serve(1)
        await bench.mover.catch_up()
        assert ["ok"] == bench.statuses()

    run(tmp_path, work)


def test_what_is_missing_is_told_as_missing() -> None:
    """Nobody can put a segment aside that is not there."""
    assert "segment 3 is missing" in describe(Damaged("w1", 3, 0, 0))
    assert "17 bytes at 5" in describe(Damaged("w1", 3, 5, 17))


def test_how_long_the_database_takes_nothing(tmp_path: Path) -> None:
    """From the first attempt that has not succeeded, also while one waits; not while all is moved."""

    async def work(bench: Bench) -> None:
        bench.serve(1)
        await bench.mover.catch_up()
        bench.clock.now += 60
        assert 0.0 == bench.mover.away
        bench.serve(2)
        bench.store.failing = True
        for _ in range(2):
            with pytest.raises(LedgerUnavailable):
                await bench.mover.catch_up()
            bench.clock.now += 3
        assert 6.0 == bench.mover.statistics().away
        bench.store.failing = False
        await bench.mover.catch_up()
        assert 0.0 == bench.mover.away

    run(tmp_path, work)


def test_an_outage_is_told_when_it_begins_and_when_it_is_over(tmp_path: Path) -> None:
    """Not at each try: how long it was, and how much waited for its end."""

    async def work(bench: Bench) -> None:
        bench.store.failing = True
        bench.serve(1, 2)
        await bench.running(lambda: bench.mover.statistics().failures > 3)
        bench.clock.now += 12.5
        await bench.running(lambda: bench.mover.statistics().failures > 6)
        bench.serve(*range(3, 13))
        bench.store.failing = False
        await bench.running(lambda: len(bench.problems) == 3)
        bench.serve(13)
        await bench.running(lambda: len(bench.statuses()) == 13)
        began = "the journal keeps what the database cannot take: the database is down"
        assert [
            began,
            f"{began} (for 12 s now)",
            "the database takes the journal again after 12.5 s; 24 rows that waited were moved",
        ] == bench.problems

    run(tmp_path, work, msgspec.structs.replace(QUICK, batch=4, slice=2))


def test_an_outage_that_comes_again_while_what_waited_is_moved(tmp_path: Path) -> None:
    """Is the same one, and over when the journal has been moved."""

    async def work(bench: Bench) -> None:
        bench.store.failing = True
        bench.serve(*range(20))
        await bench.running(lambda: bench.mover.statistics().failures > 0)
        bench.store.failing = False
        apply, batches = bench.store.apply, 0

        async def twice(batch: Batch) -> None:
            nonlocal batches
            batches += 1
            if batches == 3:
                raise LedgerUnavailable("down again")
            await apply(batch)

        bench.store.apply = twice
        await bench.running(lambda: len(bench.problems) == 2)
        assert ["ok"] * 20 == bench.statuses()
        assert "takes the journal again" in bench.problems[1]

    run(tmp_path, work, msgspec.structs.replace(QUICK, batch=4, slice=2))
