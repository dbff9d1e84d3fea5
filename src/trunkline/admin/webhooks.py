"""Webhooks over HTTP: a tenant's own by its keys, on each face's path, and everybody's by the admin key."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct
from starlette.responses import Response

from trunkline.admin.base import ControlCall, ControlRoute, Handler, Policy, answer
from trunkline.admin.paging import known_only
from trunkline.canon.errors import Forbidden, Malformed
from trunkline.storage.sql.outbox import PLATFORM
from trunkline.webhooks.payload import KEYPLEX, NATIVE, PLUTOSAI
from trunkline.webhooks.service import DEFAULT_OVERLAP, Change, NewEndpoint

READ: Final = "webhooks:read"
WRITE: Final = "webhooks:write"
_ADMIN: Final = "/admin/v1/webhooks"
_PATHS: Final = (
    ("/v1/webhooks", NATIVE),
    ("/api/v1/webhooks", KEYPLEX),
    ("/plutos/v1/webhooks", PLUTOSAI),
)
_PAGE, _LARGEST_PAGE = 50, 200


class CreateWebhook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By a tenant's key: the path says in which face it is told."""

    url: str
    events: tuple[str, ...]
    secret: str | None = None


class CreateAnyWebhook(CreateWebhook, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By the admin key."""

    tenant: str = PLATFORM
    face: str = NATIVE


class ChangeWebhook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    url: str | None = None
    events: tuple[str, ...] | None = None
    enabled: bool | None = None


class RotateSecret(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    secret: str | None = None
    overlap_seconds: float = DEFAULT_OVERLAP


class Deleted(Struct, frozen=True):
    id: str
    object: str = "webhook"
    deleted: bool = True


async def create_any(call: ControlCall) -> Response:
    wanted = await call.body(CreateAnyWebhook)
    new = NewEndpoint(
        tenant=wanted.tenant,
        face=wanted.face,
        url=wanted.url,
        events=wanted.events,
        secret=wanted.secret,
    )
    return answer(await call.plane.webhooks.create(new), 201)


def creator(face: str) -> Handler:
    async def create(call: ControlCall) -> Response:
        wanted = await call.body(CreateWebhook)
        if call.principal is None:
            raise Forbidden(f"this webhook would be nobody's; the admin key makes them at {_ADMIN}")
        new = NewEndpoint(
            tenant=call.principal.tenant,
            face=face,
            url=wanted.url,
            events=wanted.events,
            secret=wanted.secret,
        )
        return answer(await call.plane.webhooks.create(new), 201)

    return create


async def list_all(call: ControlCall) -> Response:
    """Of the admin, ?tenant= for one tenant's."""
    if call.principal is None:
        known_only(call, "tenant")
    return answer({"object": "list", "data": await call.plane.webhooks.list(_tenant(call))})


async def one(call: ControlCall) -> Response:
    return answer(await call.plane.webhooks.get(_tenant(call), _id(call)))


async def change(call: ControlCall) -> Response:
    wanted = await call.body(ChangeWebhook)
    wish = Change(url=wanted.url, events=wanted.events, enabled=wanted.enabled)
    return answer(await call.plane.webhooks.change(_tenant(call), _id(call), wish))


async def delete(call: ControlCall) -> Response:
    await call.plane.webhooks.delete(_tenant(call), _id(call))
    return answer(Deleted(_id(call)))


async def rotate(call: ControlCall) -> Response:
    """The new secret, shown this once."""
    wanted = await call.body(RotateSecret)
    service, overlap = call.plane.webhooks, wanted.overlap_seconds
    return answer(await service.rotate(_tenant(call), _id(call), wanted.secret, overlap))


async def send_test(call: ControlCall) -> Response:
    return answer(await call.plane.webhooks.test(_tenant(call), _id(call)), 202)


async def deliveries(call: ControlCall) -> Response:
    query = call.request.query_params
    try:
        most = int(query.get("limit", _PAGE))
    except ValueError:
        most = 0
    if not 1 <= most <= _LARGEST_PAGE:
        raise Malformed(f"`limit` must be between 1 and {_LARGEST_PAGE}", param="limit")
    found = await call.plane.webhooks.deliveries(
        _tenant(call), _id(call), query.get("status"), query.get("before"), most
    )
    return answer({"object": "list", "data": found})


async def redeliver(call: ControlCall) -> Response:
    delivery = call.request.path_params["delivery_id"]
    return answer(await call.plane.webhooks.redeliver(_tenant(call), _id(call), delivery), 202)


def _tenant(call: ControlCall) -> str | None:
    """None: any, for the admin key; on a query's `tenant` that one's alone."""
    if call.principal is None:
        return call.request.query_params.get("tenant")
    return call.principal.tenant


def _id(call: ControlCall) -> str:
    return str(call.request.path_params["webhook_id"])


def _routes(base: str, policy: Policy, create: Handler) -> Iterator[ControlRoute]:
    of_one, sent = f"{base}/{{webhook_id}}", f"{base}/{{webhook_id}}/deliveries"
    again = f"{sent}/{{delivery_id}}/redeliver"
    for method, path, handler, summary, scope in (
        ("POST", base, create, "Create a webhook; shows its secret once", WRITE),
        ("GET", base, list_all, "Webhooks, without their secrets", READ),
        ("GET", of_one, one, "One webhook", READ),
        ("PATCH", of_one, change, "Change its URL or events; enable or disable it", WRITE),
        ("DELETE", of_one, delete, "Delete a webhook and its deliveries", WRITE),
        ("POST", f"{of_one}/rotate", rotate, "Replace its secret; shows the new one once", WRITE),
        ("POST", f"{of_one}/test", send_test, "Send it a test event", WRITE),
        ("GET", sent, deliveries, "What was sent, the newest first", READ),
        ("POST", again, redeliver, "Send one again", WRITE),
    ):
        key_scope = scope if policy is Policy.KEY else ""
        yield ControlRoute(method, path, policy, handler, summary, key_scope)


ROUTES = (
    *_routes(_ADMIN, Policy.ADMIN, create_any),
    *(route for path, face in _PATHS for route in _routes(path, Policy.KEY, creator(face))),
)
