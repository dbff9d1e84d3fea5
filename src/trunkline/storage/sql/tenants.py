"""Tenants and their users."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from trunkline.storage.base import TenantStore
from trunkline.storage.holders import TenantRecord, UserRecord
from trunkline.storage.sql.columns import limits_in, limits_out, quoted
from trunkline.storage.sql.database import Database, Row, Session, SqlValue
from trunkline.storage.sql.versions import Changed, changed, of_tenant, of_user

HolderT = TypeVar("HolderT", TenantRecord, UserRecord)

_ALONE = "holders"


def _select(table: str, kind: type[HolderT]) -> str:
    return f"SELECT {quoted(kind.__struct_fields__)} FROM {table}"  # noqa: S608 - our own names


def _insert(table: str, kind: type[HolderT]) -> str:
    names = kind.__struct_fields__
    return (
        f"INSERT INTO {table} ({quoted(names)})"  # noqa: S608 - our own names
        f" VALUES ({', '.join('?' * len(names))}) ON CONFLICT DO NOTHING"
    )


_TENANTS = _select("tenants", TenantRecord)
_USERS = _select("users", UserRecord)
_ADD_TENANT = _insert("tenants", TenantRecord)
_ADD_USER = _insert("users", UserRecord)
_CHANGE = 'description = ?, "limits" = ?, disabled_at = ?'


class SqlTenantStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, tenant: TenantRecord) -> bool:
        return await self._database.write(
            lambda s: _added(s, add_tenant(s, tenant), of_tenant(tenant.name))
        )

    async def get(self, name: str) -> TenantRecord | None:
        return await self._database.read(lambda session: tenant_of(session, name))

    async def page(self, after: str, most: int) -> Sequence[TenantRecord]:
        sql = f"{_TENANTS} WHERE name > ? ORDER BY name LIMIT ?"
        return await self._database.read(
            lambda session: [tenant_record(row) for row in session.all(sql, (after, most))]
        )

    async def amend(
        self, name: str, change: Callable[[TenantRecord], TenantRecord]
    ) -> TenantRecord | None:
        def work(session: Session) -> TenantRecord | None:
            old = tenant_of(session, name)
            if old is None:
                return None
            new = change(old)
            session.run(f"UPDATE tenants SET {_CHANGE} WHERE name = ?", (*_changes(new), name))  # noqa: S608 - our own words
            changed(session, of_tenant(name))
            return new

        return await self._database.write(work, alone=_ALONE)

    async def add_user(self, user: UserRecord) -> bool:
        def work(session: Session) -> bool:
            add_tenant(session, TenantRecord(name=user.tenant, created_at=user.created_at))
            what = of_tenant(user.tenant), of_user(user.tenant, user.name)
            return _added(session, add_user(session, user), *what)

        return await self._database.write(work)

    async def get_user(self, tenant: str, name: str) -> UserRecord | None:
        return await self._database.read(lambda session: user_of(session, tenant, name))

    async def page_users(self, tenant: str, after: str, most: int) -> Sequence[UserRecord]:
        sql = f"{_USERS} WHERE tenant = ? AND name > ? ORDER BY name LIMIT ?"
        return await self._database.read(
            lambda session: [user_record(row) for row in session.all(sql, (tenant, after, most))]
        )

    async def amend_user(
        self, tenant: str, name: str, change: Callable[[UserRecord], UserRecord]
    ) -> UserRecord | None:
        def work(session: Session) -> UserRecord | None:
            old = user_of(session, tenant, name)
            if old is None:
                return None
            new = change(old)
            sql = f"UPDATE users SET {_CHANGE} WHERE tenant = ? AND name = ?"  # noqa: S608 - our own words
            session.run(sql, (*_changes(new), tenant, name))
            changed(session, of_user(tenant, name))
            return new

        return await self._database.write(work, alone=_ALONE)


def add_tenant(session: Session, tenant: TenantRecord) -> bool:
    """False where there is one of that name; inside any store's write transaction."""
    return bool(session.run(_ADD_TENANT, _values(tenant)))


def make_tenant(session: Session, name: str, at: int) -> None:
    """Where there is none, for whatever is kept of it in the same transaction. `at`: Unix microseconds."""
    _added(session, add_tenant(session, TenantRecord(name=name, created_at=at)), of_tenant(name))


def add_user(session: Session, user: UserRecord) -> bool:
    """As `add_tenant`."""
    return bool(session.run(_ADD_USER, _values(user)))


def all_tenants(session: Session) -> list[TenantRecord]:
    return [tenant_record(row) for row in session.all(_TENANTS)]


def all_users(session: Session) -> list[UserRecord]:
    return [user_record(row) for row in session.all(_USERS)]


def _added(session: Session, added: bool, *what: Changed) -> bool:  # noqa: FBT001 - one step's answer is the next one's question
    if added:
        changed(session, *what)
    return added


def tenant_of(session: Session, name: str) -> TenantRecord | None:
    row = session.one(f"{_TENANTS} WHERE name = ?", (name,))
    return None if row is None else tenant_record(row)


def user_of(session: Session, tenant: str, name: str) -> UserRecord | None:
    row = session.one(f"{_USERS} WHERE tenant = ? AND name = ?", (tenant, name))
    return None if row is None else user_record(row)


def _values(holder: TenantRecord | UserRecord) -> tuple[SqlValue, ...]:
    values = msgspec.structs.asdict(holder)
    values["limits"] = limits_out(holder.limits)
    return tuple(values.values())


def _changes(holder: TenantRecord | UserRecord) -> tuple[SqlValue, ...]:
    return holder.description, limits_out(holder.limits), holder.disabled_at


def tenant_record(row: Row) -> TenantRecord:
    return _record(row, TenantRecord)


def user_record(row: Row) -> UserRecord:
    return _record(row, UserRecord)


def _record(row: Row, kind: type[HolderT]) -> HolderT:
    values: dict[str, object] = dict(zip(kind.__struct_fields__, row, strict=True))
    values["limits"] = limits_in(row[kind.__struct_fields__.index("limits")])
    return msgspec.convert(values, kind)


def _guard(store: SqlTenantStore) -> TenantStore:
    """Never called: a type error of the implementation shows here, in its own file."""
    return store
