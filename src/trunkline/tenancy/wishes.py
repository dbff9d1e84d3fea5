"""What a key is asked for with, and what of it may be changed later."""

from collections.abc import Sequence

from msgspec import UNSET, Struct, UnsetType, structs

from trunkline.canon.errors import Malformed
from trunkline.storage.holders import NO_LIMITS, KeyRecord, LimitSet
from trunkline.tenancy.keys import FACES, SCOPES
from trunkline.tenancy.limits import LimitChanges
from trunkline.tenancy.names import (
    DEFAULT_TENANT,
    any_of,
    check_list,
    check_name,
    check_tenant,
    check_user,
)
from trunkline.tenancy.plans import Plans, check_plan

MODES = ("eco", "balanced", "quality", "passthrough")


class NewKey(Struct, frozen=True, kw_only=True):
    """A list of ["*"] is any; where None is any, so is that."""

    name: str
    tenant: str | None = None
    """None: its maker's, and DEFAULT_TENANT where no key makes it."""
    scopes: tuple[str, ...] = ()
    """Empty: all that a key can do, but for what must be named (tenancy.keys.NAMED)."""
    models: tuple[str, ...] | None = None
    """None: any."""
    expires_at: float | None = None
    """Unix seconds."""
    user: str = ""
    plan: str = ""
    limits: LimitSet = NO_LIMITS
    providers: tuple[str, ...] | None = None
    modes: tuple[str, ...] | None = None
    pipes: tuple[str, ...] | None = ()
    """Empty: none."""
    tags: tuple[str, ...] = ()
    face: str = FACES[0]


class KeyChanges(Struct, frozen=True, kw_only=True):
    """All of a key that can be changed; UNSET: stays as it is."""

    name: str | UnsetType = UNSET
    scopes: tuple[str, ...] | UnsetType = UNSET
    models: tuple[str, ...] | UnsetType | None = UNSET
    expires_at: float | UnsetType | None = UNSET
    user: str | UnsetType = UNSET
    plan: str | UnsetType = UNSET
    limits: LimitChanges = LimitChanges()
    providers: tuple[str, ...] | UnsetType | None = UNSET
    modes: tuple[str, ...] | UnsetType | None = UNSET
    pipes: tuple[str, ...] | UnsetType | None = UNSET
    tags: tuple[str, ...] | UnsetType = UNSET


def wished(wanted: NewKey, now: float, plans: Plans) -> KeyRecord:
    """The key's record, without an identity as yet. Raises Malformed, naming the field."""
    tenant = DEFAULT_TENANT if wanted.tenant is None else wanted.tenant
    record = KeyRecord(
        id="",
        prefix="",
        mac=b"",
        created_at=now,
        name=wanted.name,
        tenant=tenant,
        scopes=wanted.scopes,
        models=any_of(wanted.models),
        expires_at=wanted.expires_at,
        user=wanted.user,
        plan=wanted.plan,
        limits=wanted.limits,
        providers=any_of(wanted.providers),
        modes=any_of(wanted.modes),
        pipes=any_of(wanted.pipes),
        tags=wanted.tags,
        face=wanted.face,
    )
    check_tenant(tenant)
    _one_of(FACES, (wanted.face,), "face")
    _check(record, now, plans)
    return record


def changed(record: KeyRecord, changes: KeyChanges, now: float, plans: Plans) -> KeyRecord:
    """Raises Malformed, naming the field."""
    fields = {name: v for name, v in structs.asdict(changes).items() if v is not UNSET}
    fields["limits"] = changes.limits.of(record.limits)
    for name in ("models", "providers", "modes", "pipes"):
        if name in fields:
            fields[name] = any_of(fields[name])
    new = structs.replace(record, **fields)
    # What is as it was need not be what could be asked for today: its plan may be gone.
    _check(
        structs.replace(
            new,
            expires_at=fields.get("expires_at"),
            plan=fields.get("plan", ""),
        ),
        now,
        plans,
    )
    return new


def _check(record: KeyRecord, now: float, plans: Plans) -> None:
    check_name(record.name)
    if record.user:
        check_user(record.user)
    if record.plan:
        check_plan(record.plan, plans)
    if record.expires_at is not None and not record.expires_at > now:
        raise Malformed("`expires_at` must be in the future.", param="expires_at")
    _one_of(SCOPES, record.scopes, "scopes")
    _one_of(MODES, record.modes or (), "modes")
    for field in ("scopes", "models", "providers", "modes", "pipes", "tags"):
        check_list(getattr(record, field) or (), field)


def _one_of(known: Sequence[str], names: Sequence[str], param: str) -> None:
    if unknown := set(names).difference(known):
        raise Malformed(
            f"`{param}` has `{min(unknown)}`; there are {', '.join(known)}.", param=param
        )
