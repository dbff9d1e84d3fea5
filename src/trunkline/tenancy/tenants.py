"""Tenants and their users: made, listed, limited, disabled and let in again."""

from collections.abc import Sequence
from typing import TypeVar

from msgspec import UNSET, Struct, UnsetType, structs

from trunkline.canon.errors import Conflict, NotFound
from trunkline.kernel.clock import Clock
from trunkline.storage.base import TenantStore
from trunkline.storage.holders import NO_LIMITS, LimitSet, TenantRecord, UserRecord
from trunkline.tenancy.following import KeyringFollower
from trunkline.tenancy.limits import LimitChanges, LimitView, view_of
from trunkline.tenancy.names import check_description, check_tenant, check_user

HolderT = TypeVar("HolderT", TenantRecord, UserRecord)

_MICROS = 1_000_000


class NewHolder(Struct, frozen=True, kw_only=True):
    name: str
    description: str = ""
    limits: LimitSet = NO_LIMITS


class HolderChanges(Struct, frozen=True, kw_only=True):
    """UNSET: stays as it is."""

    description: str | UnsetType = UNSET
    limits: LimitChanges = LimitChanges()
    disabled: bool | UnsetType = UNSET


class TenantView(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    description: str
    limits: LimitView
    created_at: float
    """Unix seconds, as the one below."""
    disabled_at: float | None
    disabled: bool
    object: str = "tenant"


class UserView(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    tenant: str
    description: str
    limits: LimitView
    created_at: float
    disabled_at: float | None
    disabled: bool
    object: str = "user"


class TenantService:
    """
    What is changed is in force at once in this process, within a second in all others.

    Every method raises LedgerUnavailable where the store cannot be used.
    """

    def __init__(
        self, store: TenantStore, clock: Clock, follower: KeyringFollower | None = None
    ) -> None:
        self._store = store
        self._clock = clock
        self._follower = follower

    async def create(self, wanted: NewHolder) -> TenantView:
        """Raises Malformed, and Conflict where there is one."""
        check_tenant(wanted.name, "name")
        check_description(wanted.description)
        record = TenantRecord(**structs.asdict(wanted), created_at=self._now())
        if not await self._store.add(record):
            raise Conflict(f"There is a tenant `{wanted.name}` already.", param="name")
        await self._follow()
        return _tenant_view(record)

    async def get(self, name: str) -> TenantView:
        """Raises NotFound."""
        record = await self._store.get(name)
        if record is None:
            raise _no_tenant(name)
        return _tenant_view(record)

    async def page(self, after: str, most: int) -> Sequence[TenantView]:
        """By name."""
        return [_tenant_view(record) for record in await self._store.page(after, most)]

    async def amend(self, name: str, changes: HolderChanges) -> TenantView:
        """Raises NotFound and Malformed."""
        self._check(changes)
        record = await self._store.amend(name, lambda old: _changed(old, changes, self._now()))
        if record is None:
            raise _no_tenant(name)
        await self._follow()
        return _tenant_view(record)

    async def create_user(self, tenant: str, wanted: NewHolder) -> UserView:
        """Raises NotFound where there is no such tenant, Malformed, and Conflict."""
        await self.get(tenant)
        check_user(wanted.name, "name")
        check_description(wanted.description)
        record = UserRecord(**structs.asdict(wanted), tenant=tenant, created_at=self._now())
        if not await self._store.add_user(record):
            raise Conflict(f"There is a user `{wanted.name}` already.", param="name")
        await self._follow()
        return _user_view(record)

    async def get_user(self, tenant: str, name: str) -> UserView:
        """Raises NotFound."""
        record = await self._store.get_user(tenant, name)
        if record is None:
            raise _no_user(tenant, name)
        return _user_view(record)

    async def page_users(self, tenant: str, after: str, most: int) -> Sequence[UserView]:
        """By name. Raises NotFound where there is no such tenant."""
        await self.get(tenant)
        return [_user_view(r) for r in await self._store.page_users(tenant, after, most)]

    async def amend_user(self, tenant: str, name: str, changes: HolderChanges) -> UserView:
        """Raises NotFound and Malformed."""
        self._check(changes)
        record = await self._store.amend_user(
            tenant, name, lambda old: _changed(old, changes, self._now())
        )
        if record is None:
            raise _no_user(tenant, name)
        await self._follow()
        return _user_view(record)

    def _check(self, changes: HolderChanges) -> None:
        if changes.description is not UNSET:
            check_description(changes.description)

    def _now(self) -> int:
        return int(self._clock.unix() * _MICROS)

    async def _follow(self) -> None:
        if self._follower is not None:
            await self._follower.refresh()

    def __repr__(self) -> str:
        return f"<TenantService over {self._store!r}>"


def _changed(old: HolderT, changes: HolderChanges, now: int) -> HolderT:
    fields: dict[str, object] = {"limits": changes.limits.of(old.limits)}
    if changes.description is not UNSET:
        fields["description"] = changes.description
    if changes.disabled is not UNSET:
        since = now if old.disabled_at is None else old.disabled_at
        fields["disabled_at"] = since if changes.disabled else None
    return structs.replace(old, **fields)


def _tenant_view(record: TenantRecord) -> TenantView:
    return TenantView(
        id=record.name,
        name=record.name,
        description=record.description,
        limits=view_of(record.limits),
        created_at=record.created_at / _MICROS,
        disabled_at=_seconds(record.disabled_at),
        disabled=record.disabled_at is not None,
    )


def _user_view(record: UserRecord) -> UserView:
    return UserView(
        id=record.name,
        name=record.name,
        tenant=record.tenant,
        description=record.description,
        limits=view_of(record.limits),
        created_at=record.created_at / _MICROS,
        disabled_at=_seconds(record.disabled_at),
        disabled=record.disabled_at is not None,
    )


def _seconds(micros: int | None) -> float | None:
    return None if micros is None else micros / _MICROS


def _no_tenant(name: str) -> NotFound:
    return NotFound(
        f"There is no tenant `{name[:100]}`; POST /admin/v1/tenants or `trunkline tenants create`"
        " makes one, and so does whatever is first made for it: a key, a subscription, a webhook,"
        " a credential.",
        param="tenant",
    )


def _no_user(tenant: str, name: str) -> NotFound:
    return NotFound(f"The tenant `{tenant[:100]}` has no user `{name[:100]}`.", param="user")
