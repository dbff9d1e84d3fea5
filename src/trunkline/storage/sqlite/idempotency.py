"""
Requests under an Idempotency-Key on one machine: a file of their own, as stored responses have.

They are large, short-lived and no money: here nothing waits for a disk. A commit is in the kernel
at once and survives any kill; a power cut loses the last moments.
"""

from pathlib import Path
from typing import Final

from trunkline.storage.sql.idempotency import SqlIdempotency
from trunkline.storage.sql.migrations.m008_idempotency import M008
from trunkline.storage.sqlite.connection import Options, SqliteThread, connect
from trunkline.storage.sqlite.database import SqliteDatabase
from trunkline.storage.sqlite.migrations import WORDS

FILE: Final = "idempotency.db"
_OPTIONS: Final = Options(synchronous="NORMAL")


class SqliteIdempotency(SqlIdempotency):
    """With a connection of its own; nearly all that is asked of it is a change, so one is enough."""

    def __init__(self, thread: SqliteThread) -> None:
        super().__init__(SqliteDatabase(thread, thread, thread))
        self._thread = thread

    async def aclose(self) -> None:
        await self._thread.aclose()


def open_idempotency(folder: Path) -> SqliteIdempotency:
    """Raises apsw.Error and OSError."""
    connection = connect(folder / FILE, _OPTIONS)
    connection.execute(M008.sql.format(**WORDS))
    return SqliteIdempotency(SqliteThread("idempotency", connection))
