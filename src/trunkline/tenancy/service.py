"""Creating, listing and revoking keys, for the admin API and the command line."""

import re
from typing import Literal

from msgspec import Struct, structs

from trunkline.canon.errors import InternalError, Malformed, NotFound
from trunkline.kernel.clock import Clock
from trunkline.kernel.ids import Entropy
from trunkline.storage.base import KeyStore
from trunkline.storage.records import KeyRecord
from trunkline.tenancy.following import KeyringFollower
from trunkline.tenancy.keys import SCOPES, Mac, mint

DEFAULT_TENANT = "default"
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NAME_LIMIT = 200
_LIST_LIMIT = 1000
# Two ids in 62^12 that are the same: once is already a broken source of entropy.
_TRIES = 3


class NewKey(Struct, frozen=True, kw_only=True):
    """What a key is asked for with; decodes the body of POST /admin/v1/keys."""

    name: str
    tenant: str = DEFAULT_TENANT
    scopes: tuple[str, ...] = ()
    """Empty: all that a key can do."""
    models: tuple[str, ...] | None = None
    """None: any."""
    expires_at: float | None = None
    """Unix seconds."""


class KeyView(Struct, frozen=True, kw_only=True):
    """A key as it may be shown to whoever manages keys."""

    id: str
    prefix: str
    name: str
    tenant: str
    scopes: tuple[str, ...]
    models: tuple[str, ...] | None
    created_at: float
    """Unix seconds, as the two below."""
    expires_at: float | None
    revoked_at: float | None
    status: Literal["active", "expired", "revoked"]


class CreatedKey(KeyView, frozen=True, kw_only=True):
    key: str
    """The key itself: shown this once, kept nowhere."""

    def __repr__(self) -> str:
        return f"CreatedKey({self.prefix!r})"


class KeyService:
    """Every method raises LedgerUnavailable where the store cannot be used."""

    def __init__(
        self,
        store: KeyStore,
        mac: Mac,
        clock: Clock,
        entropy: Entropy,
        follower: KeyringFollower | None = None,
    ) -> None:
        """`follower`: of the keyring of this process, if it has one; sees changes at once."""
        self._store = store
        self._mac = mac
        self._clock = clock
        self._entropy = entropy
        self._follower = follower

    async def create(self, wanted: NewKey) -> CreatedKey:
        """Raises Malformed, naming the field."""
        now = self._clock.unix()
        _check(wanted, now)
        for _ in range(_TRIES):
            minted = mint(self._entropy)
            record = KeyRecord(
                id=minted.id,
                tenant=wanted.tenant,
                name=wanted.name,
                prefix=minted.prefix,
                mac=self._mac(minted.key.encode()),
                scopes=wanted.scopes,
                models=wanted.models,
                created_at=now,
                expires_at=wanted.expires_at,
            )
            if await self._store.add(record):
                await self._follow()
                return CreatedKey(key=minted.key, **structs.asdict(_view(record, now)))
        raise InternalError("no key could be made", detail="the source of entropy repeats itself")

    async def list(self) -> tuple[KeyView, ...]:
        """In the order of creation, revoked and expired ones too."""
        now = self._clock.unix()
        return tuple(_view(record, now) for record in (await self._store.load()).keys)

    async def get(self, key_id: str) -> KeyView:
        """Raises NotFound."""
        record = await self._store.get(key_id)
        if record is None:
            raise NotFound(f"There is no key `{key_id}`.", param="id")
        return _view(record, self._clock.unix())

    async def revoke(self, key_id: str) -> KeyView:
        """
        Refused from now on in this process, within a second in all others. Raises NotFound;
        revoking twice is no error.
        """
        if not await self._store.revoke(key_id, self._clock.unix()):
            raise NotFound(f"There is no key `{key_id}`.", param="id")
        await self._follow()
        return await self.get(key_id)

    async def _follow(self) -> None:
        if self._follower is not None:
            await self._follower.refresh()


def _check(wanted: NewKey, now: float) -> None:
    if not wanted.name.strip() or len(wanted.name) > _NAME_LIMIT:
        raise Malformed(f"`name` must have 1 to {_NAME_LIMIT} characters.", param="name")
    if not _TENANT.fullmatch(wanted.tenant):
        raise Malformed(
            "`tenant` must have 1 to 64 letters, digits, dots, dashes or underscores, and begin"
            " with a letter or digit.",
            param="tenant",
        )
    if wanted.expires_at is not None and not wanted.expires_at > now:
        raise Malformed("`expires_at` must be in the future (Unix seconds).", param="expires_at")
    if unknown := set(wanted.scopes).difference(SCOPES):
        raise Malformed(
            f"`scopes` has `{min(unknown)}`; there are {', '.join(SCOPES)}.", param="scopes"
        )
    for field, values in (("scopes", wanted.scopes), ("models", wanted.models or ())):
        if len(values) > _LIST_LIMIT or not all(values):
            raise Malformed(f"`{field}` must have at most {_LIST_LIMIT} names.", param=field)


def _view(record: KeyRecord, now: float) -> KeyView:
    if record.revoked_at is not None:
        status: Literal["active", "expired", "revoked"] = "revoked"
    elif record.expires_at is not None and record.expires_at <= now:
        status = "expired"
    else:
        status = "active"
    return KeyView(
        id=record.id,
        prefix=record.prefix,
        name=record.name,
        tenant=record.tenant,
        scopes=record.scopes,
        models=record.models,
        created_at=record.created_at,
        expires_at=record.expires_at,
        revoked_at=record.revoked_at,
        status=status,
    )
