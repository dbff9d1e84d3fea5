"""Tests of ledger/recovery.py: what dead workers left is found, finished, and cleared away."""

import asyncio
from pathlib import Path

import pytest

from tests.ledger.making import FakeClock, answer, exchange, try_at
from tests.ledger.memory import MemoryStore
from trunkline.canon.errors import LedgerUnavailable
from trunkline.ledger.book import Book
from trunkline.ledger.disk import SystemDisk
from trunkline.ledger.journal import Journal
from trunkline.ledger.reading import read_stretch
from trunkline.ledger.recovery import Node, Recovered, recover
from trunkline.ledger.workers import enlist, find_dead
from trunkline.storage.records import Position


def leave(root: Path, name: str, finished: int = 0, opened: int = 0, *, first: int = 0) -> Position:
    """A dead worker's journal, in several segments if it is long; returns its end."""
    folder = enlist(root, name)
    journal = Journal(folder.path, SystemDisk(), limit=3000)
    book = Book(journal, FakeClock(), None)
    for number in range(first, first + finished + opened):
        one = exchange(number)
        book.intent(one, try_at(one))
        if number < first + finished:
            answer(one)
            book.close(one)
    journal.close()
    folder.release()
    return journal.position


def statuses(store: MemoryStore) -> list[str]:
    return sorted(row.status for row in store.requests.values())


def test_a_dead_workers_journal_is_moved_and_removed(tmp_path: Path) -> None:
    """Finished requests as they ended, open ones as orphaned; folder and position go."""
    leave(tmp_path, "w1", finished=30, opened=2)
    store = MemoryStore()

    recovered = asyncio.run(recover(tmp_path, store, pytest.fail))

    assert Recovered(workers=1, orphaned=2, damaged=0) == recovered
    assert ["ok"] * 30 + ["orphaned"] * 2 == statuses(store)
    assert {} == store.positions
    assert frozenset() == find_dead(tmp_path).present


def test_what_was_moved_before_is_not_read_again(tmp_path: Path) -> None:
    """Recovery starts where the mover stopped."""
    end = leave(tmp_path, "w1", finished=6)
    store = MemoryStore()
    stretch = read_stretch(tmp_path / "w1", Position(1, 0), end, limit=4)
    asyncio.run(store.apply(stretch.batch))
    # Two requests had been moved and then, say, dropped by retention: they stay away.
    store.requests.clear()

    asyncio.run(recover(tmp_path, store, pytest.fail))

    assert [exchange(number).id for number in range(2, 6)] == sorted(store.requests)


def test_moved_segments_that_are_gone_are_not_missed(tmp_path: Path) -> None:
    """The mover had removed the first one; that is not damage, even with the position lost."""
    leave(tmp_path, "w1", finished=30)
    (tmp_path / "w1" / "00000001.journal").unlink()
    store = MemoryStore()

    recovered = asyncio.run(recover(tmp_path, store, pytest.fail))

    assert 0 == recovered.damaged
    assert 0 < len(store.requests) < 30


def test_recovering_twice_changes_nothing(tmp_path: Path) -> None:
    """Killed before the folder was removed, it is all done again, to the same end."""
    leave(tmp_path, "w1", finished=3, opened=1)
    copy = {path.name: path.read_bytes() for path in (tmp_path / "w1").iterdir()}
    store = MemoryStore()
    asyncio.run(recover(tmp_path, store, pytest.fail))
    before = dict(store.requests)
    (tmp_path / "w1").mkdir()
    for name, content in copy.items():
        (tmp_path / "w1" / name).write_bytes(content)

    asyncio.run(recover(tmp_path, store, pytest.fail))

    assert before == store.requests


def test_a_living_workers_journal_is_left_alone(tmp_path: Path) -> None:
    """Its open requests are running."""
    folder = enlist(tmp_path, "alive")
    journal = Journal(folder.path, SystemDisk())
    one = exchange(1)
    Book(journal, FakeClock(), None).intent(one, try_at(one))
    store = MemoryStore()
    stretch = read_stretch(folder.path, Position(1, 0), journal.position, 10)
    asyncio.run(store.apply(stretch.batch))

    recovered = asyncio.run(recover(tmp_path, store, pytest.fail))

    assert Recovered(0, 0, 0) == recovered
    assert ["open"] == statuses(store)
    journal.close()
    folder.release()


def left_by(store: MemoryStore, root: Path, worker: str) -> None:
    """Open rows in the store, whose journal is on another machine."""
    folder = root / f"of-{worker}"
    end = leave(folder, worker, opened=2, first=100 * len(store.requests))
    stretch = read_stretch(folder / worker, Position(1, 0), end, 10)
    asyncio.run(store.apply(stretch.batch))


def test_what_other_nodes_left_open_is_theirs(tmp_path: Path) -> None:
    """They have the journals, or are alive; a folder that is missing here says nothing."""
    store = MemoryStore()
    left_by(store, tmp_path, "here-1")
    left_by(store, tmp_path, "there-1")
    left_by(store, tmp_path, "hereafter-1")
    now = int(FakeClock().unix() * 1_000_000)

    recovered = asyncio.run(recover(tmp_path / "journal", store, pytest.fail, Node("here", now)))

    assert Recovered(workers=0, orphaned=2, damaged=0) == recovered
    assert {"hereafter-1", "there-1"} == asyncio.run(store.open_workers())


def test_a_node_that_has_been_silent_for_a_week_is_not_waited_for(tmp_path: Path) -> None:
    """Its requests have an end, which is that nobody knows it."""
    store = MemoryStore()
    left_by(store, tmp_path, "there-1")
    week = 7 * 86_400_000_000
    now = int(FakeClock().unix() * 1_000_000)
    orphaned = [
        asyncio.run(recover(tmp_path / "journal", store, pytest.fail, Node("here", later))).orphaned
        for later in (now + week - 1_000_000, now + week + 1_000_000)
    ]

    assert [0, 2] == orphaned
    assert ["orphaned"] * 2 == statuses(store)
    # It may come back: what was moved of its journal is not moved again.
    assert asyncio.run(store.position("there-1")) is not None


def test_open_rows_of_a_worker_without_a_folder_are_orphaned(tmp_path: Path) -> None:
    """As after a power cut that took the folder, or a restored database."""
    end = leave(tmp_path, "w1", opened=2)
    store = MemoryStore()
    asyncio.run(store.apply(read_stretch(tmp_path / "w1", Position(1, 0), end, 10).batch))
    find_dead(tmp_path).dead[0].remove()

    recovered = asyncio.run(recover(tmp_path, store, pytest.fail))

    assert Recovered(workers=0, orphaned=2, damaged=0) == recovered


def test_a_torn_end_is_told_and_kept(tmp_path: Path) -> None:
    """The records before it are moved, what cannot be read is put aside."""
    end = leave(tmp_path, "w1", finished=2)
    path = tmp_path / "w1" / f"{end.segment:08d}.journal"
    path.write_bytes(path.read_bytes()[:-5])
    store = MemoryStore()
    problems: list[str] = []

    recovered = asyncio.run(recover(tmp_path, store, problems.append))

    assert Recovered(workers=1, orphaned=1, damaged=1) == recovered
    assert ["ok", "orphaned"] == statuses(store)
    assert 1 == len(problems)
    assert 1 == len(list((tmp_path / "damaged").iterdir()))


def test_a_database_that_fails_leaves_the_rest_for_later(tmp_path: Path) -> None:
    """Nothing is removed, and the folders are free for whoever tries next."""
    leave(tmp_path, "w1", finished=1)
    leave(tmp_path, "w2", finished=1, first=10)
    store = MemoryStore()

    async def broken(batch: object) -> None:
        raise LedgerUnavailable("not now")

    apply = store.apply
    store.apply = broken
    with pytest.raises(LedgerUnavailable):
        asyncio.run(recover(tmp_path, store, pytest.fail))
    store.apply = apply

    assert 2 == asyncio.run(recover(tmp_path, store, pytest.fail)).workers
    assert ["ok", "ok"] == statuses(store)


def test_two_processes_share_the_work(tmp_path: Path) -> None:
    """Each folder is one's or the other's."""
    for number in range(6):
        leave(tmp_path, f"w{number}", finished=2, first=number * 10)
    store = MemoryStore()

    async def both() -> list[Recovered]:
        return await asyncio.gather(
            recover(tmp_path, store, pytest.fail), recover(tmp_path, store, pytest.fail)
        )

    assert 6 == sum(recovered.workers for recovered in asyncio.run(both()))
    assert ["ok"] * 12 == statuses(store)


def test_an_empty_folder_is_cleared_away(tmp_path: Path) -> None:
    """A worker that died before its first record."""
    enlist(tmp_path, "w1").release()

    assert 1 == asyncio.run(recover(tmp_path, MemoryStore(), pytest.fail)).workers
    assert frozenset() == find_dead(tmp_path).present
