"""Looks at chunks that pass through untouched."""

import re

from trunkline.canon.errors import GatewayError
from trunkline.canon.usage import Usage
from trunkline.dialects.base import Sighting
from trunkline.dialects.openai_completions.decode_answer import read_piece
from trunkline.dialects.openai_completions.wire import read_usage
from trunkline.dialects.openai_errors import stream_error
from trunkline.wire.sse import frames

_EVENT = re.compile(rb".+?(?:\r\n\r\n|\n\n|\r\r|\Z)", re.DOTALL)


class StreamWatcher:
    __slots__ = ("_wants_usage", "before_error", "delivered", "sighting", "usage")

    def __init__(self, *, wants_usage: bool) -> None:
        self._wants_usage = wants_usage
        self.sighting = Sighting.NOTHING
        self.usage: Usage | None = None
        self.delivered: list[str] = []
        self.before_error = b""

    def feed(self, events: bytes) -> bytes:
        passed: list[bytes] = []
        for event in _EVENT.findall(events):
            try:
                if self._passes(event):
                    passed.append(event)
            except GatewayError:
                self.before_error = b"".join(passed)
                raise
        return b"".join(passed)

    def fault(self, error: GatewayError, request_id: str) -> bytes:
        return stream_error(error)

    def _passes(self, event: bytes) -> bool:
        """False for a usage event that only we asked for. Raises what an event tells of."""
        for _, data in frames(event):
            if data == b"[DONE]":
                self.sighting = Sighting.ENDED
                return True
            piece = read_piece(data)
            usage = read_usage(piece.usage)
            if usage is not None:
                self.usage = usage
            for choice in piece.choices or ():
                if choice.text:
                    self.delivered.append(choice.text)
                    self._see(Sighting.CONTENT)
                if choice.finish_reason:
                    self._see(Sighting.FINISHED)
            if not piece.choices:
                return self._wants_usage
        return True

    def _see(self, sighting: Sighting) -> None:
        if self.sighting.value < sighting.value:
            self.sighting = sighting
