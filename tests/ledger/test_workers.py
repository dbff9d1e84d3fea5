"""Tests of ledger/workers.py: a living worker's journal is nobody else's, a dead one's is found."""

import subprocess
import sys
from pathlib import Path

import pytest

from trunkline.ledger.journal import segment_path
from trunkline.ledger.workers import JournalFound, enlist, find_dead, look, worker_folders
from trunkline.storage.records import Position

# Enlists, says so, and stays until it is killed.
STAY = """
import sys, pathlib, time
from trunkline.ledger.workers import enlist
folder = enlist(pathlib.Path(sys.argv[1]), "there")
print("enlisted", flush=True)
time.sleep(60)
"""


def test_a_living_worker_is_left_alone(tmp_path: Path) -> None:
    """Its folder is present, and not dead, even to its own process."""
    folder = enlist(tmp_path / "journal", "w1")

    census = find_dead(tmp_path / "journal")

    assert ((), frozenset({"w1"})) == (census.dead, census.present)
    assert 0o700 == folder.path.stat().st_mode & 0o777
    folder.release()


def test_a_released_folder_is_found_once(tmp_path: Path) -> None:
    """Whoever finds it holds it; the next to look finds nothing."""
    enlist(tmp_path, "w1").release()

    first = find_dead(tmp_path)
    second = find_dead(tmp_path)

    assert ["w1"] == [folder.name for folder in first.dead]
    assert () == second.dead
    first.dead[0].remove()
    assert frozenset() == find_dead(tmp_path).present


def test_the_lock_dies_with_its_process(tmp_path: Path) -> None:
    """SIGKILL included: nothing has to be cleaned up for the folder to be found."""
    with subprocess.Popen(
        [sys.executable, "-c", STAY, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    ) as worker:
        assert worker.stdout is not None
        assert "enlisted\n" == worker.stdout.readline()
        alive = find_dead(tmp_path)
        worker.kill()
        worker.wait()
        dead = find_dead(tmp_path)

    assert () == alive.dead
    assert ["there"] == [folder.name for folder in dead.dead]
    dead.dead[0].release()


def test_a_name_is_used_once(tmp_path: Path) -> None:
    """Two workers of one name would share a journal."""
    folder = enlist(tmp_path, "w1")

    with pytest.raises(FileExistsError):
        enlist(tmp_path, "w1")

    folder.release()


def test_a_damaged_segment_is_kept_aside(tmp_path: Path) -> None:
    """Out of the worker's folder, so removing that does not take it, and no worker's folder."""
    folder = enlist(tmp_path, "w1")
    segment = folder.path / "00000003.journal"
    segment.write_bytes(b"?")
    assert [3] == folder.segments()

    folder.put_aside(segment)
    folder.remove()

    assert b"?" == (tmp_path / "damaged" / "w1-00000003.journal").read_bytes()
    assert [] == worker_folders(tmp_path)


def test_no_folder_means_nobody(tmp_path: Path) -> None:
    """The first start of all."""
    census = find_dead(tmp_path / "journal")

    assert ((), frozenset()) == (census.dead, census.present)


def test_looking_takes_nothing_over(tmp_path: Path) -> None:
    """Whose journals there are, who is alive, and how much each has that was not moved."""
    mine = enlist(tmp_path, "w1")
    gone = enlist(tmp_path, "w2")
    for number, size in ((3, 10), (4, 20), (5, 7)):
        segment_path(gone.path, number).write_bytes(b"x" * size)
    gone.release()

    found = look(tmp_path)

    assert (
        JournalFound("w1", alive=True, segments={}),
        JournalFound("w2", alive=False, segments={3: 10, 4: 20, 5: 7}),
    ) == found
    assert [37, 37, 22, 7, 0] == [
        found[1].waiting(moved)
        for moved in (None, Position(2, 9), Position(4, 5), Position(5, 0), Position(5, 7))
    ]
    assert found == look(tmp_path)
    assert ["w2"] == [folder.name for folder in find_dead(tmp_path).dead]
    assert () == look(tmp_path / "none")
    mine.release()
