"""The log of requests: one of them, and pages of those that were asked for."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from starlette.responses import Response

from trunkline.admin.base import ControlCall, ControlRoute, Policy, answer
from trunkline.admin.filters import STATUSES, check_provider, filters_of
from trunkline.admin.paging import known_only, limit_of
from trunkline.admin.usage import span
from trunkline.canon.errors import Malformed, NotFound
from trunkline.ledger.views import RequestFacts
from trunkline.storage.records import OPEN, RequestQuery

_FILTERS = ("tenant", "key_id", "user", "model", "provider", "status", "session")
_OWN_FILTERS = ("model", "provider", "status", "session")
_PAGING = ("from", "to", "limit", "after")
_STATUSES = (*STATUSES, OPEN)


class Log(Struct, frozen=True):
    data: Sequence[RequestFacts]
    has_more: bool
    next: str | None
    """Ask again with ?after=<this>; None: that was all."""
    filters: Mapping[str, str]
    """What it is narrowed to."""
    object: str = "list"


async def one_request(call: ControlCall) -> Response:
    """The admin sees any; a key only what it asked for itself."""
    principal = call.principal
    request_id = call.request.path_params["request_id"]
    view = await call.plane.reports.request(request_id, principal.tenant if principal else None)
    if principal is not None and view.key_id != principal.key_id:
        raise NotFound("There is no such request.", param="request_id")
    return answer(view)


async def requests(call: ControlCall) -> Response:
    """?from&to (the last 30 days)&limit&after and a filter by each of _FILTERS; the newest first."""
    known_only(call, *_PAGING, *_FILTERS)
    filters = filters_of(call, _FILTERS, _STATUSES)
    found = await _found(call, filters)
    known = bool(found) or "after" in call.request.query_params
    await check_provider(call, filters, span(call), found=known)
    return _log(call, filters, found)


async def own_requests(call: ControlCall) -> Response:
    """The same, of the key that asks."""
    known_only(call, *_PAGING, *_OWN_FILTERS)
    if call.principal is None:
        return await requests(call)
    filters = filters_of(call, _OWN_FILTERS, _STATUSES)
    own = {"tenant": call.principal.tenant, "key_id": call.principal.key_id}
    return _log(call, filters, await _found(call, {**filters, **own}))


async def _found(call: ControlCall, filters: Mapping[str, str]) -> Sequence[RequestFacts]:
    """One more than the page has, where there are more."""
    start, end = span(call)
    query = RequestQuery(
        start=start, end=end, most=limit_of(call) + 1, before=_place(call), **filters
    )
    return await call.plane.reports.requests(query)


def _log(call: ControlCall, filters: Mapping[str, str], found: Sequence[RequestFacts]) -> Response:
    limit = limit_of(call)
    page, more = found[:limit], len(found) > limit
    return answer(Log(page, more, _cursor(page[-1]) if more else None, filters))


def _cursor(last: RequestFacts) -> str:
    return f"{round(last.received_at * 1_000_000)}.{last.id}"


def _place(call: ControlCall) -> tuple[int, str] | None:
    """?after as `_cursor` wrote it. Raises Malformed."""
    text = call.request.query_params.get("after")
    if text is None:
        return None
    micros, _, request_id = text.partition(".")
    if not (micros.isdecimal() and len(micros) < 18 and request_id):
        raise Malformed("`after` must be the `next` of the page before", param="after")
    return int(micros), request_id


ROUTES = (
    ControlRoute("GET", "/v1/requests", Policy.KEY, own_requests, "The key's own requests"),
    ControlRoute(
        "GET", "/v1/requests/{request_id}", Policy.KEY, one_request, "One of the key's own requests"
    ),
    ControlRoute("GET", "/admin/v1/requests", Policy.ADMIN, requests, "The log of requests"),
    ControlRoute(
        "GET", "/admin/v1/requests/{request_id}", Policy.ADMIN, one_request, "One request"
    ),
)
