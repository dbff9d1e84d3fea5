"""A request on the hot path: its body on the way in, its answer on the way out, one object."""

import asyncio

from trunkline.canon.errors import GatewayError
from trunkline.canon.exchange import Headers
from trunkline.edge import answers
from trunkline.edge.turns import Line, shutting_down
from trunkline.flow.base import Call, Endpoint, Reply

_NEW = 0
_STARTED = 1
"""`start` was called; the head waits for the first chunk."""
_STREAMING = 2
_DONE = 3
_LOST = 4
"""The client is gone: whatever is written goes nowhere."""


# Bodies come in a few large pieces. One cut into tiny chunks would cost twenty times its size as
# a list, so beyond this many the pieces are folded into one buffer.
_MANY = 256


class HotReply:
    """
    Collects the body, runs the call as a task, and frames what it writes.

    To an HTTP/1.0 client a stream is sent unframed and ended by closing (RFC 9112 section 6.3).
    """

    __slots__ = (
        "_call",
        "_chunked",
        "_complete",
        "_cut",
        "_endpoint",
        "_expects",
        "_folded",
        "_head",
        "_keep",
        "_line",
        "_parts",
        "_state",
        "_task",
    )

    def __init__(
        self, line: Line, call: Call, endpoint: Endpoint, *, keep: bool, chunked: bool
    ) -> None:
        """`keep`: the client lets the connection live on. `chunked`: it knows chunks."""
        self._line = line
        self._call = call
        self._endpoint = endpoint
        self._keep = keep
        self._chunked = chunked
        self._state = _NEW
        self._complete = False
        self._expects = False
        self._cut = False
        self._head = b""
        self._parts: list[bytes] = []
        self._folded: bytearray | None = None
        self._task: asyncio.Task[None] | None = None

    # -- Turn: on the way in ---------------------------------------------------------------

    def take(self) -> None:
        if self._complete:
            self._begin()
        elif self._expects:
            self._line.transport.write(answers.CONTINUE)

    def expect_continue(self) -> None:
        """The client holds its body back until it is told that it may come."""
        self._expects = True
        if self._line.active is self:
            self.take()

    def feed(self, data: bytes) -> None:
        self._parts.append(data)
        if len(self._parts) > _MANY:
            self._fold()

    def _fold(self) -> bytearray:
        if self._folded is None:
            self._folded = bytearray()
        self._folded += b"".join(self._parts)
        self._parts.clear()
        return self._folded

    def complete(self) -> None:
        self._complete = True
        if self._line.active is self:
            self._begin()

    def withdraw(self) -> bool:
        """Only while the body is coming, so nothing runs yet."""
        self._forget()
        return True

    def lost(self) -> None:
        if self._state == _DONE:
            return
        self._forget()
        if self._task is not None:
            self._line.context.cancelled += 1
            self._cancel(self._task)

    def _forget(self) -> None:
        self._state = _LOST
        self._parts.clear()
        self._folded = None

    def cut(self) -> None:
        self._cut = True
        if self._task is None:
            self._line.refuse(shutting_down())
        else:
            self._cancel(self._task)

    def _cancel(self, task: asyncio.Task[None]) -> None:
        task.add_done_callback(self._cancelled)
        task.cancel()

    def _cancelled(self, task: asyncio.Task[None]) -> None:
        """A task cancelled before its first step never enters `_run`."""
        self._line.context.running.discard(task)
        if self._cut and self._state < _DONE:
            self._fail(shutting_down().error)

    def _begin(self) -> None:
        line, parts = self._line, self._parts
        if self._folded is not None:
            body = bytes(self._fold())
            self._folded = None
        else:
            body = parts[0] if len(parts) == 1 else b"".join(parts)
        parts.clear()
        self._task = line.loop.create_task(self._run(body))
        line.context.running.add(self._task)  # asyncio holds tasks but weakly

    async def _run(self, body: bytes) -> None:
        context = self._line.context
        try:
            await self._call.run(body, self)
            if self._state < _DONE:
                self._fail(context.bug(RuntimeError(f"{self._call!r} did not answer")))
        except GatewayError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001 - one request's bug must not touch another
            self._fail(context.bug(error))
        finally:
            if self._task is not None:
                context.running.discard(self._task)

    def _fail(self, error: GatewayError) -> None:
        """Tell of it while an answer can still be given, else break off."""
        if self._state > _STARTED:
            self.abort()
            return
        self._state = _NEW
        told = self._line.context.render(error, self._endpoint)
        self.whole(told.status, told.headers, told.body)

    # -- Reply: on the way out -------------------------------------------------------------

    @property
    def started(self) -> bool:
        return self._state != _NEW

    @property
    def draining(self) -> bool:
        return self._cut

    def whole(self, status: int, headers: Headers, body: bytes) -> None:
        if self._state != _NEW:
            self._refuse_misuse()
            return
        line = self._line
        context = line.context
        keep = self._keep and not context.draining
        answer = answers.whole(status, context.date, headers, body, keep=keep)
        self._state = _DONE
        line.transport.write(answer)
        line.answered(keep=keep)

    def start(self, status: int, headers: Headers) -> None:
        if self._state != _NEW:
            self._refuse_misuse()
            return
        context = self._line.context
        self._keep = self._keep and self._chunked and not context.draining
        framing = answers.CHUNKED if self._chunked else b""
        if not self._keep:
            framing += answers.CLOSE
        self._head = answers.head(status, context.date, headers, framing)
        self._state = _STARTED

    def write(self, data: bytes) -> None:
        if not data:
            return  # an empty chunk would end the body
        if self._chunked:
            data = answers.chunk(data)
        if self._state == _STREAMING:
            self._line.transport.write(data)
        elif self._state == _STARTED:
            self._state = _STREAMING
            self._line.transport.write(self._head + data)
        else:
            self._refuse_misuse()

    @property
    def crowded(self) -> bool:
        return self._line.flow.write_paused

    async def drain(self) -> None:
        flow = self._line.flow
        if flow.write_paused:
            await flow.drain()

    def end(self, last: bytes = b"") -> None:
        if self._state not in (_STARTED, _STREAMING):
            self._refuse_misuse()
            return
        if self._chunked:
            last = answers.chunk(last) + answers.LAST_CHUNK if last else answers.LAST_CHUNK
        if self._state == _STARTED:
            last = self._head + last
        self._state = _DONE
        if last:
            self._line.transport.write(last)
        self._line.answered(keep=self._keep)

    def abort(self) -> None:
        if self._state < _DONE:
            # A chunked body without its last chunk is seen to be broken, so what was written
            # may still arrive; one that ends by closing can only be broken by a reset.
            flush = self._chunked and self._state == _STREAMING
            self._state = _DONE
            self._line.broken(flush=flush)

    def _refuse_misuse(self) -> None:
        if self._state != _LOST:
            raise RuntimeError("the answer has already begun, is finished, or was never started")


def _reply(reply: HotReply) -> Reply:
    """Interface guard."""
    return reply
