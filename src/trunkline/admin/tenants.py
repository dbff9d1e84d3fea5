"""Tenants and their users: create, list, limit, disable."""

from msgspec import UNSET, UnsetType
from starlette.responses import Response

from trunkline.admin.base import ControlCall, ControlRoute, Policy, answer
from trunkline.admin.limits import LimitedBody, changed_limits, limits_in
from trunkline.admin.paging import known_only, limit_of, page
from trunkline.tenancy.tenants import HolderChanges, NewHolder


class CreateHolder(LimitedBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body that makes a tenant or a user."""

    name: str
    description: str = ""


class ChangeHolder(LimitedBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a change: what it does not name stays; `limits` replaces all limits."""

    description: str | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET


async def create(call: ControlCall) -> Response:
    return answer(await call.plane.tenants.create(await _wanted(call)), 201)


async def find(call: ControlCall) -> Response:
    known_only(call, "limit", "after")
    limit, after = limit_of(call), call.request.query_params.get("after", "")
    return answer(page(await call.plane.tenants.page(after, limit + 1), limit))


async def one(call: ControlCall) -> Response:
    return answer(await call.plane.tenants.get(_tenant(call)))


async def change(call: ControlCall) -> Response:
    return answer(await call.plane.tenants.amend(_tenant(call), await _changes(call)))


async def disable(call: ControlCall) -> Response:
    """Its keys are refused everywhere within a second; nothing is deleted, and it can be enabled again."""
    return answer(await call.plane.tenants.amend(_tenant(call), HolderChanges(disabled=True)))


async def create_user(call: ControlCall) -> Response:
    return answer(await call.plane.tenants.create_user(_tenant(call), await _wanted(call)), 201)


async def find_users(call: ControlCall) -> Response:
    known_only(call, "limit", "after")
    limit, after = limit_of(call), call.request.query_params.get("after", "")
    return answer(page(await call.plane.tenants.page_users(_tenant(call), after, limit + 1), limit))


async def one_user(call: ControlCall) -> Response:
    return answer(await call.plane.tenants.get_user(_tenant(call), _user(call)))


async def change_user(call: ControlCall) -> Response:
    changes = await _changes(call)
    return answer(await call.plane.tenants.amend_user(_tenant(call), _user(call), changes))


async def disable_user(call: ControlCall) -> Response:
    changes = HolderChanges(disabled=True)
    return answer(await call.plane.tenants.amend_user(_tenant(call), _user(call), changes))


async def _wanted(call: ControlCall) -> NewHolder:
    body = await call.body(CreateHolder)
    return NewHolder(name=body.name, description=body.description, limits=limits_in(body))


async def _changes(call: ControlCall) -> HolderChanges:
    body = await call.body(ChangeHolder)
    return HolderChanges(
        description=body.description, disabled=body.disabled, limits=changed_limits(body)
    )


def _tenant(call: ControlCall) -> str:
    return str(call.request.path_params["tenant"])


def _user(call: ControlCall) -> str:
    return str(call.request.path_params["user"])


_ALL, _ONE = "/admin/v1/tenants", "/admin/v1/tenants/{tenant}"
_USERS, _USER = f"{_ONE}/users", f"{_ONE}/users/{{user}}"
_ADMIN = Policy.ADMIN
ROUTES = (
    ControlRoute("POST", _ALL, _ADMIN, create, "Create a tenant"),
    ControlRoute("GET", _ALL, _ADMIN, find, "Tenants"),
    ControlRoute("GET", _ONE, _ADMIN, one, "One tenant"),
    ControlRoute("PATCH", _ONE, _ADMIN, change, "Change a tenant's limits; enable it again"),
    ControlRoute("DELETE", _ONE, _ADMIN, disable, "Disable a tenant: its keys are refused"),
    ControlRoute("POST", _USERS, _ADMIN, create_user, "Create a tenant's user"),
    ControlRoute("GET", _USERS, _ADMIN, find_users, "A tenant's users"),
    ControlRoute("GET", _USER, _ADMIN, one_user, "One user"),
    ControlRoute("PATCH", _USER, _ADMIN, change_user, "Change a user's limits; enable it again"),
    ControlRoute("DELETE", _USER, _ADMIN, disable_user, "Disable a user: its keys are refused"),
)
