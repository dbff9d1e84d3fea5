"""Keys and settings in SQLite."""

import apsw
import msgspec

from trunkline.storage.base import KeyStore, SettingStore
from trunkline.storage.records import KeyRecord, KeySet
from trunkline.storage.sqlite.connection import SqliteThread, SqlValue, transaction

_COLUMNS = KeyRecord.__struct_fields__
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM keys"  # noqa: S608 - our own field names
_INSERT = (
    f"INSERT INTO keys ({', '.join(_COLUMNS)})"  # noqa: S608 - our own field names
    f" VALUES ({', '.join('?' * len(_COLUMNS))}) ON CONFLICT DO NOTHING"
)
_VERSION = "SELECT value FROM versions WHERE name = 'keys'"
_CHANGED = "UPDATE versions SET value = value + 1 WHERE name = 'keys'"

_names = msgspec.json.Decoder(tuple[str, ...])


class SqliteKeyStore:
    def __init__(self, writer: SqliteThread, reader: SqliteThread) -> None:
        self._writer = writer
        self._reader = reader

    async def load(self) -> KeySet:
        return await self._reader.run(_load)

    async def version(self) -> int:
        return await self._reader.run(lambda connection: int(connection.execute(_VERSION).get))

    async def add(self, key: KeyRecord) -> bool:
        return await self._writer.run(lambda connection: _add(connection, key))

    async def succeed(self, key: KeyRecord, old_id: str, at: float) -> bool:
        return await self._writer.run(lambda connection: _succeed(connection, key, old_id, at))

    async def get(self, key_id: str) -> KeyRecord | None:
        def work(connection: apsw.Connection) -> KeyRecord | None:
            row = connection.execute(f"{_SELECT} WHERE id = ?", (key_id,)).fetchone()
            return None if row is None else _record(row)

        return await self._reader.run(work)

    async def revoke(self, key_id: str, at: float) -> bool:
        return await self._writer.run(lambda connection: _revoke(connection, key_id, at))


class SqliteSettingStore:
    def __init__(self, writer: SqliteThread, reader: SqliteThread) -> None:
        self._writer = writer
        self._reader = reader

    async def get(self, name: str) -> bytes | None:
        def work(connection: apsw.Connection) -> bytes | None:
            row = connection.execute("SELECT value FROM settings WHERE name = ?", (name,))
            value = row.get
            return None if value is None else bytes(value)

        return await self._reader.run(work)

    async def put(self, name: str, value: bytes) -> None:
        def work(connection: apsw.Connection) -> None:
            connection.execute(
                "INSERT INTO settings VALUES (?, ?)"
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (name, value),
            )

        await self._writer.run(work)


def _load(connection: apsw.Connection) -> KeySet:
    # One read transaction: the version must be that of the rows beside it.
    connection.execute("BEGIN")
    try:
        version = int(connection.execute(_VERSION).get)
        keys = tuple(map(_record, connection.execute(f"{_SELECT} ORDER BY created_at, id")))
    finally:
        connection.execute("COMMIT")
    return KeySet(version, keys)


def _add(connection: apsw.Connection, key: KeyRecord) -> bool:
    with transaction(connection):
        return _insert(connection, key)


def _succeed(connection: apsw.Connection, key: KeyRecord, old_id: str, at: float) -> bool:
    with transaction(connection):
        added = _insert(connection, key)
        if added:
            connection.execute(
                "UPDATE keys SET expires_at = min(coalesce(expires_at, ?1), ?1) WHERE id = ?2",
                (at, old_id),
            )
    return added


def _insert(connection: apsw.Connection, key: KeyRecord) -> bool:
    row = msgspec.structs.asdict(key)
    row["scopes"] = _json(key.scopes)
    row["models"] = None if key.models is None else _json(key.models)
    connection.execute(_INSERT, tuple(row.values()))
    if not connection.changes():
        return False
    connection.execute(_CHANGED)
    return True


def _revoke(connection: apsw.Connection, key_id: str, at: float) -> bool:
    with transaction(connection):
        connection.execute(
            "UPDATE keys SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?", (at, key_id)
        )
        if not connection.changes():
            return False
        connection.execute(_CHANGED)
    return True


def _record(row: tuple[SqlValue, ...]) -> KeyRecord:
    values: dict[str, object] = dict(zip(_COLUMNS, row, strict=True))
    values["scopes"] = _names.decode(str(values["scopes"]))
    if values["models"] is not None:
        values["models"] = _names.decode(str(values["models"]))
    return msgspec.convert(values, KeyRecord)


def _json(names: tuple[str, ...]) -> str:
    return msgspec.json.encode(names).decode()


def _guards(keys: SqliteKeyStore, settings: SqliteSettingStore) -> tuple[KeyStore, SettingStore]:
    """Never called: a type error of either implementation shows here, in its own file."""
    return keys, settings
