"""Tests of storage/lmdb/store.py: what survives what, how it grows, and who may begin anew."""

import fcntl
import os
import resource
import subprocess
import sys
from contextlib import contextmanager

import pytest

from trunkline.canon.errors import LimitsUnavailable
from trunkline.storage.base import StorageRefused
from trunkline.storage.lmdb.layout import HOLDER, META
from trunkline.storage.lmdb.store import Store, boot_id, found_again, is_lost

SMALL = 256 << 10


def put(transaction, pair):
    transaction.put(*pair)


def get(transaction, key):
    return transaction.get(key)


def lost(store):
    return store.read(lambda transaction, _: is_lost(transaction), None)


def opened(folder, boot="b1", first_size=SMALL):
    return Store(folder / "state", boot, first_size)


@contextmanager
def another_process(folder):
    """As far as locks can tell, there is one that has the folder open."""
    lock = os.open(folder / "state" / "alive", os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_SH)
    yield
    os.close(lock)


def elsewhere(folder, code):
    """Run in another process, which has `store`; what it printed."""
    head = (
        "import os, signal; from pathlib import Path;"
        " from trunkline.storage.lmdb.store import Store;"
        f" store = Store(Path({str(folder / 'state')!r}), 'b1', {SMALL})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", head + code],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,  # it may be told to die
    )
    return done.stdout


def fill(store, count, start=0):
    for number in range(start, start + count):
        store.write(put, (b"c%08d" % number, b"x" * 64))


def test_it_is_lost_at_the_first_start_and_found_once(tmp_path):
    """And keeps what is put into it, whoever opens it in the same boot."""
    store = opened(tmp_path)
    first = lost(store)
    store.write(put, (b"ca", b"1"))
    store.write(lambda transaction, _: found_again(transaction), None)
    store.close()
    again = opened(tmp_path)

    assert (True, False, b"1") == (first, lost(again), again.read(get, b"ca"))
    again.close()


@pytest.mark.parametrize("boot", ("b2", ""))
def test_after_a_boot_it_begins_anew(tmp_path, boot):
    """What a power cut left is not looked at; nor where one boot cannot be told from another."""
    store = opened(tmp_path)
    store.write(put, (b"ca", b"1"))
    store.write(lambda transaction, _: found_again(transaction), None)
    store.close()
    again = opened(tmp_path, boot)

    assert (True, None) == (lost(again), again.read(get, b"ca"))
    again.close()


def older(folder):
    """What a program left that had a key for each counter, in this boot."""
    store = opened(folder)
    store.write(put, (b"ckey/a/requests/60", b"x" * 32))
    store.write(put, (META, b"\0b1"))
    store.close()


def test_an_older_layout_is_not_read(tmp_path):
    """It begins anew, as after a boot."""
    older(tmp_path)
    again = opened(tmp_path)

    assert (True, None) == (lost(again), again.read(get, b"ckey/a/requests/60"))
    again.close()


def test_beside_another_layout_nobody_starts(tmp_path):
    """Two programs that read each other's counters amiss would be worse than one that waits."""
    older(tmp_path)
    with another_process(tmp_path), pytest.raises(StorageRefused, match="another version"):
        opened(tmp_path)

    opened(tmp_path).close()


def test_nobody_begins_anew_beside_others(tmp_path):
    """Where somebody has it open, there was no boot in between."""
    store = opened(tmp_path, "")
    store.write(put, (b"ca", b"1"))
    store.close()
    with another_process(tmp_path):
        again = opened(tmp_path, "")
        assert b"1" == again.read(get, b"ca")
        again.close()


def test_whoever_is_alone_ends_the_holders_of_before(tmp_path):
    """They cannot be alive; beside others they may be."""
    store = opened(tmp_path)
    for name in (b"a", b"b"):
        store.write(put, (HOLDER + name, b"12345678"))
    store.close()
    with another_process(tmp_path):
        beside = opened(tmp_path)
        assert b"12345678" == beside.read(get, HOLDER + b"a")
        beside.close()
    alone = opened(tmp_path)

    assert [None, None] == [alone.read(get, HOLDER + name) for name in (b"a", b"b")]
    alone.close()


def test_what_is_no_database_is_replaced(tmp_path):
    """By whoever is alone; beside others it is a reason not to start."""
    store = opened(tmp_path)
    store.close()
    data = tmp_path / "state" / "data.mdb"
    data.write_bytes(b"garbage" * 10_000)
    with another_process(tmp_path), pytest.raises(StorageRefused, match="cannot open"):
        opened(tmp_path)
    again = opened(tmp_path)

    assert lost(again)
    again.close()


def test_a_folder_that_cannot_be_is_refused(tmp_path):
    """With the place in the message."""
    (tmp_path / "state").write_text("a file")

    with pytest.raises(StorageRefused, match="state"):
        opened(tmp_path)


def test_it_grows(tmp_path):
    """And nothing of it is a hole that a full disk could make a trap of."""
    store = opened(tmp_path)
    before = store.size
    fill(store, 5000)
    file = (tmp_path / "state" / "data.mdb").stat()

    assert store.size > before
    assert 5001 == store.entries
    assert file.st_size == store.size
    assert file.st_blocks * 512 >= store.size
    store.close()


def test_it_is_as_large_as_another_process_made_it(tmp_path):
    """Opened anew, and while it is open; nobody cuts it short."""
    store = opened(tmp_path)
    told = elsewhere(
        tmp_path,
        "for n in range(5000): store.write(lambda t, n: t.put(b'd%08d' % n, b'x' * 64), n)\n"
        "print(store.size)",
    )
    seen = store.read(get, b"d00004999")
    fill(store, 100)
    size = store.size
    store.close()
    again = opened(tmp_path)

    assert (b"x" * 64, int(told), int(told)) == (seen, size, again.size)
    again.close()


def test_a_full_disk_stops_admission_alone(tmp_path):
    """What is there can be read, and goes on once there is room."""
    store = opened(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (store.size, hard))
    try:
        with pytest.raises(LimitsUnavailable) as refused:
            fill(store, 5000)
        seen = store.read(get, b"c00000000")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    fill(store, 5000)

    assert b"x" * 64 == seen
    assert "shared counters" in refused.value.detail
    assert 5001 == store.entries
    store.close()


def test_a_reader_that_was_killed_holds_nothing_back(tmp_path):
    """Its slot would keep every page that was freed since from being used again."""
    store = opened(tmp_path)
    elsewhere(
        tmp_path, "store.read(lambda t, _: (t.get(b'm'), os.kill(os.getpid(), signal.SIGKILL)), 0)"
    )
    before = store.size
    for number in range(3000):
        store.write(put, (b"ca", b"%d" % number))

    assert before == store.size
    store.forget_dead_readers()
    store.close()


def test_what_raises_changes_nothing(tmp_path):
    """All of a transaction, or none of it."""
    store = opened(tmp_path)

    def half(transaction, _):
        transaction.put(b"ca", b"1")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        store.write(half, None)
    assert None is store.read(get, b"ca")
    store.close()


def test_the_last_to_leave_closes_it(tmp_path):
    """Then, and not before."""
    store = opened(tmp_path)
    store.join()
    store.join()
    store.leave()
    store.write(put, (b"ca", b"1"))
    store.leave()

    with pytest.raises(LimitsUnavailable):
        store.read(get, b"ca")


def test_the_machine_tells_its_boot(tmp_path):
    """Or does not, and then it is no boot's."""
    (tmp_path / "boot_id").write_text("8eebc241\n")

    assert "8eebc241" == boot_id(tmp_path / "boot_id")
    assert not boot_id(tmp_path / "missing")
