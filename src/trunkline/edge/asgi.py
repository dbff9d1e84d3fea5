"""What falls through the hot path: probes, the application, and helpful refusals. Raw ASGI."""

import difflib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from trunkline.canon.errors import MethodNotAllowed, NotFound
from trunkline.dialects.base import WireError
from trunkline.edge.context import EdgeContext, Methods

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

PROBES: frozenset[bytes] = frozenset({b"/healthz", b"/readyz"})
"""Answered even where connections run out."""


class _Probe(msgspec.Struct):
    status: str


class FallThrough:
    """
    Everything that is no hot POST.

    `application` gets what is neither a probe nor the path of an endpoint; without one, 404.
    `ready` may say no for reasons of its own; while draining the answer is no anyway.
    """

    def __init__(
        self, context: EdgeContext, application: AsgiApp | None, ready: Callable[[], bool]
    ) -> None:
        self._context = context
        self._application = application or NotFoundApp(context)
        self._ready = ready

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        raw_path = scope["raw_path"]
        if method in ("GET", "HEAD") and (raw_path in PROBES or (path, method) == ("/", "HEAD")):
            await _send(send, self._probe(raw_path))
        elif (routes := self._routes(raw_path)) is not None:
            await _send(send, self._not_allowed(method, routes))
        else:
            await self._guarded(scope, receive, send)

    def _probe(self, path: bytes) -> WireError:
        if path == b"/readyz" and (self._context.draining or not self._ready()):
            why = "draining" if self._context.draining else "not ready"
            return _json(503, _Probe(why))
        return _json(200, _Probe("ready" if path == b"/readyz" else "ok"))

    def _routes(self, path: bytes) -> Methods | None:
        exact = self._context.routes.get(path)
        return self._context.matched(path) if exact is None else exact

    def _not_allowed(self, method: str, routes: Methods) -> WireError:
        allowed = b", ".join(sorted(routes))
        error = MethodNotAllowed(f"{method} is not served here; use {allowed.decode()}")
        told = self._context.render(error, next(iter(routes.values())))
        return WireError(told.status, (*told.headers, (b"allow", allowed)), told.body)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application's bugs are answered in JSON, and reported once."""
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._application(scope, receive, watch)
        except Exception as error:  # noqa: BLE001 - one request's bug must not touch another
            told = self._context.render(self._context.bug(error), None)
            if not started:
                await _send(send, told)


class NotFoundApp:
    """Says what there is instead. Fit for the `default` of a Starlette router, too."""

    def __init__(self, context: EdgeContext) -> None:
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        method, path = scope["method"], scope["path"]
        known = [route.decode() for route in self._context.routes]
        near = difflib.get_close_matches(path, known, n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        error = NotFound(f"nothing is served at {method} {path[:200]}{hint}")
        await _send(send, self._context.render(error, None))


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _json(status: int, value: msgspec.Struct) -> WireError:
    headers = ((b"content-type", b"application/json"), (b"cache-control", b"no-store"))
    return WireError(status, headers, msgspec.json.encode(value))


async def _send(send: Send, answer: WireError) -> None:
    length = (b"content-length", b"%d" % len(answer.body))
    headers = [*answer.headers, length]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
