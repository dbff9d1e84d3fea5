"""
One LMDB environment in a folder, shared by the processes of one machine.

Nothing is synced: what the kernel has of the file survives every process, and a power cut takes all
of it. So that nobody ever reads half of what a power cut left, whoever opens the folder first after
a boot begins anew. Others cannot be there then: each holds a lock on the folder for as long as it
lives.

The file is as large as the map, and allocated: a write into a hole of it would kill the process
when the disk is full. Opening and growing are done one process at a time, because LMDB cuts the file
to the size of the map that it is given.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
from pathlib import Path
from typing import TypeAlias, TypeVar

import lmdb

from trunkline.canon.errors import LimitsUnavailable
from trunkline.storage.base import StorageRefused
from trunkline.storage.lmdb.layout import HOLDER, META, VERSION

FIRST_SIZE = 16 << 20
"""Bytes; about 40,000 keys with six limits each."""
# Processes at a time that read; LMDB takes 64 bytes for each.
_READERS = 1024
_WHOLE, _LOST = b"\0", b"\1"

T = TypeVar("T")
A = TypeVar("A")
Transaction: TypeAlias = "lmdb.Transaction[bytes]"
Work = Callable[[Transaction, A], T]
"""Done again from its beginning where the map had to grow: it keeps nothing of a first time."""


class Store:
    """Opened once in a process. Not for threads, and not across a fork."""

    def __init__(self, folder: Path, boot: str, first_size: int = FIRST_SIZE) -> None:
        """`boot`: the machine's, from boot_id(). Raises StorageRefused."""
        self.folder = folder
        self._users = 0
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._alive = os.open(folder / "alive", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                with self._door():
                    self._env = self._open(boot, first_size)
                    flock(self._alive, LOCK_SH)
            except BaseException:
                os.close(self._alive)
                raise
        except (lmdb.Error, OSError) as error:
            raise StorageRefused(f"cannot open the shared counters in {folder}: {error}") from error

    def write(self, work: Work[A, T], argument: A) -> T:
        """One transaction: all of it or, where it raises, nothing. Raises LimitsUnavailable."""
        while True:
            try:
                transaction = self._env.begin(write=True)
                try:
                    done = work(transaction, argument)
                except BaseException:
                    transaction.abort()
                    raise
                transaction.commit()
                return done
            except lmdb.MapFullError:
                self._fit(grow=True)
            except lmdb.MapResizedError:
                self._fit(grow=False)
            except lmdb.Error as error:
                raise _unavailable(error) from error

    def read(self, work: Work[A, T], argument: A) -> T:
        """One moment, seen whole; nobody waits for it. Raises LimitsUnavailable."""
        while True:
            try:
                with self._env.begin() as transaction:
                    return work(transaction, argument)
            except lmdb.MapResizedError:
                self._fit(grow=False)
            except lmdb.Error as error:
                raise _unavailable(error) from error

    @property
    def size(self) -> int:
        """Of the map, in bytes."""
        return self._env.info()["map_size"]

    @property
    def entries(self) -> int:
        return self._env.stat()["entries"]

    def forget_dead_readers(self) -> None:
        """A process that died while it read would keep all later pages from being used again."""
        self._env.reader_check()

    def join(self) -> None:
        self._users += 1

    def leave(self) -> None:
        """The last one closes it."""
        self._users -= 1
        if self._users == 0:
            self.close()

    def close(self) -> None:
        self._env.close()
        os.close(self._alive)

    def _open(self, boot: str, first_size: int) -> lmdb.Environment:
        alone = _try_alone(self._alive)
        try:
            environment = self._environment(first_size)
            layout, found = _writer_of(environment)
            if not alone:
                if layout == VERSION:
                    return environment
                environment.close()
                raise StorageRefused(
                    f"the shared counters in {self.folder} are in use by another version: stop it first"
                )
            if layout == VERSION and boot and found == boot:
                _end_holders(environment)
                return environment
            environment.close()
        except (lmdb.InvalidError, lmdb.VersionMismatchError, lmdb.CorruptedError):
            if not alone:
                raise
        for name in ("data.mdb", "lock.mdb"):
            (self.folder / name).unlink(missing_ok=True)
        environment = self._environment(first_size)
        with environment.begin(write=True) as transaction:
            transaction.put(META, _LOST + b"%d %b" % (VERSION, boot.encode()))
        return environment

    def _environment(self, first_size: int) -> lmdb.Environment:
        environment = lmdb.open(
            str(self.folder),
            map_size=max(first_size, self._file_size()),
            mode=0o600,
            sync=False,
            metasync=False,
            map_async=True,
            writemap=_ALLOCATES,
            max_readers=_READERS,
        )
        self._allocate(environment.info()["map_size"])
        return environment

    def _fit(self, *, grow: bool) -> None:
        """Map all there is of the file; where that is no more than before, and is full, double it."""
        try:
            with self._door():
                size = self._file_size()
                if grow and size <= self.size:
                    # A reader that died may be all that keeps pages from being used again.
                    freed = self._env.reader_check()
                    size = size if freed else 2 * self.size
                    self._allocate(size)
                self._env.set_mapsize(size)
        except (lmdb.Error, OSError) as error:
            raise _unavailable(error) from error

    def _file_size(self) -> int:
        path = self.folder / "data.mdb"
        return path.stat().st_size if path.exists() else 0

    def _allocate(self, size: int) -> None:
        if not _ALLOCATES:
            return
        file = os.open(self.folder / "data.mdb", os.O_RDWR | os.O_CLOEXEC)
        try:
            os.posix_fallocate(file, 0, size)
        finally:
            os.close(file)

    @contextmanager
    def _door(self) -> Iterator[None]:
        """One process at a time; the kernel opens it again when that one dies."""
        door = os.open(self.folder / "door", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            flock(door, LOCK_EX)
            yield
        finally:
            os.close(door)

    def __repr__(self) -> str:
        return f"<Store {self.folder}>"


def is_lost(transaction: Transaction) -> bool:
    """It has begun anew, and nothing was restored yet."""
    return transaction.get(META, _LOST)[:1] == _LOST


def found_again(transaction: Transaction) -> None:
    """What was lost is restored."""
    value = transaction.get(META, _LOST)
    transaction.put(META, _WHOLE + value[1:])


def boot_id(path: Path = Path("/proc/sys/kernel/random/boot_id")) -> str:
    """
    Another one after every start of the machine; empty where the system does not tell.

    Without it whoever opens a folder alone begins anew: that costs a look into the ledger.
    """
    try:
        return path.read_text().strip()
    except OSError:
        return ""


# Where a file cannot be allocated ahead (macOS), pages are written by calls that can fail instead.
_ALLOCATES = hasattr(os, "posix_fallocate")


def _writer_of(environment: lmdb.Environment) -> tuple[int, str]:
    """Its layout, and its boot. The first layout did not say so."""
    with environment.begin() as transaction:
        layout, told, boot = transaction.get(META, b"")[1:].partition(b" ")
    return (int(layout), boot.decode()) if told else (1, layout.decode())


def _end_holders(environment: lmdb.Environment) -> None:
    """Nobody else is there: whoever held anything is gone, however lately it was heard of."""
    with environment.begin(write=True) as transaction:
        cursor = transaction.cursor()
        found = cursor.set_range(HOLDER)
        while found and cursor.key().startswith(HOLDER):
            found = cursor.delete() and bool(cursor.key())


def _try_alone(lock: int) -> bool:
    try:
        flock(lock, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _unavailable(error: Exception) -> LimitsUnavailable:
    return LimitsUnavailable(
        "What was used so far cannot be looked up; try again in a moment.",
        detail=f"shared counters: {error}",
        retry_after=1.0,
    )
