"""What all connections of one edge share, and what is counted there."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

from msgspec import Struct

from trunkline.canon.errors import GatewayError, InternalError
from trunkline.dialects.base import WireError
from trunkline.edge.answers import date_line, plain_error
from trunkline.edge.limits import Limits
from trunkline.flow.base import MODEL, Endpoint, Endpoints
from trunkline.kernel.clock import Clock
from trunkline.kernel.tasks import OnFailure

Methods = Mapping[bytes, Endpoint]
"""What is served at one path, by method."""


def _ends(pattern: bytes) -> tuple[bytes, bytes]:
    """What stands before the model's name, and what behind."""
    before, _, after = pattern.partition(MODEL)
    return before, after


class Swept(Protocol):
    """A connection, as the sweep and the shutdown see it."""

    def check(self, now: float) -> None:
        """Act on deadlines that have passed by `now` (monotonic seconds)."""

    def shutdown(self) -> None:
        """Close once the answers under way are finished."""

    def cut(self) -> None:
        """Finish within the farewell, or not at all."""

    def abort(self) -> None: ...


class Statistics(Struct, frozen=True, kw_only=True):
    open_connections: int
    active_requests: int
    """On the hot path, still answering or settling."""
    connections: int
    """Ever."""
    hot_requests: int
    """Admitted to an endpoint, ever."""
    fall_through_requests: int
    """Given to the ASGI application, ever."""
    refused: Mapping[str, int]
    """By reason; an endpoint's own refusals under their error code."""
    cancelled: int
    """Hot requests whose client left before the end."""
    bugs: int
    """Exceptions that should not have come as far as the edge."""
    draining: bool


class EdgeContext:
    """The endpoints, the limits, and the counters. One per edge and event loop."""

    def __init__(
        self,
        endpoints: Endpoints,
        clock: Clock,
        new_id: Callable[[], str],
        on_failure: OnFailure,
        limits: Limits | None = None,
        slash_under: tuple[bytes, ...] = (b"/v1/models/", b"/v1beta/models/"),
    ) -> None:
        """
        `new_id`: request ids for what is refused before an endpoint gives it one.
        `slash_under`: path prefixes below which %2F is taken, in ids like "openai%2Fgpt-4o".
        """
        routes: dict[bytes, dict[bytes, Endpoint]] = {}
        for (method, path), endpoint in endpoints.items():
            routes.setdefault(path, {})[method] = endpoint
        self._patterns = [
            (*_ends(path), routes.pop(path)) for path in list(routes) if MODEL in path
        ]
        self.routes: Mapping[bytes, Methods] = routes
        """By path, then method."""
        self.clock = clock
        self.new_id = new_id
        self.limits = limits or Limits()
        self.slash_under = slash_under
        self.connection_limit = self.limits.connections
        self.crowded = False
        """More connections than there should be: all but the probes are refused."""
        self.draining = False
        self.date = b""
        """A whole header line; renewed by `tick`."""
        self.connections: set[Swept] = set()
        # A set of ours instead of kernel.tasks.Tasks: its done-callback costs 0.5 of the 12
        # microseconds a request may take; the coroutine of HotReply reports and discards itself.
        self.running: set[asyncio.Task[None]] = set()
        self.connected = 0
        self.hot = 0
        self.fallen_through = 0
        self.cancelled = 0
        self._bugs = 0
        self._refused: dict[str, int] = {}
        self._on_failure = on_failure
        self.tick()

    def matched(self, path: bytes) -> Methods | None:
        """For a path that is none of `routes`: the few that hold a model's name."""
        for before, after, methods in self._patterns:
            if (
                path.startswith(before)
                and path.endswith(after)
                and len(path) > len(before) + len(after)
            ):
                return methods
        return None

    def tick(self) -> None:
        """Once a second: the Date header (RFC 9110 section 6.6.1) needs no finer clock."""
        self.date = date_line(self.clock.unix())

    def joined(self, connection: Swept) -> None:
        self.connections.add(connection)
        self.connected += 1
        self.crowded = len(self.connections) > self.connection_limit

    def left(self, connection: Swept) -> None:
        self.connections.discard(connection)
        self.crowded = len(self.connections) > self.connection_limit

    def refused(self, reason: str) -> None:
        self._refused[reason] = self._refused.get(reason, 0) + 1

    def bug(self, error: BaseException) -> InternalError:
        """Count and report what should not have happened; returns what the client is told."""
        self._bugs += 1
        self._on_failure("edge", error)
        return InternalError("internal error in the gateway; the request id finds it in the log")

    def render(self, error: GatewayError, endpoint: Endpoint | None) -> WireError:
        """In the endpoint's dialect where it is known."""
        request_id = self.new_id()
        if endpoint is not None:
            try:
                return endpoint.refuse(error, request_id)
            except Exception as broken:  # noqa: BLE001 - an error must be told even if telling fails
                self.bug(broken)
        return plain_error(error, request_id)

    def statistics(self) -> Statistics:
        return Statistics(
            open_connections=len(self.connections),
            active_requests=len(self.running),
            connections=self.connected,
            hot_requests=self.hot,
            fall_through_requests=self.fallen_through,
            refused=dict(self._refused),
            cancelled=self.cancelled,
            bugs=self._bugs,
            draining=self.draining,
        )

    def __repr__(self) -> str:
        state = "draining" if self.draining else "serving"
        return (
            f"<EdgeContext {state}, {len(self.connections)} connections, "
            f"{len(self.running)} running, {self.hot} hot, {self.fallen_through} fallen through>"
        )
