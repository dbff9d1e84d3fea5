"""
Keys that manage keys, under the keyplex face: its tenant's, and of these its user's.

What a key grants is a part of what it has; what is made so counts for its maker, too, and ends when
that is revoked.
"""

from starlette.responses import Response

from trunkline.admin.base import ControlCall, ControlRoute, Policy, answer
from trunkline.admin.keys import CreateKey, RotateKey, new_key
from trunkline.admin.paging import known_only, limit_of, page
from trunkline.canon.errors import Forbidden, NotFound
from trunkline.canon.exchange import Principal
from trunkline.storage.holders import KeyQuery


async def create(call: ControlCall) -> Response:
    principal = _principal(call)
    wanted = new_key(await call.body(CreateKey))
    return answer(await call.plane.key_service.grant(wanted, principal), 201)


async def find(call: ControlCall) -> Response:
    principal = _principal(call)
    known_only(call, "limit", "after")
    limit, after = limit_of(call), call.request.query_params.get("after")
    query = KeyQuery(
        now=call.plane.clock.unix(),
        most=limit + 1,
        after=after,
        tenant=principal.tenant,
        user=principal.user or None,
    )
    return answer(page(await call.plane.key_service.find(query), limit))


async def one(call: ControlCall) -> Response:
    return answer(await call.plane.key_service.get(await _own(call), _principal(call).tenant))


async def rotate(call: ControlCall) -> Response:
    wanted, key_id = await call.body(RotateKey), await _own(call)
    by = _principal(call)
    return answer(await call.plane.key_service.rotate(key_id, wanted.overlap_seconds, by), 201)


async def revoke(call: ControlCall) -> Response:
    return answer(await call.plane.key_service.revoke(await _own(call), _principal(call)))


async def _own(call: ControlCall) -> str:
    """The id in the path, where it is a key that the caller may see. Raises NotFound."""
    principal, key_id = _principal(call), str(call.request.path_params["key_id"])
    view = await call.plane.key_service.get(key_id, principal.tenant)
    if principal.user and view.user != principal.user:
        raise NotFound(f"There is no key `{key_id[:100]}`.", param="id")
    return key_id


def _principal(call: ControlCall) -> Principal:
    if call.principal is None:
        raise Forbidden("these are a tenant's keys; the admin key manages all under /admin/v1/keys")
    return call.principal


_ALL, _ONE = "/api/v1/keys", "/api/v1/keys/{key_id}"
_READ, _WRITE = "keys:read", "keys:write"
ROUTES = (
    ControlRoute("POST", _ALL, Policy.KEY, create, "Create a key that may do no more", _WRITE),
    ControlRoute("GET", _ALL, Policy.KEY, find, "The tenant's keys", _READ),
    ControlRoute("GET", _ONE, Policy.KEY, one, "One of the tenant's keys", _READ),
    ControlRoute(
        "POST", f"{_ONE}/rotate", Policy.KEY, rotate, "Replace one by a successor", _WRITE
    ),
    ControlRoute("DELETE", _ONE, Policy.KEY, revoke, "Revoke one and those it made", _WRITE),
)
