"""Tests of ledger/journal.py: a record is there whole or was refused, whatever the disk does."""

import errno
from pathlib import Path

import pytest

from tests.ledger.making import FaultyDisk
from trunkline.canon.errors import LedgerUnavailable
from trunkline.ledger.frames import frame, scan
from trunkline.ledger.journal import Journal, segment_path
from trunkline.storage.records import Position


def records(folder: Path, segment: int = 1) -> list[bytes]:
    """What a segment holds; damage would fail the test."""
    found = scan(segment_path(folder, segment).read_bytes(), last=True, limit=1 << 20)
    assert () == found.damage
    return [bytes(payload) for payload in found.payloads]


def test_a_record_is_in_the_file_at_once(tmp_path: Path) -> None:
    """No buffer of ours that a SIGKILL could take away, and nobody else may read it."""
    journal = Journal(tmp_path, FaultyDisk())

    journal.append(b"a")
    assert [b"a"] == records(tmp_path)
    journal.append(b"b")
    assert [b"a", b"b"] == records(tmp_path)

    size = len(frame(b"a")) * 2
    assert (Position(1, size), size) == (journal.position, journal.written)
    assert 0o600 == segment_path(tmp_path, 1).stat().st_mode & 0o777
    journal.close()


def test_a_full_segment_is_left_for_a_new_one(tmp_path: Path) -> None:
    """Numbers go up by one; the count of all bytes goes on."""
    journal = Journal(tmp_path, FaultyDisk(), limit=2 * len(frame(b"a")))

    for payload in (b"a", b"b", b"c"):
        journal.append(payload)

    assert ([b"a", b"b"], [b"c"]) == (records(tmp_path, 1), records(tmp_path, 2))
    assert Position(2, len(frame(b"c"))) == journal.position
    assert 3 * len(frame(b"a")) == journal.written
    journal.close()


def test_a_full_disk_refuses_and_recovers(tmp_path: Path) -> None:
    """Half a record is cut off, later ones are refused, and once there is room all is well."""
    disk = FaultyDisk()
    journal = Journal(tmp_path, disk)
    journal.append(b"before")
    disk.room = 5

    for _ in range(3):
        with pytest.raises(LedgerUnavailable, match="books"):
            journal.append(b"refused")
        assert [b"before"] == records(tmp_path)
    disk.room = None
    journal.append(b"after")

    assert [b"before", b"after"] == records(tmp_path)
    assert (1, 3) == (journal.position.segment, journal.statistics().failures)
    journal.close()


@pytest.mark.parametrize("code", (errno.EIO, errno.EFBIG))
def test_an_untrustworthy_segment_is_left(tmp_path: Path, code: int) -> None:
    """After an I/O error, or at a limit on the size of a file, writing goes on in a new one."""
    disk = FaultyDisk()
    journal = Journal(tmp_path, disk)
    journal.append(b"before")
    disk.write_error = code
    with pytest.raises(LedgerUnavailable):
        journal.append(b"refused")
    disk.write_error = None

    journal.append(b"after")

    assert ([b"before"], [b"after"]) == (records(tmp_path, 1), records(tmp_path, 2))
    journal.close()


def test_half_a_record_that_cannot_be_cut_off_stays_behind(tmp_path: Path) -> None:
    """Later records go to a new segment, where it cannot hide them."""
    disk = FaultyDisk()
    journal = Journal(tmp_path, disk)
    journal.append(b"before")
    disk.room = 5
    disk.truncate_error = errno.EIO
    with pytest.raises(LedgerUnavailable):
        journal.append(b"refused")
    disk.room = None

    journal.append(b"after")

    assert [b"after"] == records(tmp_path, 2)
    torn = scan(segment_path(tmp_path, 1).read_bytes(), last=True, limit=10)
    assert ([b"before"], 5) == ([bytes(part) for part in torn.payloads], torn.damage[0].length)
    journal.close()


def test_what_has_happened_is_held_and_written_first(tmp_path: Path) -> None:
    """In its order, before anything new; until then whoever asks is told that it is not safe."""
    disk = FaultyDisk()
    journal = Journal(tmp_path, disk)
    disk.room = 0
    for payload in (b"1", b"2"):
        with pytest.raises(LedgerUnavailable):
            journal.append_or_hold(payload)
    with pytest.raises(LedgerUnavailable):
        journal.append(b"an intent: not held")
    assert (True, 2) == (journal.troubled, journal.statistics().held)
    disk.room = len(frame(b"1")) + 3

    with pytest.raises(LedgerUnavailable):
        journal.append_or_hold(b"3")
    assert ([b"1"], 2) == (records(tmp_path), journal.statistics().held)
    disk.room = None
    journal.append(b"4")

    assert [b"1", b"2", b"3", b"4"] == records(tmp_path)
    assert (False, 0) == (journal.troubled, journal.statistics().held)
    journal.close()


def test_memory_for_what_is_held_is_bounded(tmp_path: Path) -> None:
    """What is given up is counted, not silently forgotten."""
    disk = FaultyDisk()
    journal = Journal(tmp_path, disk)
    disk.room = 0

    for _ in range(10_003):
        with pytest.raises(LedgerUnavailable):
            journal.append_or_hold(b"x")

    statistics = journal.statistics()
    assert (10_000, 3) == (statistics.held, statistics.lost)
    disk.room = None
    journal.recover()
    assert 10_000 == len(records(tmp_path))
    journal.close()


def test_without_a_new_segment_the_old_one_goes_on(tmp_path: Path) -> None:
    """No more files, no more inodes: a record that is already written is not refused for it."""
    disk = FaultyDisk()
    journal = Journal(tmp_path, disk, limit=1)
    disk.create_error = errno.EMFILE
    with pytest.raises(LedgerUnavailable):
        Journal(tmp_path, disk)

    # The first record already filled segment 1, and segment 2 could not be made.
    journal.append(b"a")
    journal.append(b"b")

    assert [b"a", b"b"] == records(tmp_path)
    journal.close()


def test_a_closed_journal_takes_nothing(tmp_path: Path) -> None:
    """Where its folder is gone, an entry that comes too late is refused, not lost unseen."""
    folder = tmp_path / "w"
    folder.mkdir()
    journal = Journal(folder, FaultyDisk())
    journal.close()
    segment_path(folder, 1).unlink()
    folder.rmdir()

    with pytest.raises(LedgerUnavailable):
        journal.append(b"late")


def test_whoever_syncs_is_told_what_to_sync(tmp_path: Path) -> None:
    """Every segment written since the last time, and once the name of a new one."""
    journal = Journal(tmp_path, FaultyDisk(), syncs=True, limit=1)
    journal.append(b"a")

    first = journal.unsynced()
    second = journal.unsynced()

    # Segments 1 (full at once, nobody's any more) and 2.
    assert (2, 1, tmp_path) == (len(first.descriptors), len(first.retired), first.folder)
    assert (1, 0, None) == (len(second.descriptors), len(second.retired), second.folder)
    assert first.written == second.written == journal.written
    FaultyDisk().close(first.retired[0])
    journal.close()
