"""One SQLite connection in a thread of its own, so that no query ever holds up the event loop."""

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import apsw
from msgspec import Struct

from trunkline.canon.errors import LedgerUnavailable
from trunkline.storage.base import StorageRefused

ResultT = TypeVar("ResultT")

SqlValue = None | int | float | str | bytes
"""What SQLite keeps; apsw names it in its type stubs alone."""

# 3.7.0 to 3.51.2 may corrupt a WAL database that several connections write and checkpoint
# at once (the "WAL-reset bug", sqlite.org/wal.html, seen 2026-11-21). We have several workers.
MINIMUM_VERSION = (3, 51, 3)

_BUSY_TIMEOUT_MS = 5000
# Together as long as the busy timeout.
_WAL_TRIES, _WAL_PAUSE = 500, 0.01
# Rows come in at the end of each index, so that few pages are warm; three connections have one each.
_CACHE_KIB = 4 * 1024


class Options(Struct, frozen=True):
    """Tests weaken these to show that their harness notices; nothing else should."""

    synchronous: str = "FULL"
    """
    In WAL mode NORMAL forgets acknowledged transactions when the power fails; FULL syncs
    the log at every commit (sqlite.org/pragma.html#pragma_synchronous, seen 2026-11-21).
    """
    vfs: str | None = None
    shrinks: bool = False
    """
    Free pages can be given back by `PRAGMA incremental_vacuum`. A file can that is new here.

    To be said before WAL mode, which writes the file's first page (sqlite.org/pragma.html
    #pragma_auto_vacuum, seen 2026-11-21).
    """


def check_version(version: str) -> None:
    """Raises StorageRefused for a SQLite that may corrupt our file."""
    if tuple(int(part) for part in version.split(".")) < MINIMUM_VERSION:
        needed = ".".join(map(str, MINIMUM_VERSION))
        raise StorageRefused(
            f"SQLite {version} can corrupt a database that several workers write (fixed in"
            f" {needed}); install an apsw that bundles SQLite {needed} or later"
        )


def connect(path: Path, options: Options) -> apsw.Connection:
    """A connection with our settings; the file is made, for its owner alone, where missing."""
    _make(path)
    connection = apsw.Connection(str(path), vfs=options.vfs)
    connection.set_busy_timeout(_BUSY_TIMEOUT_MS)
    if options.shrinks:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    _use_wal(connection)
    connection.execute(f"PRAGMA synchronous = {options.synchronous}")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    return connection


def _make(path: Path) -> None:
    """
    Never open one that is there: closing it again would drop every lock that this process has on it,
    and whoever closes it next would think that nobody is left and take the log away
    (sqlite.org/howtocorrupt.html, 2.2, seen 2026-11-22).
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        pass


def _use_wal(connection: apsw.Connection) -> None:
    """
    The first to open a file makes it a WAL database; the others may find it locked meanwhile.

    SQLite then says so at once instead of waiting: who waits for a change of mode could be who
    the change waits for (sqlite.org/c3ref/busy_handler.html, seen 2026-11-21).
    """
    waiting = threading.Event()
    for _ in range(_WAL_TRIES):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except apsw.BusyError:
            waiting.wait(_WAL_PAUSE)
        else:
            return
    connection.execute("PRAGMA journal_mode = WAL")


@contextmanager
def transaction(connection: apsw.Connection) -> Iterator[None]:
    """All or nothing. IMMEDIATE: a lock taken later could fail where waiting does not help."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A full disk or an I/O error may have rolled back already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


class SqliteThread:
    """Runs one piece of work after the other on one connection, in one thread."""

    def __init__(self, name: str, connection: apsw.Connection) -> None:
        self._name = name
        self._connection = connection
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=f"sqlite-{name}")

    async def run(self, work: Callable[[apsw.Connection], ResultT]) -> ResultT:
        """
        Cancelling does not stop work that has begun.

        Raises LedgerUnavailable for whatever SQLite says: locked, full, unreadable.
        """
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, work, self._connection)
        except apsw.Error as error:
            raise LedgerUnavailable(
                "The database cannot be used right now; try again in a moment.",
                detail=f"{self._name}: {type(error).__name__}: {error}",
            ) from error

    async def aclose(self) -> None:
        await self.run(lambda connection: connection.close())
        self._pool.shutdown()

    def __repr__(self) -> str:
        return f"<SqliteThread {self._name}>"
