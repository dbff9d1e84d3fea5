"""Turns: what a connection owes its client, in the order the requests came."""

import asyncio
from typing import Protocol

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from trunkline.canon.errors import Draining
from trunkline.edge.context import EdgeContext
from trunkline.edge.guards import Refusal


class Turn(Protocol):
    """One request of a connection, whose answers leave one at a time and in order."""

    def take(self) -> None:
        """The answers before it are out: go on."""

    def feed(self, data: bytes) -> None:
        """More of its body."""

    def complete(self) -> None:
        """That was the body."""

    def withdraw(self) -> bool:
        """Another answer shall be given instead, if this one has not begun; True when it had not."""

    def lost(self) -> None:
        """The client is gone."""

    def cut(self) -> None:
        """The shutdown has waited long enough."""


class Line(Protocol):
    """A connection, as its turns see it."""

    context: EdgeContext
    transport: asyncio.Transport
    flow: FlowControl
    loop: asyncio.AbstractEventLoop
    active: Turn | None

    def answered(self, *, keep: bool) -> None:
        """The active turn's answer is out; `keep`: and promised to be followed by others."""

    def broken(self, *, flush: bool) -> None:
        """The active turn's answer will never be finished; close, with or without what is unsent."""

    def linger(self) -> None:
        """Say no more, and drop what still comes until the client has read the answer."""

    def refuse(self, refusal: Refusal) -> None: ...

    # Uvicorn's own part of the protocol:
    def start_asgi(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None: ...
    def asgi_body(self, data: bytes) -> None: ...
    def asgi_complete(self) -> None: ...


class RefusedTurn:
    """An answer of the edge's own. Also the sink for the body of a request it refused."""

    __slots__ = ("_answer", "_keep", "_line")

    def __init__(self, line: Line, answer: bytes, *, keep: bool) -> None:
        self._line = line
        self._answer = answer
        self._keep = keep

    def take(self) -> None:
        line = self._line
        line.transport.write(self._answer)
        if self._keep:
            line.answered(keep=True)
        else:
            line.active = None
            line.linger()

    def feed(self, data: bytes) -> None:
        """Dropped."""

    def complete(self) -> None:
        """Nobody waits for it."""

    def withdraw(self) -> bool:
        return False

    def lost(self) -> None:
        """Nothing runs."""

    def cut(self) -> None:
        """Nothing runs."""


class AsgiTurn:
    """A request that falls through to the ASGI application, in uvicorn's own hands."""

    __slots__ = ("_app", "_cycle", "_line")

    def __init__(self, line: Line, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._line = line
        self._cycle = cycle
        self._app = app

    @property
    def keep(self) -> bool:
        return self._cycle.keep_alive

    def take(self) -> None:
        self._line.start_asgi(self._cycle, self._app)

    def feed(self, data: bytes) -> None:
        self._line.asgi_body(data)

    def complete(self) -> None:
        self._line.asgi_complete()

    def withdraw(self) -> bool:
        if self._cycle.response_started:
            return False
        self.lost()
        return True

    def lost(self) -> None:
        """The application is told http.disconnect; what it still sends goes nowhere."""
        self._cycle.disconnected = True
        self._cycle.message_event.set()

    def cut(self) -> None:
        if self.withdraw():
            self._line.active = None
            self._line.refuse(shutting_down())
        else:
            self.lost()
            self._line.broken(flush=True)


def shutting_down() -> Refusal:
    why = "the gateway is shutting down; please send the request again"
    return Refusal("draining", Draining(why, retry_after=1.0))
