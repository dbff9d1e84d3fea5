"""Logged bodies on one machine: a file of their own, so that they are in nobody's way, and small."""

from pathlib import Path
from typing import Final

from trunkline.storage.sql.bodies import SqlBodyStore
from trunkline.storage.sql.migrations.m011_bodies import M011
from trunkline.storage.sqlite.connection import Options, SqliteThread, connect
from trunkline.storage.sqlite.database import SqliteDatabase
from trunkline.storage.sqlite.migrations import WORDS

FILE: Final = "bodies.db"
# A commit is in the kernel at once and survives any kill; a power cut loses the last moments.
_OPTIONS: Final = Options(synchronous="NORMAL", shrinks=True)
# Pages given back to the file system per sweep: 16 MiB.
_VACUUM: Final = "PRAGMA incremental_vacuum(4096)"


class SqliteBodies(SqlBodyStore):
    """With one connection: there is a writer, and hardly ever somebody who reads."""

    def __init__(self, thread: SqliteThread) -> None:
        super().__init__(SqliteDatabase(thread, thread, thread), _VACUUM)
        self._thread = thread

    async def aclose(self) -> None:
        await self._thread.aclose()


def open_bodies(folder: Path) -> SqliteBodies:
    """Raises apsw.Error and OSError."""
    connection = connect(folder / FILE, _OPTIONS)
    connection.execute(M011.sql.format(**WORDS))
    return SqliteBodies(SqliteThread("bodies", connection))
