"""Which windows of limits are open, kept beside the ledger so that lost counters can be built anew."""

from collections.abc import Mapping, Sequence

from trunkline.canon.limit import Unit
from trunkline.storage.records import OpenWindow
from trunkline.storage.sql.counted import counted
from trunkline.storage.sql.database import Database, Session, as_int, as_text

_PUT = (
    "INSERT INTO limit_windows (counter, unit, opened, closes) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (counter) DO UPDATE SET unit = excluded.unit, opened = excluded.opened,"
    " closes = excluded.closes WHERE excluded.opened > limit_windows.opened"
)
_OPEN = (
    "SELECT counter, unit, opened, closes FROM limit_windows WHERE closes = 0 OR closes > ?"
    " ORDER BY counter"
)
_DROP = "DELETE FROM limit_windows WHERE closes > 0 AND closes <= ?"


class WindowStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, windows: Sequence[OpenWindow]) -> None:
        """Of one counter the window that opened last counts. Raises LedgerUnavailable."""

        def work(session: Session) -> None:
            for window in windows:
                session.run(_PUT, (window.counter, window.unit.value, window.opened, window.closes))

        await self._database.write(work)

    async def open(self, now: int) -> Sequence[OpenWindow]:
        """`now`: Unix microseconds. Raises LedgerUnavailable."""
        rows = await self._database.report(lambda session: session.all(_OPEN, (now,)))
        return [
            OpenWindow(as_text(counter), Unit(as_text(unit)), as_int(opened), as_int(closes))
            for counter, unit, opened, closes in rows
        ]

    async def used(self, windows: Sequence[OpenWindow], now: int) -> Mapping[str, int]:
        """
        By counter, what the ledger has of each window up to now (Unix microseconds), in its unit.

        All at one moment. Raises LedgerUnavailable.
        """
        return await self._database.report(lambda session: counted(session, windows, now))

    async def drop(self, before: int) -> int:
        """Those that closed by then (Unix microseconds). Raises LedgerUnavailable."""
        return await self._database.write(lambda session: session.run(_DROP, (before,)))
