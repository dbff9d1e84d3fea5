"""Keys as they may be shown."""

from typing import Literal

from msgspec import Struct

from trunkline.storage.holders import KeyRecord
from trunkline.tenancy.limits import LimitView, view_of

KeyStatus = Literal["active", "expired", "revoked"]


class KeyView(Struct, frozen=True, kw_only=True):
    """A key as it may be shown to whoever manages keys."""

    id: str
    prefix: str
    name: str
    tenant: str
    user: str | None
    face: str
    scopes: tuple[str, ...]
    models: tuple[str, ...] | None
    """None: any, as of the three below."""
    providers: tuple[str, ...] | None
    modes: tuple[str, ...] | None
    pipes: tuple[str, ...] | None
    plan: str | None
    limits: LimitView
    tags: tuple[str, ...]
    created_by: str | None
    """The id of the key that made it; None: an admin."""
    counted_as: str
    """The id of the first of the keys that succeeded each other up to this one; its own: it is the first."""
    created_at: float
    """Unix seconds, as the two below."""
    expires_at: float | None
    revoked_at: float | None
    status: KeyStatus
    object: str = "key"


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


def counted_as(record: KeyRecord) -> str:
    """The id that its use is counted under, and that of all its successors."""
    return record.meter or record.id


def status_of(record: KeyRecord, now: float) -> KeyStatus:
    if record.revoked_at is not None:
        return "revoked"
    expired = record.expires_at is not None and record.expires_at <= now
    return "expired" if expired else "active"


def key_view(record: KeyRecord, now: float) -> KeyView:
    return KeyView(
        id=record.id,
        prefix=record.prefix,
        name=record.name,
        tenant=record.tenant,
        user=record.user or None,
        face=record.face,
        scopes=record.scopes,
        models=record.models,
        providers=record.providers,
        modes=record.modes,
        pipes=record.pipes,
        plan=record.plan or None,
        limits=view_of(record.limits),
        tags=record.tags,
        created_by=record.created_by or None,
        counted_as=counted_as(record),
        created_at=record.created_at,
        expires_at=record.expires_at,
        revoked_at=record.revoked_at,
        status=status_of(record, now),
    )
