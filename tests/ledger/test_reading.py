"""Tests of ledger/reading.py: every record between two positions, whatever else is there."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.making import FakeClock, answer, exchange, try_at
from trunkline.ledger.book import Book
from trunkline.ledger.disk import SystemDisk
from trunkline.ledger.frames import MAX_PAYLOAD, frame
from trunkline.ledger.journal import Journal, segment_path
from trunkline.ledger.reading import Damaged, read_stretch
from trunkline.storage.records import Position


def filled(folder: Path, count: int, limit: int = 1 << 20) -> Journal:
    """A journal with that many finished requests, two records each."""
    journal = Journal(folder, SystemDisk(), limit=limit)
    book = Book(journal, FakeClock(), None)
    for number in range(count):
        one = exchange(number)
        book.intent(one, try_at(one))
        answer(one)
        book.close(one)
    journal.close()
    return journal


def read_all(
    folder: Path, end: Position, limit: int = 7
) -> tuple[dict[str, str], tuple[Damaged, ...]]:
    """Statuses by request id, and the damage."""
    found: dict[str, str] = {}
    damage: tuple[Damaged, ...] = ()
    at = Position(1, 0)
    while at < end:
        stretch = read_stretch(folder, at, end, limit)
        assert at < stretch.batch.position <= end
        at = stretch.batch.position
        found |= {row.request_id: row.status for row in stretch.batch.requests}
        damage += stretch.damage
    return found, damage


@pytest.mark.parametrize("limit", (1, 2, 7, 1000))
@pytest.mark.parametrize("segment", (1, 2000, 1 << 20))
def test_nothing_is_lost_between_stretches(tmp_path: Path, limit: int, segment: int) -> None:
    """However long the stretches and the segments are."""
    end = filled(tmp_path, 20, segment).position

    found, damage = read_all(tmp_path, end, limit)

    assert {exchange(number).id: "ok" for number in range(20)} == found
    assert () == damage


def test_a_live_journal_is_read_up_to_its_position(tmp_path: Path) -> None:
    """What is written behind it is for the next time, and half a record is no damage."""
    end = filled(tmp_path, 2).position
    with segment_path(tmp_path, 1).open("ab") as file:
        file.write(b"\xff\xf5\1half")

    found, damage = read_all(tmp_path, end)

    assert (2, ()) == (len(found), damage)


@given(st.data())
def test_a_flipped_bit_or_a_cut_is_reported_and_survived(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """At most the request that was hit is missing or unfinished."""
    folder = tmp_path_factory.mktemp("w")
    filled(folder, 5)
    path = segment_path(folder, 1)
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    if cut := data.draw(st.booleans()):
        del content[at:]
    else:
        content[at] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)

    found, damage = read_all(folder, Position(1, len(content)))

    if not cut:
        assert 1 == len(damage)
        assert sum(status == "ok" for status in found.values()) >= 4
        assert 5 == len(found)
    assert all(part.length > 0 and part.worker == folder.name for part in damage)


def test_damage_longer_than_a_read_is_got_over(tmp_path: Path) -> None:
    """A megabyte of zeros between two records."""
    first = filled(tmp_path, 1).position.offset
    path = segment_path(tmp_path, 1)
    records = path.read_bytes()
    path.write_bytes(records + bytes(3 * MAX_PAYLOAD) + records)
    size = path.stat().st_size

    found, damage = read_all(tmp_path, Position(1, size))

    assert {exchange(0).id: "ok"} == found
    assert (Damaged(tmp_path.name, 1, first, 3 * MAX_PAYLOAD),) == damage


def test_a_missing_segment_is_told(tmp_path: Path) -> None:
    """Somebody has deleted it: the rest is read."""
    end = filled(tmp_path, 20, 2000).position
    segment_path(tmp_path, 2).unlink()

    found, damage = read_all(tmp_path, end)

    assert (Damaged(tmp_path.name, 2, 0, 0),) == damage
    assert 0 < len(found) < 20


def test_a_truncated_segment_is_told(tmp_path: Path) -> None:
    """Shorter than the journal says it is: what is there is read, then told."""
    end = filled(tmp_path, 3).position
    segment_path(tmp_path, 1).write_bytes(b"")

    found, damage = read_all(tmp_path, end)

    assert ({}, (Damaged(tmp_path.name, 1, 0, end.offset),)) == (found, damage)


def test_a_sound_record_of_another_kind_is_told(tmp_path: Path) -> None:
    """Of a version to come; the records around it are read."""
    filled(tmp_path, 1)
    path = segment_path(tmp_path, 1)
    strange = frame(msgspec.msgpack.encode(["z", 1]))
    path.write_bytes(strange + path.read_bytes())

    found, damage = read_all(tmp_path, Position(1, path.stat().st_size))

    assert (1, 1) == (len(found), len(damage))
