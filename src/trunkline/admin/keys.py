"""Virtual keys: create, list, look at, rotate, revoke. A secret is shown once, when it is made."""

from msgspec import Struct
from starlette.responses import Response

from trunkline.admin.base import ControlCall, ControlRoute, Policy, answer
from trunkline.admin.times import unix_seconds
from trunkline.tenancy.service import DEFAULT_OVERLAP, DEFAULT_TENANT, NewKey


class CreateKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a create; see NewKey."""

    name: str
    tenant: str = DEFAULT_TENANT
    scopes: tuple[str, ...] = ()
    models: tuple[str, ...] | None = None
    expires_at: str | float | None = None
    """RFC 3339 or Unix seconds."""


class RotateKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a rotate; may be empty."""

    overlap_seconds: float = DEFAULT_OVERLAP


async def create(call: ControlCall) -> Response:
    wanted = await call.body(CreateKey)
    expires = None if wanted.expires_at is None else unix_seconds(wanted.expires_at, "expires_at")
    new = NewKey(
        name=wanted.name,
        tenant=wanted.tenant,
        scopes=wanted.scopes,
        models=wanted.models,
        expires_at=expires,
    )
    return answer(await call.plane.key_service.create(new), 201)


async def rotate(call: ControlCall) -> Response:
    """The successor, shown this once; the old key ends when the overlap does."""
    wanted = await call.body(RotateKey)
    key_id = call.request.path_params["key_id"]
    return answer(await call.plane.key_service.rotate(key_id, wanted.overlap_seconds), 201)


async def list_all(call: ControlCall) -> Response:
    return answer({"object": "list", "data": await call.plane.key_service.list()})


async def one(call: ControlCall) -> Response:
    return answer(await call.plane.key_service.get(call.request.path_params["key_id"]))


async def revoke(call: ControlCall) -> Response:
    """Takes effect everywhere within a second; revoking twice is the same as once."""
    return answer(await call.plane.key_service.revoke(call.request.path_params["key_id"]))


ROUTES = (
    ControlRoute("POST", "/admin/v1/keys", Policy.ADMIN, create, "Create a key; shows it once"),
    ControlRoute("GET", "/admin/v1/keys", Policy.ADMIN, list_all, "Every key, without its secret"),
    ControlRoute("GET", "/admin/v1/keys/{key_id}", Policy.ADMIN, one, "One key"),
    ControlRoute(
        "POST",
        "/admin/v1/keys/{key_id}/rotate",
        Policy.ADMIN,
        rotate,
        "Replace a key by a successor; shows that once",
    ),
    ControlRoute("DELETE", "/admin/v1/keys/{key_id}", Policy.ADMIN, revoke, "Revoke a key"),
)
