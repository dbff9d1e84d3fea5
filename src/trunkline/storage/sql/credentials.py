"""Tenants' own credentials and the keys that seal them, as they rest: nothing here can open one."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from trunkline.storage.sql.database import Database, Row, Session, SqlValue, as_int, as_text
from trunkline.storage.sql.tenants import make_tenant

_CREDENTIAL = (
    "id, tenant, provider, label, ending, fingerprint, fallback, key_version, sealed, created_at"
)
_DATA_KEY = "tenant, version, kek, wrapped"
# Over all processes: which key wraps must not change between a look at it and a write under it.
_ALONE = "credentials"
_KEK = "kek"


class DataKey(Struct, frozen=True, kw_only=True):
    """What a tenant's credentials are sealed with, wrapped."""

    tenant: str
    version: int
    kek: str
    """The id of the key that wraps it."""
    wrapped: bytes


class SealedCredential(Struct, frozen=True, kw_only=True):
    id: str
    """ "cred_" and a ULID."""
    tenant: str
    provider: str
    """As the configuration names it."""
    label: str
    ending: str
    """Its last characters; empty where it is too short to show any."""
    fingerprint: str
    fallback: bool
    """Once it rests, those of the platform may be used."""
    key_version: int
    """Of the data key."""
    sealed: bytes
    created_at: int
    """Unix microseconds."""


class CredentialSet(Struct, frozen=True):
    """All of them at one moment."""

    version: int
    kek: str
    """The id of the key that wraps all data keys; empty: there never was one."""
    keys: Sequence[DataKey]
    credentials: Sequence[SealedCredential]
    """In the order they were added."""


Adding = Callable[[str, DataKey | None], tuple[DataKey, SealedCredential]]
"""
Given the id of the key that wraps and the tenant's data key: the data key to use, new where there
was none, and what it seals. Empty: nothing is wrapped as yet.
"""
Rewrapping = Callable[[str, Sequence[DataKey]], tuple[str, Sequence[DataKey]]]
"""Given the id of the key that wraps, and what it wraps: the same with the next."""


class CredentialStore:
    """Every method raises LedgerUnavailable where the database cannot be used now."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def version(self) -> int:
        """Cheap; differs from an earlier answer when any process changed anything here since."""
        return await self._database.read(_version)

    async def load(self) -> CredentialSet:
        return await self._database.read(_load)

    async def add(self, tenant: str, make: Adding) -> None:
        """
        Whatever `make` raises leaves everything as it was. The tenant is made where it is missing.

        Where no credential is left, data keys begin anew.
        """

        def work(session: Session) -> None:
            if session.one("SELECT 1 FROM credentials LIMIT 1") is None:
                session.run("DELETE FROM data_keys")
                _wrap_with(session, "")
            known = _data_key(session, tenant)
            used, credential = make(_wrapping(session), known)
            if known is None:
                _insert(session, "data_keys", _DATA_KEY, _key_row(used))
                _wrap_with(session, used.kek)
            make_tenant(session, tenant, credential.created_at)
            _insert(session, "credentials", _CREDENTIAL, _credential_row(credential))
            _changed(session)

        await self._database.write(work, alone=_ALONE)

    async def list(self, tenant: str | None) -> Sequence[SealedCredential]:
        """In the order they were added; `tenant` None: all tenants'."""
        return await self._database.read(lambda session: _credentials(session, tenant))

    async def delete(self, credential_id: str) -> SealedCredential | None:
        """As it was; None where there is none."""

        def work(session: Session) -> SealedCredential | None:
            row = session.one(
                f"DELETE FROM credentials WHERE id = ? RETURNING {_CREDENTIAL}",  # noqa: S608 - the columns are constants
                (credential_id,),
            )
            if row is None:
                return None
            _changed(session)
            return _credential(row)

        return await self._database.write(work, alone=_ALONE)

    async def rewrap(self, next_: Rewrapping) -> int:
        """
        All data keys wrapped anew; all or none. Returns how many.

        `next_` may touch files: over all processes, it is alone. Whatever it raises leaves the
        database as it was.
        """

        def work(session: Session) -> int:
            kek, keys = next_(_wrapping(session), _data_keys(session))
            for key in keys:
                session.run(
                    "UPDATE data_keys SET kek = ?, wrapped = ? WHERE tenant = ?",
                    (key.kek, key.wrapped, key.tenant),
                )
            _wrap_with(session, kek)
            _changed(session)
            return len(keys)

        return await self._database.write(work, alone=_ALONE)

    async def settle(self, tidy: Callable[[str], None]) -> None:
        """`tidy`, given the id of the key that wraps, while no process can change that."""
        await self._database.write(lambda session: tidy(_wrapping(session)), alone=_ALONE)


def _version(session: Session) -> int:
    row = session.one("SELECT value FROM versions WHERE name = 'credentials'")
    return 0 if row is None else as_int(row[0])


def _changed(session: Session) -> None:
    session.run("UPDATE versions SET value = value + 1 WHERE name = 'credentials'")


def _load(session: Session) -> CredentialSet:
    return CredentialSet(
        _version(session), _wrapping(session), _data_keys(session), _credentials(session, None)
    )


def _wrapping(session: Session) -> str:
    row = session.one("SELECT value FROM settings WHERE name = ?", (_KEK,))
    return "" if row is None else _blob(row[0]).decode()


def _wrap_with(session: Session, kek: str) -> None:
    session.run(
        "INSERT INTO settings (name, value) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (_KEK, kek.encode()),
    )


def _data_keys(session: Session) -> Sequence[DataKey]:
    rows = session.all(f"SELECT {_DATA_KEY} FROM data_keys ORDER BY tenant")  # noqa: S608 - the columns are constants
    return [_key(row) for row in rows]


def _data_key(session: Session, tenant: str) -> DataKey | None:
    row = session.one(f"SELECT {_DATA_KEY} FROM data_keys WHERE tenant = ?", (tenant,))  # noqa: S608 - the columns are constants
    return None if row is None else _key(row)


def _credentials(session: Session, tenant: str | None) -> Sequence[SealedCredential]:
    where, values = ("", ()) if tenant is None else ("WHERE tenant = ?", (tenant,))
    rows = session.all(
        f"SELECT {_CREDENTIAL} FROM credentials {where} ORDER BY id",  # noqa: S608 - the words are constants
        values,
    )
    return [_credential(row) for row in rows]


def _insert(session: Session, table: str, columns: str, values: Sequence[SqlValue]) -> None:
    places = ", ".join("?" * len(values))
    session.run(f"INSERT INTO {table} ({columns}) VALUES ({places})", values)  # noqa: S608 - our own words


def _key_row(key: DataKey) -> Sequence[SqlValue]:
    return (key.tenant, key.version, key.kek, key.wrapped)


def _key(row: Row) -> DataKey:
    tenant, version, kek, wrapped = row
    return DataKey(
        tenant=as_text(tenant), version=as_int(version), kek=as_text(kek), wrapped=_blob(wrapped)
    )


def _credential_row(one: SealedCredential) -> Sequence[SqlValue]:
    return (
        one.id,
        one.tenant,
        one.provider,
        one.label,
        one.ending,
        one.fingerprint,
        int(one.fallback),
        one.key_version,
        one.sealed,
        one.created_at,
    )


def _credential(row: Row) -> SealedCredential:
    texts = [as_text(value) for value in row[:6]]
    fallback, key_version, sealed, created_at = row[6:]
    return SealedCredential(
        id=texts[0],
        tenant=texts[1],
        provider=texts[2],
        label=texts[3],
        ending=texts[4],
        fingerprint=texts[5],
        fallback=bool(as_int(fallback)),
        key_version=as_int(key_version),
        sealed=_blob(sealed),
        created_at=as_int(created_at),
    )


def _blob(value: SqlValue) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(f"the database gave {type(value).__name__} where bytes were asked for")
    return value
