"""/v1/responses/{id}: answers that clients come back to, each its tenant's alone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final

from msgspec import MsgspecError, Raw, Struct
from starlette.responses import Response, StreamingResponse

from trunkline.admin.base import ControlCall, ControlRoute, Policy, answer
from trunkline.canon.errors import Forbidden, Malformed, NotFound
from trunkline.conversations.closing import behind
from trunkline.conversations.events import event, replayed
from trunkline.conversations.items import id_of
from trunkline.conversations.jobs import amended
from trunkline.conversations.service import OVER, page
from trunkline.storage.records import ResponseRecord

# OpenAI's API reference, List input items (seen 2026-11-21).
_PAGE, _LARGEST_PAGE = 20, 100
# Seconds between two looks at a response that another worker makes.
_LOOK: Final = 0.5
# So many looks at one that was cancelled meanwhile: the worker that makes it learns of it within
# seconds, and tells what there was.
_PATIENCE: Final = 10


class Deleted(Struct, frozen=True):
    id: str
    object: str = "response"
    deleted: bool = True


class ItemList(Struct, frozen=True):
    data: Sequence[Raw]
    first_id: str | None
    last_id: str | None
    has_more: bool
    object: str = "list"


async def one_response(call: ControlCall) -> Response:
    record = await _record(call)
    if call.request.query_params.get("stream") == "true":
        return await _stream(call, record)
    return _shown(record)


async def delete_response(call: ControlCall) -> Response:
    response_id = call.request.path_params["response_id"]
    await call.plane.conversations.delete(_tenant(call), response_id)
    return answer(Deleted(response_id))


async def cancel_response(call: ControlCall) -> Response:
    response_id = call.request.path_params["response_id"]
    return _shown(await call.plane.background.cancel(_tenant(call), response_id))


async def compact(_call: ControlCall) -> Response:
    """Codex asks for it; its path would pass for a response's own."""
    raise NotFound(
        "compaction is not served here: let the client sum up the conversation itself, in a request"
        " to POST /v1/responses"
    )


async def input_items(call: ControlCall) -> Response:
    query = call.request.query_params
    order = query.get("order", "desc")
    if order not in ("asc", "desc"):
        raise Malformed("`order` must be asc or desc", param="order")
    response_id = call.request.path_params["response_id"]
    items = await call.plane.conversations.input_items(_tenant(call), response_id)
    limit = _number(call, "limit", _PAGE)
    if not 1 <= limit <= _LARGEST_PAGE:
        raise Malformed(f"`limit` must be between 1 and {_LARGEST_PAGE}", param="limit")
    after = query.get("after")
    data, more = page(items, after=after, limit=limit, newest_first=order == "desc")
    first, last = (id_of(data[0]), id_of(data[-1])) if data else (None, None)
    return answer(ItemList(data, first, last, more))


async def _record(call: ControlCall) -> ResponseRecord:
    response_id = call.request.path_params["response_id"]
    return await call.plane.conversations.get(_tenant(call), response_id)


def _tenant(call: ControlCall) -> str:
    if call.principal is None:
        raise Forbidden("responses belong to a tenant; use one of its keys, not the admin key")
    return call.principal.tenant


def _shown(record: ResponseRecord) -> Response:
    body = record.body
    if record.status not in OVER:
        body = amended(body, {"status": record.status})
    return Response(body, 200, {"cache-control": "no-store"}, "application/json")


async def _stream(call: ControlCall, record: ResponseRecord) -> Response:
    """Its events from a point on; of one that is still being made, those to come, too."""
    number = _number(call, "starting_after", -1)
    running = call.plane.background.running(record.tenant, record.id)
    events = running.follow(number) if running else awaited(record, number, lambda: _record(call))
    headers = {"cache-control": "no-cache", "x-accel-buffering": "no"}
    return StreamingResponse(events, 200, headers, "text/event-stream; charset=utf-8")


async def awaited(
    record: ResponseRecord,
    number: int,
    look: Callable[[], Awaitable[ResponseRecord]],
    every: float = _LOOK,
) -> AsyncIterator[bytes]:
    """Made elsewhere: its events are here once it is over. `every`: seconds between two looks."""
    patience = 0
    while record.status not in OVER or (patience and not record.events):
        patience = patience - 1 if record.status in OVER else _PATIENCE
        await asyncio.sleep(every)
        record = await look()
    yield behind(record.events or _replayed(record), number)


def _replayed(record: ResponseRecord) -> bytes:
    """Of one that was not streamed: the events it could have come in."""
    try:
        return replayed(record.body)
    except MsgspecError:  # an upstream's answer of a strange shape: no more than that it is over
        return event(f"response.{record.status}", 0, {"response": Raw(record.body)})


def _number(call: ControlCall, name: str, default: int) -> int:
    try:
        return int(call.request.query_params.get(name, default))
    except ValueError:
        raise Malformed(f"`{name}` must be a whole number", param=name) from None


_SCOPE: Final = "chat:write"
_ONE: Final = "/v1/responses/{response_id}"
ROUTES = (
    ControlRoute("GET", _ONE, Policy.KEY, one_response, "A stored response", _SCOPE),
    ControlRoute(
        "POST", "/v1/responses/compact", Policy.KEY, compact, "Says that there is none", _SCOPE
    ),
    ControlRoute("DELETE", _ONE, Policy.KEY, delete_response, "Forget a response", _SCOPE),
    ControlRoute(
        "POST", f"{_ONE}/cancel", Policy.KEY, cancel_response, "Stop a background response", _SCOPE
    ),
    ControlRoute(
        "GET",
        f"{_ONE}/input_items",
        Policy.KEY,
        input_items,
        "What a response was made from",
        _SCOPE,
    ),
)
