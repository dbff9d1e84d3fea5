"""What the ledger says: one request, and sums over many."""

from typing import get_args

from starlette.responses import Response

from trunkline.admin.base import ControlCall, ControlRoute, Policy, answer
from trunkline.admin.times import unix_seconds
from trunkline.canon.errors import Malformed, NotFound
from trunkline.storage.records import Grouping, UsageQuery

_GROUPINGS: tuple[Grouping, ...] = get_args(Grouping)
_FILTERS = ("tenant", "key_id", "model", "provider", "face", "status")
_DEFAULT_SECONDS = 30 * 86_400.0


async def one_request(call: ControlCall) -> Response:
    """The admin sees any; a key only what it asked for itself."""
    principal = call.principal
    request_id = call.request.path_params["request_id"]
    view = await call.plane.reports.request(request_id, principal.tenant if principal else None)
    if principal is not None and view.key_id != principal.key_id:
        raise NotFound("There is no such request.", param="request_id")
    return answer(view)


async def usage(call: ControlCall) -> Response:
    """?from&to (the last 30 days)&group_by=model,day and a filter by each of tenant, key_id, model, provider, face, status."""
    query = call.request.query_params
    unknown = set(query) - {"from", "to", "group_by", *_FILTERS}
    if unknown:
        known = ", ".join(("from", "to", "group_by", *_FILTERS))
        raise Malformed(
            f"unknown parameter '{min(unknown)}'; there are {known}", param=min(unknown)
        )
    end = unix_seconds(query["to"], "to") if "to" in query else call.plane.clock.unix() + 1
    start = (
        unix_seconds(query["from"], "from") if "from" in query else max(0.0, end - _DEFAULT_SECONDS)
    )
    if start > end:
        raise Malformed("'from' must come before 'to'", param="from")
    view = await call.plane.reports.usage(
        UsageQuery(
            start=int(start * 1e6),
            end=int(end * 1e6),
            group_by=_groups(query.get("group_by", "")),
            **{name: query[name] for name in _FILTERS if name in query},
        )
    )
    return answer(view)


def _groups(text: str) -> tuple[Grouping, ...]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    wrong = next((name for name in names if name not in _GROUPINGS), None)
    if wrong is not None:
        known = ", ".join(_GROUPINGS)
        raise Malformed(f"cannot group by '{wrong}'; there are {known}", param="group_by")
    return tuple(name for name in _GROUPINGS if name in names)


ROUTES = (
    ControlRoute(
        "GET", "/v1/requests/{request_id}", Policy.KEY, one_request, "One of the key's own requests"
    ),
    ControlRoute(
        "GET", "/admin/v1/requests/{request_id}", Policy.ADMIN, one_request, "One request"
    ),
    ControlRoute("GET", "/admin/v1/usage", Policy.ADMIN, usage, "Tokens and cost, summed up"),
)
