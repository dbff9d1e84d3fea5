"""An answer that has begun: whole, or a stream with its first content in hand."""

import asyncio
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from trunkline.canon.answer import Answer
from trunkline.canon.content import Reasoning, Refusal, Text, ToolCall
from trunkline.canon.errors import Disconnected, GatewayError, TimedOut
from trunkline.canon.request import Request
from trunkline.canon.usage import Usage
from trunkline.dialects.base import ServerDialect, Sighting, Stamp
from trunkline.flow.base import Reply
from trunkline.flow.pipes import Pipe
from trunkline.kernel.clock import Clock
from trunkline.transport.base import Sink, UpstreamResponse

# After the last event a well-behaved upstream ends its body at once; the client never waits for it.
_LINGER = 0.25
# A line that takes longer than the idle clock must grow by that much meanwhile, as the edge asks
# of its clients: an image in base64 does, single bytes that keep the transport's clock from
# running out do not.
_PROGRESS = 16 << 10


class WholeAnswer:
    """An answer in one piece."""

    __slots__ = ("_write", "body", "delivered", "usage")

    def __init__(
        self,
        body: bytes,
        usage: Usage | None,
        delivered: list[str],
        write: Callable[[Usage], bytes] | None = None,
    ) -> None:
        """`write`: the body with another usage; None for one that passes as it came."""
        self.body = body
        self.usage = usage
        self.delivered = delivered
        self._write = write

    @classmethod
    def translated(
        cls, answer: Answer, server: ServerDialect, request: Request, stamp: Stamp
    ) -> "WholeAnswer":
        def write(usage: Usage) -> bytes:
            return server.encode_answer(replace(answer, usage=usage), request, stamp)

        body = server.encode_answer(answer, request, stamp)
        return cls(body, answer.usage, spoken(answer), write)

    def tell(self, usage: Usage) -> None:
        """The provider's own count was lacking: the client reads what is billed."""
        if self._write is not None:
            self.body = self._write(usage)

    def close(self) -> None:
        """Nothing is held open."""


class LiveAnswer:
    """
    A stream of which the first content has arrived; what came before it was held back.

    So until `open` returns, another deployment can still take over unseen.
    """

    __slots__ = (
        "_at_end",
        "_clock",
        "_held",
        "_idle",
        "_line_bytes",
        "_line_since",
        "_response",
        "pipe",
    )

    def __init__(self, response: UpstreamResponse, pipe: Pipe, clock: Clock, idle: float) -> None:
        """`idle`: seconds within which a line must end, or grow."""
        self._response = response
        self.pipe = pipe
        self._clock = clock
        self._idle = idle
        self._held = b""
        self._at_end = False
        self._line_since = 0.0
        """When the line began that has not ended yet; 0 when there is none."""
        self._line_bytes = 0

    async def open(self, limit: float) -> None:
        """Read until content; `limit` in seconds. Raises GatewayError."""
        while self._silent and self._response.complete:
            self._held += await self._read()  # all is here: no clock needs to run
        if not self._silent:
            return
        try:
            async with asyncio.timeout(limit):
                while self._silent:
                    self._held += await self._read()
        except TimeoutError:
            raise TimedOut("the provider sent no content in time") from None

    @property
    def _silent(self) -> bool:
        return self.pipe.sighting is Sighting.NOTHING and not self._at_end

    @property
    def usage(self) -> Usage | None:
        return self.pipe.usage

    @property
    def delivered(self) -> list[str]:
        return self.pipe.delivered

    @property
    def ended(self) -> bool:
        """Nothing more will come: the sentinel was seen, or the body is over."""
        return self._at_end or self.pipe.sighting is Sighting.ENDED

    async def pour(self, reply: Reply) -> bytes:
        """
        Write all that comes but the last piece: that is returned, for when the books are closed.

        Raises GatewayError; see `before_error`.
        """
        held, self._held = self._held, b""
        if self.ended:
            return held
        reply.write(held)
        last = b""

        def sink(data: bytes) -> bool:
            nonlocal last
            passed = self._pass(data)
            if self.pipe.sighting is Sighting.ENDED:
                last = passed
                return True
            if passed:
                reply.write(passed)
            return reply.crowded

        while True:
            await reply.drain()
            if await self._pump(sink):
                return self.pipe.finish()
            if self.pipe.sighting is Sighting.ENDED:
                return last

    def before_error(self) -> bytes:
        """What the client should still get when `pour` raised."""
        return self._held + self.pipe.before_error

    async def linger(self) -> None:
        """Let the upstream finish its framing, so that the connection can be used again."""
        if not self._response.complete:
            try:
                async with asyncio.timeout(_LINGER):
                    await self._response.read()
            except (TimeoutError, GatewayError):
                return

    def close(self) -> None:
        self._response.close()

    async def _read(self) -> bytes:
        data = await self._response.read()
        if data:
            return self._pass(data)
        self._at_end = True
        return self.pipe.finish()

    async def _pump(self, sink: Sink) -> bool:
        """True at the end of the body, or where only a sentinel is missing from it."""
        try:
            at_end = await self._response.pump(sink)
        except (Disconnected, TimedOut):
            if self.pipe.sighting is not Sighting.FINISHED:
                raise
            at_end = True  # it has said why it finished
        self._at_end = at_end
        return at_end

    def _pass(self, data: bytes) -> bytes:
        passed = self.pipe.feed(data)
        if passed or b"\n" in data or b"\r" in data:
            self._line_since = 0.0
        else:
            self._mind_the_line(len(data))
        return passed

    def _mind_the_line(self, size: int) -> None:
        """Bytes came, and with them no event. Raises TimedOut when that goes on for too long."""
        now = self._clock.monotonic()
        if not self._line_since:
            self._line_since, self._line_bytes = now, 0
        self._line_bytes += size
        if now - self._line_since > self._idle:
            if self._line_bytes < _PROGRESS:
                raise TimedOut("the provider sends its answer too slowly")
            self._line_since, self._line_bytes = now, 0


def spoken(answer: Answer) -> list[str]:
    """The text of an answer, for counting."""
    said: list[str] = []
    for choice in answer.choices:
        for part in choice.parts:
            match part:
                case Text(text=text) | Reasoning(text=text) | Refusal(text=text):
                    said.append(text)
                case ToolCall(name=name, arguments=arguments):
                    said += (name, arguments)
                case _:
                    pass
    return said


def restore_names(answer: Answer, names: Mapping[str, str]) -> Answer:
    """Tool names that were too long for the upstream come back as the client wrote them."""
    if not names:
        return answer
    choices = tuple(
        replace(
            choice,
            parts=tuple(
                replace(part, name=names.get(part.name, part.name))
                if isinstance(part, ToolCall)
                else part
                for part in choice.parts
            ),
        )
        for choice in answer.choices
    )
    return replace(answer, choices=choices)
