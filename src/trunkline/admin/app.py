"""The control plane: everything that is not a hot POST, on Starlette, deny by default."""

from collections.abc import Awaitable, Callable, Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from trunkline.admin import (
    bodies,
    credentials,
    google_models,
    keys,
    ledger,
    me,
    models,
    operation,
    own_keys,
    own_usage,
    reconcile,
    responses,
    subscriptions,
    tenants,
    usage,
    webhooks,
)
from trunkline.admin.base import ControlCall, ControlPlane, ControlRoute, Policy, answer
from trunkline.admin.nowhere import not_found
from trunkline.admin.openapi import document
from trunkline.canon.errors import (
    ClientError,
    GatewayError,
    InternalError,
    MethodNotAllowed,
    Unauthenticated,
    UnknownKey,
)
from trunkline.canon.exchange import Principal
from trunkline.config.errors import ConfigError
from trunkline.dialects.callers import spoken
from trunkline.faces.endpoint import token_of
from trunkline.faces.path import key_in
from trunkline.flow.base import Head
from trunkline.kernel.ids import ulid
from trunkline.tenancy.keys import allow_scope

ROUTES: Sequence[ControlRoute] = (
    *models.ROUTES,
    *google_models.ROUTES,
    *ledger.ROUTES,
    *bodies.ROUTES,
    *usage.ROUTES,
    *own_usage.ROUTES,
    *me.ROUTES,
    *reconcile.ROUTES,
    *keys.ROUTES,
    *own_keys.ROUTES,
    *tenants.ROUTES,
    *subscriptions.ROUTES,
    *credentials.ROUTES,
    *responses.ROUTES,
    *operation.ROUTES,
    *webhooks.ROUTES,
)

OnBug = Callable[[str, BaseException], None]
Entropy = Callable[[int], bytes]


class _InvalidConfig(ClientError):
    code = "invalid_config"


def control_app(
    plane: ControlPlane, entropy: Entropy, on_bug: OnBug, beside: Sequence[str] = ()
) -> Starlette:
    """
    An ASGI application of ROUTES and their OpenAPI document.

    `beside`: paths that others serve, for a caller who misses one of them.
    """

    async def openapi(_call: ControlCall) -> Response:
        return answer(document(routes))

    own = ControlRoute(
        "GET", "/admin/v1/openapi.json", Policy.ADMIN, openapi, "This document, in OpenAPI 3.1"
    )
    routes = (*ROUTES, own)
    app = Starlette(
        routes=[
            Route(r.path, _endpoint(r, plane, entropy, on_bug), methods=[r.method]) for r in routes
        ],
        exception_handlers={405: _method_refusal(routes, plane, entropy)},
    )
    # Starlette would send a caller to where its Host header says, over http, and without asking who it is.
    app.router.redirect_slashes = False
    app.router.default = _nowhere((*beside, *(r.path for r in routes)), plane, entropy)
    return app


def _endpoint(
    route: ControlRoute, plane: ControlPlane, entropy: Entropy, on_bug: OnBug
) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        request_id = _request_id(plane, entropy)
        try:
            principal = await authorise(route, request, plane)
            response = await route.handler(ControlCall(request, principal, plane))
        except GatewayError as error:
            response = _refusal(error, request, plane, request_id)
        except ConfigError as error:
            told = _InvalidConfig(str(error), param=error.key or None)
            response = _refusal(told, request, plane, request_id)
        except Exception as bug:  # noqa: BLE001 - one broken call must not cost the others anything
            on_bug(f"{route.method} {route.path} ({request_id})", bug)
            shown = InternalError(
                "internal error in the gateway; the request id finds it in the log"
            )
            response = _refusal(shown, request, plane, request_id)
        response.headers["x-trunkline-request-id"] = request_id
        return response

    return serve


def _method_refusal(
    routes: Sequence[ControlRoute], plane: ControlPlane, entropy: Entropy
) -> Callable[[Request, Exception], Awaitable[Response]]:
    """In JSON, as all other refusals: Starlette's own would be text."""

    async def refuse(request: Request, _error: Exception) -> Response:
        path = request.scope["route"].path
        allowed = ", ".join(sorted({r.method for r in routes if r.path == path}))
        told = MethodNotAllowed(f"{request.method} is not served here; use {allowed}")
        request_id = _request_id(plane, entropy)
        response = _refusal(told, request, plane, request_id)
        response.headers["allow"] = allowed
        response.headers["x-trunkline-request-id"] = request_id
        return response

    return refuse


def _nowhere(served: Sequence[str], plane: ControlPlane, entropy: Entropy) -> ASGIApp:
    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        request_id = _request_id(plane, entropy)
        told = not_found(request.method, scope["path"], served)
        response = _refusal(told, request, plane, request_id)
        response.headers["x-trunkline-request-id"] = request_id
        await response(scope, receive, send)

    return refuse


def _request_id(plane: ControlPlane, entropy: Entropy) -> str:
    return "req_" + ulid(plane.clock.unix(), entropy)


async def authorise(route: ControlRoute, request: Request, plane: ControlPlane) -> Principal | None:
    """Who calls: None for the admin. Raises Unauthenticated or Forbidden."""
    head = Head(
        request.method.encode(),
        request.url.path.encode(),
        b"",
        dict(reversed(request.scope["headers"])),
        "",
        plane.clock.unix(),
        plane.clock.monotonic(),
    )
    path, query = request.url.path, request.scope["query_string"]
    try:
        else_this = key_in(query) if path.startswith(google_models.PATH) else b""
        token = token_of(head, else_this=else_this)
    except Unauthenticated:
        if route.policy is Policy.ADMIN:
            plane.admin.authenticate(b"")  # says which key it is that was not sent
        raise
    try:
        plane.admin.authenticate(token)
    except Unauthenticated:
        if route.policy is Policy.ADMIN:
            raise
    else:
        return None
    try:
        principal = plane.callers.authenticate(token, head.received_at)
    except UnknownKey:
        await plane.callers.look_again(token)
        principal = plane.callers.authenticate(token, head.received_at)
    if route.scope:
        allow_scope(principal, route.scope)
    return principal


def _refusal(
    error: GatewayError, request: Request, plane: ControlPlane, request_id: str
) -> Response:
    path = request.url.path
    teller, face = spoken(request.headers, plane.rooms.dialects, path), plane.face_at(path)
    if face is None:
        wire = teller.render_error(error, request_id)
    else:
        wire = face.refuse(error, request_id, teller)
    response = Response(wire.body, wire.status)
    for name, value in wire.headers:
        response.headers[name.decode()] = value.decode("latin-1")
    return response
