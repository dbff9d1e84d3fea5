"""Virtual keys: create, list, look at, change, rotate, revoke. A secret is shown once, when it is made."""

from msgspec import UNSET, Struct, UnsetType
from starlette.responses import Response

from trunkline.admin.base import ControlCall, ControlRoute, Policy, answer
from trunkline.admin.limits import LimitedBody, changed_limits, limits_in
from trunkline.admin.paging import known_only, limit_of, page
from trunkline.admin.times import unix_seconds
from trunkline.canon.errors import Malformed
from trunkline.storage.holders import KeyQuery
from trunkline.tenancy.keys import FACES
from trunkline.tenancy.service import DEFAULT_OVERLAP
from trunkline.tenancy.wishes import KeyChanges, NewKey

_STATUSES = ("active", "expired", "revoked")
_FILTERS = ("tenant", "user", "plan", "tag", "status")
When = str | float
"""RFC 3339 or Unix seconds."""


class CreateKey(LimitedBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a create; see NewKey."""

    name: str
    tenant: str | UnsetType = UNSET
    user: str | None = None
    scopes: tuple[str, ...] = ()
    plan: str | None = None
    models: tuple[str, ...] | None = None
    providers: tuple[str, ...] | None = None
    modes: tuple[str, ...] | None = None
    pipes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    face: str = FACES[0]
    expires_at: When | None = None


class ChangeKey(LimitedBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a change: what it does not name stays; `limits` replaces all limits."""

    name: str | UnsetType = UNSET
    user: str | UnsetType | None = UNSET
    scopes: tuple[str, ...] | UnsetType = UNSET
    plan: str | UnsetType | None = UNSET
    models: tuple[str, ...] | UnsetType | None = UNSET
    providers: tuple[str, ...] | UnsetType | None = UNSET
    modes: tuple[str, ...] | UnsetType | None = UNSET
    pipes: tuple[str, ...] | UnsetType = UNSET
    tags: tuple[str, ...] | UnsetType = UNSET
    expires_at: When | UnsetType | None = UNSET


class RotateKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a rotate; may be empty."""

    overlap_seconds: float = DEFAULT_OVERLAP


def new_key(wanted: CreateKey) -> NewKey:
    """Raises Malformed."""
    expires = None if wanted.expires_at is None else unix_seconds(wanted.expires_at, "expires_at")
    return NewKey(
        name=wanted.name,
        tenant=None if wanted.tenant is UNSET else wanted.tenant,
        user=wanted.user or "",
        scopes=wanted.scopes,
        plan=wanted.plan or "",
        models=wanted.models,
        providers=wanted.providers,
        modes=wanted.modes,
        pipes=wanted.pipes,
        tags=wanted.tags,
        face=wanted.face,
        limits=limits_in(wanted),
        expires_at=expires,
    )


async def create(call: ControlCall) -> Response:
    return answer(await call.plane.key_service.create(new_key(await call.body(CreateKey))), 201)


async def change(call: ControlCall) -> Response:
    """In force everywhere within a second."""
    wanted = await call.body(ChangeKey)
    expires = wanted.expires_at
    changes = KeyChanges(
        name=wanted.name,
        user="" if wanted.user is None else wanted.user,
        scopes=wanted.scopes,
        plan="" if wanted.plan is None else wanted.plan,
        models=wanted.models,
        providers=wanted.providers,
        modes=wanted.modes,
        pipes=wanted.pipes,
        tags=wanted.tags,
        limits=changed_limits(wanted),
        expires_at=unix_seconds(expires, "expires_at")
        if isinstance(expires, str | float)
        else expires,
    )
    return answer(await call.plane.key_service.amend(_key_id(call), changes))


async def rotate(call: ControlCall) -> Response:
    """The successor, shown this once; the old key ends when the overlap does."""
    wanted = await call.body(RotateKey)
    return answer(await call.plane.key_service.rotate(_key_id(call), wanted.overlap_seconds), 201)


async def find(call: ControlCall) -> Response:
    """In the order of creation; ?tenant, user, plan, tag and status filter."""
    known_only(call, *_FILTERS, "limit", "after")
    limit, query = limit_of(call), call.request.query_params
    if query.get("status", "active") not in _STATUSES:
        raise Malformed(f"`status` must be one of {', '.join(_STATUSES)}", param="status")
    wanted = KeyQuery(
        now=call.plane.clock.unix(),
        most=limit + 1,
        after=query.get("after"),
        **{name: query[name] for name in _FILTERS if name in query},
    )
    return answer(page(await call.plane.key_service.find(wanted), limit))


async def one(call: ControlCall) -> Response:
    return answer(await call.plane.key_service.get(_key_id(call)))


async def revoke(call: ControlCall) -> Response:
    """Takes effect everywhere within a second; revoking twice is the same as once."""
    return answer(await call.plane.key_service.revoke(_key_id(call)))


def _key_id(call: ControlCall) -> str:
    return str(call.request.path_params["key_id"])


_ONE = "/admin/v1/keys/{key_id}"
ROUTES = (
    ControlRoute("POST", "/admin/v1/keys", Policy.ADMIN, create, "Create a key; shows it once"),
    ControlRoute("GET", "/admin/v1/keys", Policy.ADMIN, find, "Keys, without their secrets"),
    ControlRoute("GET", _ONE, Policy.ADMIN, one, "One key"),
    ControlRoute("PATCH", _ONE, Policy.ADMIN, change, "Change what a key may do"),
    ControlRoute(
        "POST",
        f"{_ONE}/rotate",
        Policy.ADMIN,
        rotate,
        "Replace a key by a successor; shows that once",
    ),
    ControlRoute("DELETE", _ONE, Policy.ADMIN, revoke, "Revoke a key and those it made"),
)
