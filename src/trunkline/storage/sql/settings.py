"""Small named values that programs decide."""

from trunkline.storage.base import SettingStore
from trunkline.storage.sql.database import Database, Session

_PUT = """
INSERT INTO settings (name, value) VALUES (?, ?)
ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""


class SqlSettingStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> bytes | None:
        def work(session: Session) -> bytes | None:
            row = session.one("SELECT value FROM settings WHERE name = ?", (name,))
            if row is None:
                return None
            value = row[0]
            if not isinstance(value, bytes):
                raise TypeError(f"the setting {name} is no bytes")
            return value

        return await self._database.read(work)

    async def put(self, name: str, value: bytes) -> None:
        await self._database.write(lambda session: session.run(_PUT, (name, value)))


def _guard(store: SqlSettingStore) -> SettingStore:
    """Never called: a type error of the implementation shows here, in its own file."""
    return store
