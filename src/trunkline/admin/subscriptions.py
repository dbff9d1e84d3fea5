"""Plans, and tenants' subscriptions to them."""

from msgspec import Struct
from starlette.responses import Response

from trunkline.admin.base import ControlCall, ControlRoute, Policy, answer
from trunkline.admin.paging import Page, known_only, limit_of, page
from trunkline.admin.times import unix_seconds
from trunkline.canon.errors import NotFound
from trunkline.tenancy.plans import plan_view

When = str | float
"""RFC 3339 or Unix seconds."""


class Subscribe(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    tenant: str
    plan: str
    period_end: When


class Renew(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """May be empty: for as long again."""

    period_end: When | None = None


async def create(call: ControlCall) -> Response:
    wanted = await call.body(Subscribe)
    ends = unix_seconds(wanted.period_end, "period_end")
    made = await call.plane.subscriptions.create(wanted.tenant, wanted.plan, ends)
    return answer(made, 201)


async def find(call: ControlCall) -> Response:
    """In the order they were made; ?tenant filters."""
    known_only(call, "tenant", "limit", "after")
    limit, query = limit_of(call), call.request.query_params
    tenant, after = query.get("tenant"), query.get("after", "")
    return answer(page(await call.plane.subscriptions.page(tenant, after, limit + 1), limit))


async def one(call: ControlCall) -> Response:
    return answer(await call.plane.subscriptions.get(_id(call)))


async def renew(call: ControlCall) -> Response:
    wanted = (await call.body(Renew)).period_end
    ends = None if wanted is None else unix_seconds(wanted, "period_end")
    return answer(await call.plane.subscriptions.renew(_id(call), ends))


async def cancel(call: ControlCall) -> Response:
    """It ends now; unless the tenant has another, its keys are refused."""
    return answer(await call.plane.subscriptions.cancel(_id(call)))


async def plans(call: ControlCall) -> Response:
    known_only(call)
    return answer(Page([plan_view(plan) for plan in call.plane.plans.values()], has_more=False))


async def one_plan(call: ControlCall) -> Response:
    name = str(call.request.path_params["plan"])
    plan = call.plane.plans.get(name)
    if plan is None:
        raise NotFound(f"There is no plan `{name[:100]}`.", param="plan")
    return answer(plan_view(plan))


def _id(call: ControlCall) -> str:
    return str(call.request.path_params["subscription_id"])


_ALL, _ONE = "/admin/v1/subscriptions", "/admin/v1/subscriptions/{subscription_id}"
_ADMIN = Policy.ADMIN
ROUTES = (
    ControlRoute("GET", "/admin/v1/plans", _ADMIN, plans, "Every plan and its limits"),
    ControlRoute("GET", "/admin/v1/plans/{plan}", _ADMIN, one_plan, "One plan"),
    ControlRoute("POST", _ALL, _ADMIN, create, "Give a tenant a plan for a time"),
    ControlRoute("GET", _ALL, _ADMIN, find, "Subscriptions"),
    ControlRoute("GET", _ONE, _ADMIN, one, "One subscription"),
    ControlRoute("POST", f"{_ONE}/renew", _ADMIN, renew, "Go on for another period"),
    ControlRoute("DELETE", _ONE, _ADMIN, cancel, "End a subscription now"),
)
