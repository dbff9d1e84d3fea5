"""Tests of ledger/book.py: what the flow says is what the journal holds."""

import asyncio
import errno
from pathlib import Path

import pytest

from tests.ledger.making import FakeClock, FaultyDisk, answer, exchange, fail, try_at
from trunkline.canon.errors import LedgerUnavailable
from trunkline.canon.exchange import Status
from trunkline.canon.usage import Usage
from trunkline.ledger.book import Book
from trunkline.ledger.entries import Asked, Entry, Tried, decode
from trunkline.ledger.frames import scan
from trunkline.ledger.journal import Journal, segment_path
from trunkline.ledger.syncing import GroupSync


@pytest.fixture
def disk() -> FaultyDisk:
    return FaultyDisk()


@pytest.fixture
def journal(tmp_path: Path, disk: FaultyDisk) -> Journal:
    return Journal(tmp_path, disk, syncs=True)


@pytest.fixture
def book(journal: Journal) -> Book:
    return Book(journal, FakeClock(), None)


def entries(folder: Path) -> list[Entry]:
    data = segment_path(folder, 1).read_bytes()
    return [decode(payload) for payload in scan(data, last=True, limit=100).payloads]


def test_every_moment_is_an_entry(tmp_path: Path, book: Book) -> None:
    """A failed attempt and the one that answered: intent, settle, intent, close."""
    one = exchange()
    first = try_at(one)
    book.intent(one, first)
    fail(first)
    book.settle(one, first)
    book.intent(one, try_at(one))
    answer(one)
    one.started -= 0.25
    book.close(one)

    opened, failed, second, closed = entries(tmp_path)

    assert isinstance(opened, Asked)
    assert isinstance(closed, Asked)
    assert isinstance(failed, Tried)
    assert isinstance(second, Tried)
    assert [("", 1), ("failed", 1), ("", 2)] == [
        (tried.status, tried.number) for tried in (opened.tried, failed, second) if tried
    ]
    assert ("ok", 250.0, 2) == (closed.status, closed.total_ms, closed.attempts)
    assert closed.tried is not None
    assert ("ok", 2) == (closed.tried.status, closed.tried.number)


def test_a_close_without_an_attempt_or_status_is_an_entry(tmp_path: Path, book: Book) -> None:
    """It failed before anybody was asked."""
    book.close(exchange())

    (closed,) = entries(tmp_path)

    assert isinstance(closed, Asked)
    assert ("failed", None) == (closed.status, closed.tried)


def test_nothing_is_dispatched_on_a_full_disk(tmp_path: Path, book: Book, disk: FaultyDisk) -> None:
    """The intent is refused, and not written later either."""
    one = exchange()
    disk.room = 0
    with pytest.raises(LedgerUnavailable):
        book.intent(one, try_at(one))
    disk.room = None

    asyncio.run(book.durable())

    assert [] == entries(tmp_path)


def test_what_happened_is_told_when_the_disk_allows(
    tmp_path: Path, book: Book, disk: FaultyDisk
) -> None:
    """The answer is not durable while the disk is full, and is written once it is not."""
    one = exchange()
    book.intent(one, try_at(one))
    answer(one)
    disk.room = 0
    with pytest.raises(LedgerUnavailable):
        book.close(one)
    with pytest.raises(LedgerUnavailable):
        asyncio.run(book.durable())
    disk.room = None

    asyncio.run(book.durable())

    assert ["", "ok"] == [entry.status for entry in entries(tmp_path)]


def test_an_absurd_count_does_not_cost_the_entry(tmp_path: Path, book: Book) -> None:
    """Numbers that no format takes are cut down, and the rest of the entry stands."""
    one = exchange()
    attempt = try_at(one)
    answer(one)
    attempt.usage = Usage(input=10**30, output=50)

    book.close(one)

    (closed,) = entries(tmp_path)
    assert isinstance(closed, Asked)
    assert closed.tried is not None
    assert 50 == closed.tried.usage.output


def test_process_durability_waits_for_nothing(book: Book, disk: FaultyDisk) -> None:
    """The kernel has it already."""
    one = exchange()
    book.intent(one, try_at(one))

    asyncio.run(book.durable())

    assert 0 == disk.syncs


def test_power_durability_waits_for_the_disk(journal: Journal, disk: FaultyDisk) -> None:
    """And says so when the disk fails."""

    async def run() -> int:
        sync = GroupSync(journal, disk)
        book = Book(journal, FakeClock(), sync)
        one = exchange()
        book.intent(one, try_at(one))
        await book.durable()
        syncs = disk.syncs
        disk.sync_error = errno.EIO
        one.status = Status.FAILED
        book.close(one)
        with pytest.raises(LedgerUnavailable):
            await book.durable()
        await sync.aclose()
        return syncs

    assert 1 == asyncio.run(run())
