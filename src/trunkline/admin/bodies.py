"""What a client sent and what it got, where bodies are logged: for the admin's eyes alone."""

from msgspec import MsgspecError, Raw, Struct, json
from starlette.responses import Response

from trunkline.admin.base import ControlCall, ControlRoute, Policy, answer
from trunkline.storage.bodies import Body


class Side(Struct, frozen=True):
    body: Raw | str
    """JSON as it was, or text: a stream, and whatever is not all there."""
    bytes: int
    """Before anything was masked or cut."""
    cut: bool


class RequestBodies(Struct, frozen=True, kw_only=True):
    id: str
    tenant: str
    key_id: str
    received_at: float
    """Unix seconds."""
    path: str
    status: int
    """0: the client left before there was an answer."""
    streamed: bool
    complete: bool
    request: Side
    answer: Side
    object: str = "request.bodies"


async def bodies(call: ControlCall) -> Response:
    found = await call.plane.bodies.find(call.request.path_params["request_id"])
    return answer(
        RequestBodies(
            id=found.request_id,
            tenant=found.tenant,
            key_id=found.key_id,
            received_at=found.received_at / 1e6,
            path=found.path,
            status=found.status,
            streamed=found.streamed,
            complete=found.complete,
            request=_side(found.request),
            answer=_side(found.answer),
        )
    )


def _side(body: Body) -> Side:
    text = body.text
    try:
        json.decode(text, type=Raw)
        return Side(Raw(text.encode()), body.size, body.cut)
    except (MsgspecError, UnicodeError, RecursionError):
        return Side(text, body.size, body.cut)


ROUTES = (
    ControlRoute(
        "GET",
        "/admin/v1/requests/{request_id}/bodies",
        Policy.ADMIN,
        bodies,
        "What one request said and was answered, redacted",
    ),
)
