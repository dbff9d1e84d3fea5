"""One client's connection: answers in order, refusals, deadlines, the end. No parsing here."""

import asyncio
import socket
import struct
from collections import deque
from typing import Any

from msgspec import Struct
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from trunkline.canon.errors import TooSlow
from trunkline.edge import answers
from trunkline.edge.context import EdgeContext
from trunkline.edge.deadlines import Phase, Watch
from trunkline.edge.guards import Refusal
from trunkline.edge.turns import AsgiTurn, RefusedTurn, Turn
from trunkline.flow.base import Endpoint

# socket(7): lingering on, for no time at all.
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Uvicorn(Struct, frozen=True):
    """What uvicorn's class asks for."""

    config: Config
    state: ServerState
    app_state: dict[str, Any]
    """Of the application's lifespan."""


class Connection(HttpToolsProtocol):
    """
    The half of the protocol that writes.

    `active` is the turn whose answer is due, `reading` the one whose body is coming in (often
    the same). Requests that come ahead of their turn wait, and the socket is not read
    meanwhile, so little more than one read is ever held for them. The price: a client that
    leaves while its requests wait is noticed only when the answer before them is written.
    """

    # Beside the dictionary uvicorn's class brings: attributes in slots are found faster than in
    # a dictionary of more than 30 keys, which instances cannot share any more.
    __slots__ = (
        "_watch",
        "active",
        "body_read",
        "closing",
        "context",
        "deaf",
        "in_body",
        "in_head",
        "limits",
        "lingering",
        "peer",
        "reading",
        "turns",
        "waiting",
    )

    def __init__(self, context: EdgeContext, uvicorn: Uvicorn) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(uvicorn.config, uvicorn.state, uvicorn.app_state, loop)
        self.context = context
        self.limits = context.limits
        self.active: Turn | None = None
        self.reading: Turn | None = None
        self.waiting: deque[Turn] = deque()
        self.in_head = False
        self.in_body = False
        self.deaf = False
        """Nothing more is parsed: the connection is about to end."""
        self.lingering = False
        self.closing = False
        """Close as soon as what is under way has been answered."""
        self.turns = 0
        """Requests begun on this connection."""
        self.body_read = 0
        self.peer = ""
        self.url = b""
        self._watch = Watch()

    # -- asyncio ---------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        super().connection_made(transport)
        self.peer = self.client[0] if self.client else ""
        limits = self.limits
        # The low mark is so near that a paused reader must only take `progress_bytes` within
        # its deadline: that the pause lasts is then all the sweep must know.
        high = limits.write_buffer
        transport.set_write_buffer_limits(high, max(0, high - limits.progress_bytes))
        self.context.joined(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.connections.discard(self)
        self.context.left(self)
        self._gone()
        self.flow.resume_writing()
        self.parser = None  # type: ignore[assignment] # as in uvicorn: breaks the cycle between the two

    def eof_received(self) -> None:
        """
        The client will send no more: taken for having left.

        TCP would let it close one direction and still read; no SDK does, and waiting for more
        evidence would keep a provider generating for nobody. So: send the request, and keep
        the socket open until the answer is there.
        """
        if self.active is not None:
            self._gone()
            self.transport.abort()

    def _gone(self) -> None:
        self.deaf = True
        active, self.active, self.reading = self.active, None, None
        self.waiting.clear()
        if active is not None:
            active.lost()

    # -- turns -----------------------------------------------------------------------------

    def enqueue(self, turn: Turn) -> None:
        if self.active is None:
            self.active = turn
            turn.take()
        else:
            self.waiting.append(turn)

    def answered(self, *, keep: bool) -> None:
        self.active = None
        if not keep or self.closing:
            self._hang_up()
        elif self.waiting:
            turn = self.active = self.waiting.popleft()
            if not self.waiting:
                self.flow.resume_reading()
            turn.take()
        else:
            self.flow.resume_reading()

    def on_response_complete(self) -> None:
        """Uvicorn's cycle has written the last of its answer."""
        if isinstance(self.active, AsgiTurn):
            self.answered(keep=self.active.keep)

    def start_asgi(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        super()._start_asgi_task(cycle, app)

    def asgi_body(self, data: bytes) -> None:
        super().on_body(data)

    def asgi_complete(self) -> None:
        super().on_message_complete()

    def broken(self, *, flush: bool) -> None:
        self.active = None
        if not flush:
            self._reset()
        self._hang_up()

    def _hang_up(self) -> None:
        self.deaf = True
        self.waiting.clear()
        self.transport.close()

    def _reset(self) -> None:
        """Close with a RST: an end that nobody can take for a proper one."""
        raw = self.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.transport.abort()

    def linger(self) -> None:
        """
        Close our direction, and drop what comes until the client closes its own.

        To close at once would answer bytes still on their way with a reset, upon which the
        client's system throws away the answer it has not read yet (RFC 9112 section 9.6).
        """
        self.deaf = self.lingering = True
        self.waiting.clear()
        self.reading = None
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()

    # -- refusals --------------------------------------------------------------------------

    def refuse(self, refusal: Refusal) -> None:
        """Answer the request being read with an error, when its turn comes, and close then."""
        self.context.refused(refusal.reason)
        self.deaf = True
        if self._withdraw():
            self.enqueue(self._refusal(refusal, self.known_endpoint(), keep=False))
        elif self.active is None:
            self.linger()  # it has its answer already
        else:
            self.abort()

    def turn_away(self, refusal: Refusal, endpoint: Endpoint | None) -> None:
        """The same, but the connection lives on: the body will be read past."""
        self.context.refused(refusal.reason)
        self.reading = self._refusal(refusal, endpoint, keep=True)
        self.enqueue(self.reading)

    def _refusal(self, refusal: Refusal, endpoint: Endpoint | None, *, keep: bool) -> RefusedTurn:
        told = self.context.render(refusal.error, endpoint)
        answer = answers.whole(told.status, self.context.date, told.headers, told.body, keep=keep)
        if self.parser.get_method() == b"HEAD":
            answer = answer[: len(answer) - len(told.body)]
        return RefusedTurn(self, answer, keep=keep)

    def _withdraw(self) -> bool:
        """Take back the turn being read, if there is one; False when its answer has begun."""
        reading, self.reading = self.reading, None
        if reading is None:
            return True
        if not reading.withdraw():
            return False
        if reading is self.active:
            self.active = None
        elif self.waiting and self.waiting[-1] is reading:
            self.waiting.pop()
        return True

    def known_endpoint(self) -> Endpoint | None:
        """Whose dialect the client of the request being read most likely speaks."""
        routes = self.context.routes.get(self.url.partition(b"?")[0])
        return next(iter(routes.values())) if routes else None

    # -- deadlines and the end -------------------------------------------------------------

    @property
    def phase(self) -> Phase:
        if self.lingering:
            return Phase.LINGERING
        if self.transport.is_closing():
            return Phase.CLOSING
        if self.flow.write_paused:
            return Phase.STALLED
        if self.in_body and self.active in (None, self.reading) and not self.flow.read_paused:
            return Phase.BODY
        if self.active is not None:
            return Phase.ANSWERING
        if self.in_head:
            return Phase.HEAD
        return Phase.IDLE if self.turns else Phase.NEW

    def check(self, now: float) -> None:
        phase = self.phase
        if not self._watch.expired(phase, self.turns, self.body_read, now, self.limits):
            return
        match phase:
            case Phase.HEAD:
                self.refuse(Refusal("slow_head", TooSlow("the headers did not arrive in time")))
            case Phase.BODY:
                why = "the request body did not arrive in time"
                self.refuse(Refusal("slow_body", TooSlow(why)))
            case Phase.STALLED:
                self.context.refused("slow_reader")
                self.abort()
            case Phase.NEW | Phase.IDLE:
                self.transport.close()
            case _:
                self.abort()

    def abort(self) -> None:
        """At once, whatever is unsent; a running call is cancelled."""
        self._gone()
        self.transport.abort()

    def shutdown(self) -> None:
        self.closing = True
        if self.active is None and not self.in_head and not self.in_body:
            self.transport.close()

    def cut(self) -> None:
        if self.active is None:
            self.transport.close()
            return
        self.waiting.clear()
        self.active.cut()

    def __repr__(self) -> str:
        return f"<Connection {self.peer} {self.phase.value}, {self.turns} requests>"
