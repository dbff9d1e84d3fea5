"""An answer that has begun: whole, or a stream with its first content in hand."""

import asyncio
from collections.abc import Mapping

from msgspec.structs import replace

from trunkline.canon.answer import Answer
from trunkline.canon.content import Reasoning, Refusal, Text, ToolCall
from trunkline.canon.errors import GatewayError, TimedOut
from trunkline.canon.request import Request
from trunkline.canon.usage import Usage
from trunkline.dialects.base import ServerDialect, Sighting, Stamp
from trunkline.flow.pipes import Pipe
from trunkline.transport.base import UpstreamResponse

# After the last event a well-behaved upstream ends its body at once; the client never waits for it.
_LINGER = 0.25


class WholeAnswer:
    """An answer in one piece."""

    __slots__ = ("body", "delivered", "usage")

    def __init__(self, body: bytes, usage: Usage | None, delivered: list[str]) -> None:
        self.body = body
        self.usage = usage
        self.delivered = delivered

    @classmethod
    def translated(
        cls, answer: Answer, server: ServerDialect, request: Request, stamp: Stamp
    ) -> "WholeAnswer":
        body = server.encode_answer(answer, request, stamp)
        return cls(body, answer.usage, spoken(answer))

    def close(self) -> None:
        """Nothing is held open."""


class LiveAnswer:
    """
    A stream of which the first content has arrived; what came before it was held back.

    So until `open` returns, another deployment can still take over unseen.
    """

    __slots__ = ("_at_end", "_held", "_response", "pipe")

    def __init__(self, response: UpstreamResponse, pipe: Pipe) -> None:
        self._response = response
        self.pipe = pipe
        self._held = b""
        self._at_end = False

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
            raise TimedOut(f"the provider sent no content within {limit:.0f} s") from None

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

    async def next(self) -> bytes:
        """More for the client, possibly nothing. Raises GatewayError; see `before_error`."""
        if self._held:
            held, self._held = self._held, b""
            return held
        return await self._read()

    def before_error(self) -> bytes:
        """What the client should still get when `next` raised."""
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
            return self.pipe.feed(data)
        self._at_end = True
        return self.pipe.finish()


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
