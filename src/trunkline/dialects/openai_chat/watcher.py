"""Looks at a stream that passes through untouched: how far it is, what it costs, what was said."""

import re
from collections.abc import Iterator

from msgspec import UNSET, ValidationError

from trunkline.canon.errors import Disconnected, Garbled, GatewayError
from trunkline.canon.usage import Usage
from trunkline.dialects.base import Sighting
from trunkline.dialects.openai_chat.block import CONTENT, DONE, decode_block, is_done
from trunkline.dialects.openai_chat.decode_answer import (
    NO_ERRORS,
    UNFINISHED,
    arguments_of,
    broken_off,
    name_of,
    thought_in,
)
from trunkline.dialects.openai_chat.finish import FAILURES
from trunkline.dialects.openai_chat.reasoning import shown_in
from trunkline.dialects.openai_chat.usage import read_usage, usage_in
from trunkline.dialects.openai_chat.wire import (
    CHUNK,
    TOLERANT_CHUNK,
    Call,
    Chunk,
    ChunkChoice,
    Delta,
)
from trunkline.dialects.openai_errors import stream_error
from trunkline.dialects.openai_failures import decode_error
from trunkline.dialects.raws import NOT_JSON, RAW_MAP
from trunkline.wire.run import RunReader
from trunkline.wire.sse import frames

# Atomic, so that no CRLF is taken for two ends of lines.
_BLANK_LINE = re.compile(rb"(?>\r\n|\r|\n){2}")


class StreamWatcher:
    __slots__ = (
        "_finished",
        "_more",
        "_runs",
        "_seen",
        "_thinks_aloud",
        "_wants_usage",
        "before_error",
        "delivered",
        "sighting",
        "usage",
    )

    def __init__(self, *, wants_usage: bool) -> None:
        self._wants_usage = wants_usage
        self._runs = RunReader()
        self._more = False
        """The event just seen was more text of a choice that speaks already, and nothing else."""
        self._seen: set[int] = set()
        self._finished: set[int] = set()
        self._thinks_aloud = False
        """Thinking has a field of its own: what `reasoning_details` repeat of it is not said twice."""
        self.sighting = Sighting.NOTHING
        self.usage: Usage | None = None
        self.delivered: list[str] = []
        self.before_error = b""

    def feed(self, events: bytes) -> bytes:
        self.before_error = b""
        passed = []
        for strings, piece in self._runs.cut(events):
            if strings:
                self.delivered += strings
                passed.append(piece)
                continue
            try:
                passed.append(self._look_at(piece))
            except GatewayError:
                self.before_error = b"".join(passed) + self.before_error
                raise
            if self._more:
                self._runs.learn(piece, CONTENT)
        return passed[0] if len(passed) == 1 else b"".join(passed)

    def _look_at(self, events: bytes) -> bytes:
        self._more = False
        done = is_done(events)
        block = events[: -len(DONE)] if done else events
        chunks = decode_block(block, CHUNK) if block else []
        if chunks is None:
            return self._one_by_one(events)
        hidden: list[int] = []
        seen, said, silent = self._seen, self.delivered, Sighting.NOTHING
        for position, chunk in enumerate(chunks):
            choices = chunk.choices
            # What nearly every event is, more text of a choice that speaks already, is seen to
            # here and at once: a call per event would double what watching costs.
            if choices and len(choices) == 1 and chunk.usage is None and chunk.error is UNSET:
                choice = choices[0]
                delta = choice.delta
                if delta is not None and not choice.finish_reason and choice.index in seen:
                    content = delta.content
                    plain = content.__class__ is str and delta.tool_calls is None
                    if plain and content and self.sighting is not silent:
                        said.append(content)  # type: ignore[arg-type] # its class was just looked at
                        self._more = True
                        continue
            self._more = False
            try:
                if not self._passes(chunk):
                    hidden.append(position)
            except GatewayError:
                self.before_error = _without(block, [*hidden, *range(position, len(chunks))])
                raise
        if hidden:
            block = _without(block, hidden)
            events = block + DONE if done else block
        if done:
            self._end(before=block)
        return events

    def fault(self, error: GatewayError, request_id: str) -> bytes:
        return stream_error(error)

    def _passes(self, chunk: Chunk) -> bool:
        """False for a usage event that only we asked for. Raises the error an event tells of."""
        if chunk.error is not UNSET and bytes(chunk.error) not in NO_ERRORS:
            self._count(chunk)
            raise decode_error(200, (), b'{"error":' + bytes(chunk.error) + b"}")
        self._count(chunk)
        if chunk.choices:
            self._look(chunk.choices)
            return True
        return chunk.usage is None or self._wants_usage

    def _end(self, before: bytes) -> None:
        if not self._seen:
            self.before_error = before
            raise Disconnected(UNFINISHED)
        self.sighting = Sighting.ENDED

    def _look(self, choices: list[ChunkChoice]) -> None:
        for choice in choices:
            self._seen.add(choice.index)
            if choice.delta is not None:
                self._listen(choice.delta)
            if choice.finish_reason:
                self._finish(choice)

    def _listen(self, delta: Delta) -> None:
        said = list(_said(delta))
        if delta.reasoning_content or delta.reasoning:
            self._thinks_aloud = True
        elif delta.reasoning_details and not self._thinks_aloud:
            said += filter(None, [shown_in(delta.reasoning_details)])
        if said:
            self.delivered += said
        if (said or delta.audio) and self.sighting is Sighting.NOTHING:
            self.sighting = Sighting.CONTENT

    def _finish(self, choice: ChunkChoice) -> None:
        word = choice.finish_reason or ""
        if word in FAILURES:
            raise broken_off(word)
        self._finished.add(choice.index)
        if self._finished >= self._seen and self.sighting is not Sighting.ENDED:
            self.sighting = Sighting.FINISHED

    def _count(self, chunk: Chunk) -> None:
        """The last report counts; none is added to another."""
        usage = read_usage(usage_in(chunk), chunk.service_tier)
        if usage is not None:
            self.usage = usage

    def _one_by_one(self, events: bytes) -> bytes:
        """Any other form: comments, names, other ends of lines, something wrong."""
        passed: list[bytes] = []
        for event in _cut(events):
            found = frames(event)
            try:
                if not found or self._passes_frame(*found[0]):
                    passed.append(event)
            except GatewayError:
                self.before_error = b"".join(passed)
                raise
        return b"".join(passed)

    def _passes_frame(self, name: bytes, payload: bytes) -> bool:
        if payload.startswith(b"[DONE]"):
            self._end(before=b"")
            return True
        if name == b"error":
            raise decode_error(200, (), payload)
        chunk = _read(payload)
        if chunk is None:
            # JSON, but of no shape we know: a client may, so it is something to miss.
            if self.sighting is Sighting.NOTHING:
                self.sighting = Sighting.CONTENT
            return True
        return self._passes(chunk)


def _without(block: bytes, positions: list[int]) -> bytes:
    """A block of plain events (see block.py) without those at `positions`."""
    events = block.split(b"\n\n")[:-1]
    return b"".join(event + b"\n\n" for n, event in enumerate(events) if n not in positions)


def _said(delta: Delta) -> Iterator[str]:
    content = delta.content
    if isinstance(content, list):
        content = "".join(thought_in(segment) + segment.text for segment in content)
    calls = list(delta.tool_calls or ())
    if delta.function_call is not None:
        calls.append(Call(function=delta.function_call))
    for piece in (delta.reasoning_content or delta.reasoning, content, delta.refusal):
        if piece:
            yield piece
    for call in calls:
        yield from filter(None, (name_of(call), arguments_of(call)))


def _read(payload: bytes) -> Chunk | None:
    if not payload.strip():
        return Chunk()
    try:
        if not payload.isascii():
            payload.decode()
        return CHUNK.decode(payload)
    except ValidationError:
        return _read_tolerantly(payload)
    except NOT_JSON as error:
        raise Garbled("the provider sent an unreadable event", detail=str(error)) from None


def _read_tolerantly(payload: bytes) -> Chunk | None:
    try:
        tolerant = TOLERANT_CHUNK.decode(payload)
        return Chunk(choices=tolerant.choices, error=tolerant.error)
    except NOT_JSON:
        pass
    try:
        RAW_MAP.decode(payload)
    except NOT_JSON as error:
        raise Garbled("the provider sent an unreadable event", detail=str(error)) from None
    return None


def _cut(events: bytes) -> Iterator[bytes]:
    """Event by event, each with the blank line behind it."""
    start = 0
    for match in _BLANK_LINE.finditer(events):
        yield events[start : match.end()]
        start = match.end()
    if start < len(events):
        yield events[start:]
