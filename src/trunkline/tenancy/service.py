"""Creating, listing, rotating and revoking keys, for the admin API and the command line."""

import re
from collections.abc import Awaitable, Callable
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
DEFAULT_OVERLAP = 86_400
"""Seconds: a day to bring the new key everywhere."""
LONGEST_OVERLAP = 366 * 86_400
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


class RotatedKey(CreatedKey, frozen=True, kw_only=True):
    replaces: str
    """The old key's id."""
    replaced_expires_at: float
    """Unix seconds: until then both are valid."""

    def __repr__(self) -> str:
        return f"RotatedKey({self.prefix!r}, replaces {self.replaces!r})"


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
        wish = KeyRecord(
            id="",
            tenant=wanted.tenant,
            name=wanted.name,
            prefix="",
            mac=b"",
            scopes=wanted.scopes,
            models=wanted.models,
            created_at=now,
            expires_at=wanted.expires_at,
        )
        record, key = await self._mint(wish, self._store.add)
        return CreatedKey(key=key, **structs.asdict(_view(record, now)))

    async def rotate(self, key_id: str, overlap: float = DEFAULT_OVERLAP) -> RotatedKey:
        """
        A successor that may do what the old key may, and lives as long from now as that one was
        made to; the old one ends after `overlap` seconds, if not sooner.

        Raises NotFound, and Malformed for a key that is no longer valid.
        """
        if not 0 <= overlap <= LONGEST_OVERLAP:
            raise Malformed(
                f"`overlap_seconds` must be between 0 and {LONGEST_OVERLAP}.",
                param="overlap_seconds",
            )
        now = self._clock.unix()
        old = await self._record(key_id)
        status = _view(old, now).status
        if status != "active":
            raise Malformed(f"The key `{key_id}` is {status}; create another.", param="id")
        life = None if old.expires_at is None else old.expires_at - old.created_at
        wish = structs.replace(old, created_at=now, expires_at=None if life is None else now + life)
        record, key = await self._mint(
            wish, lambda record: self._store.succeed(record, key_id, now + overlap)
        )
        ends = (await self._record(key_id)).expires_at
        return RotatedKey(
            key=key,
            replaces=key_id,
            replaced_expires_at=now + overlap if ends is None else ends,
            **structs.asdict(_view(record, now)),
        )

    async def _mint(
        self, wish: KeyRecord, keep: Callable[[KeyRecord], Awaitable[bool]]
    ) -> tuple[KeyRecord, str]:
        """`wish` with an identity of its own, kept and known, and its key."""
        for _ in range(_TRIES):
            minted = mint(self._entropy)
            record = structs.replace(
                wish, id=minted.id, prefix=minted.prefix, mac=self._mac(minted.key.encode())
            )
            if await keep(record):
                await self._follow()
                return record, minted.key
        raise InternalError("no key could be made", detail="the source of entropy repeats itself")

    async def list(self) -> tuple[KeyView, ...]:
        """In the order of creation, revoked and expired ones too."""
        now = self._clock.unix()
        return tuple(_view(record, now) for record in (await self._store.load()).keys)

    async def get(self, key_id: str) -> KeyView:
        """Raises NotFound."""
        return _view(await self._record(key_id), self._clock.unix())

    async def revoke(self, key_id: str) -> KeyView:
        """
        Refused from now on in this process, within a second in all others. Raises NotFound;
        revoking twice is no error.
        """
        if not await self._store.revoke(key_id, self._clock.unix()):
            raise NotFound(f"There is no key `{key_id}`.", param="id")
        await self._follow()
        return await self.get(key_id)

    async def _record(self, key_id: str) -> KeyRecord:
        record = await self._store.get(key_id)
        if record is None:
            raise NotFound(f"There is no key `{key_id}`.", param="id")
        return record

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
