"""A passing stream watched: how far it is, what it used, whether it failed."""

import re

from trunkline.canon.errors import Garbled, GatewayError
from trunkline.canon.usage import Usage
from trunkline.dialects.base import Sighting
from trunkline.dialects.gemini.decode_error import decode_inline
from trunkline.dialects.gemini.quick import usual
from trunkline.dialects.gemini.usage import read_usage, usage_of
from trunkline.dialects.gemini.wire import (
    PART,
    RESPONSE,
    Candidate,
    FunctionCall,
    Response,
    block_reason,
    present,
)
from trunkline.dialects.google_errors import stream_error
from trunkline.dialects.raws import NOT_JSON
from trunkline.wire.sse import frames

# Atomic, so that no CRLF is taken for two ends of lines.
_BLANK_LINE = re.compile(rb"(?>\r\n|\r|\n){2}")


class StreamWatcher:
    """
    The contract is dialects.base.Watcher; usage always comes, so nothing is held back.

    There is no sentinel, and something may yet follow a finish reason: it is never ENDED.
    """

    __slots__ = ("_finished", "_seen", "before_error", "delivered", "sighting", "usage")

    def __init__(self) -> None:
        self.sighting = Sighting.NOTHING
        self.usage: Usage | None = None
        self.delivered: list[str] = []
        self.before_error = b""
        self._seen: set[int] = set()
        self._finished: set[int] = set()

    def feed(self, events: bytes) -> bytes:
        seen = 0
        try:
            for _, payload in frames(events):
                if payload.strip():
                    self._see(payload)
                seen += 1
        except GatewayError:
            self.before_error = _first(seen, events)
            raise
        except NOT_JSON as error:
            self.before_error = _first(seen, events)
            bad = Garbled("the provider sent an unreadable event", detail=str(error)[:500])
            raise bad from None
        return events

    def fault(self, error: GatewayError, request_id: str) -> bytes:
        return stream_error(error, request_id)

    def _see(self, payload: bytes) -> None:
        told = usual(payload)
        if told is None:
            self._look(RESPONSE.decode(payload))
            return
        for candidate in told.candidates:
            self._seen.add(candidate.index)
            for piece in candidate.content.parts:
                if piece.text:
                    self.delivered.append(piece.text)
                    if self.sighting is Sighting.NOTHING:
                        self.sighting = Sighting.CONTENT
        self.usage = usage_of(told.usage_metadata) or self.usage

    def _look(self, response: Response) -> None:
        if (told := present(response.error)) is not None:
            raise decode_inline(told)
        for candidate in response.candidates or ():
            self._listen(candidate)
        usage = read_usage(response.usage_metadata)
        if usage is not None:
            self.usage = usage
        refused = not self._seen and block_reason(response.prompt_feedback)
        if refused or (self._seen and self._finished >= self._seen):
            self.sighting = Sighting.FINISHED

    def _listen(self, candidate: Candidate) -> None:
        index = candidate.index or 0
        self._seen.add(index)
        content = candidate.content
        for raw in (content.parts if content is not None else None) or ():
            part = PART.decode(raw)
            if part.function_call is not None:
                self._called(part.function_call)
            elif part.text:
                self.delivered.append(part.text)
            elif part.text is not None and not part.thought_signature:
                continue
            if self.sighting is Sighting.NOTHING:
                self.sighting = Sighting.CONTENT
        if candidate.finish_reason:
            self._finished.add(index)

    def _called(self, call: FunctionCall) -> None:
        if call.name:
            self.delivered.append(call.name)
        if (args := present(call.args)) is not None:
            self.delivered.append(bytes(args).decode("utf-8", "replace"))
        self.delivered += [p.string_value for p in call.partial_args or () if p.string_value]


def _first(count: int, events: bytes) -> bytes:
    """The bytes of the first `count` events, comments before the next included."""
    start = 0
    for boundary in _BLANK_LINE.finditer(events):
        count -= len(frames(events[start : boundary.end()]))
        if count < 0:
            break
        start = boundary.end()
    return events[:start]
