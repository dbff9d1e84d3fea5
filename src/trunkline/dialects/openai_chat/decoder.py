"""An upstream's stream to canonical events."""

from collections.abc import Mapping, Sequence

from msgspec import UNSET, Raw, ValidationError

from trunkline.canon.errors import Disconnected, Garbled, GatewayError
from trunkline.canon.event import (
    Burst,
    Ended,
    Event,
    Faulted,
    PartDelta,
    Started,
    UsageReported,
)
from trunkline.canon.fold import unfold
from trunkline.dialects.openai_chat.block import CONTENT, DONE, decode_block, is_done
from trunkline.dialects.openai_chat.decode_answer import NO_ERRORS, UNFINISHED, decode_answer
from trunkline.dialects.openai_chat.usage import read_usage, usage_in
from trunkline.dialects.openai_chat.voice import Parts, Voice
from trunkline.dialects.openai_chat.wire import CHUNK, NAME, TOLERANT_CHUNK, Chunk, Delta, read_head
from trunkline.dialects.openai_failures import decode_error
from trunkline.dialects.raws import NOT_JSON, RAW_MAP
from trunkline.wire.run import RunReader
from trunkline.wire.sse import Splitter, frames


class StreamDecoder:
    """
    One per answer. A fault ends it: whatever is wrong with an event becomes Faulted behind the
    events before it, so that no chunking loses one of them.
    """

    __slots__ = (
        "_closed",
        "_early",
        "_parts",
        "_runs",
        "_said",
        "_splitter",
        "_started",
        "_voice",
        "_voices",
    )

    def __init__(self, *, think_tags: bool = False) -> None:
        self._splitter = Splitter()
        self._parts = Parts(think_tags)
        self._voices: dict[int, Voice] = {}
        self._runs = RunReader()
        self._voice = Voice(0, self._parts)
        self._said = self._voice.speaking
        """Whose text the run at hand is, and of which part."""
        self._early: Mapping[str, Raw] = {}
        self._started = False
        self._closed = False

    def feed(self, data: bytes) -> Burst:
        if self._closed:
            return ()
        block = self._splitter.feed(data)
        events: list[Event] = []
        if not block:
            return events
        if not self._started:
            block = self._read_first(block, events)
        if not self._started:
            self._each(block, events)
            return events
        for strings, piece in self._runs.cut(block):
            if strings:
                self._more(strings, piece, events)
            elif not self._read(piece, events):
                break
        return events

    def _more(self, strings: Sequence[str], piece: bytes, events: list[Event]) -> None:
        """A run: more text of the part that was open when it was learned, if that still is."""
        if self._voice.speaking == self._said:
            events += [PartDelta(self._said, string) for string in strings if string]
        else:
            self._runs.forget()
            self._read(piece, events)

    def _read(self, block: bytes, events: list[Event]) -> bool:
        """What no run covers. False when the answer is over."""
        done = is_done(block)
        chunks = decode_block(block[: -len(DONE)] if done else block, CHUNK)
        if chunks is None:
            return self._each(block, events)
        for chunk in chunks:
            if not self._take(chunk, events):
                return False
        if done:
            return self._end(events)
        if (
            len(chunks) == 1
            and (voice := self._plain(chunks[0]))
            and self._runs.learn(block, CONTENT)
        ):
            self._voice, self._said = voice, voice.speaking
        return True

    def _plain(self, chunk: Chunk) -> Voice | None:
        """Whose text it holds, when it holds nothing else."""
        choices = chunk.choices
        if not choices or len(choices) > 1 or chunk.usage is not None or chunk.x_groq is not None:
            return None
        choice = choices[0]
        delta, voice = choice.delta, self._voices[choice.index]
        if voice.speaking < 0 or choice.finish_reason or choice.logprobs:
            return None
        return voice if delta is not None and delta.content and _is_text_alone(delta) else None

    def _each(self, block: bytes, events: list[Event]) -> bool:
        """Event by event. False when the answer is over."""
        return all(self._read_one(name, payload, events) for name, payload in frames(block))

    def _read_first(self, block: bytes, events: list[Event]) -> bytes:
        """Up to the first blank line; the rest, once that has shown whose answer it is."""
        cut = block.find(b"\n\n") + 2
        if cut < 2:
            return block
        for name, payload in frames(block[:cut]):
            if not self._read_one(name, payload, events):
                return b""
        return block[cut:]

    def finish(self) -> Burst:
        if self._closed:
            return ()
        events: list[Event] = []
        rest = self._splitter.rest()
        if not self._started and rest.lstrip()[:1] in (b"{", b"["):
            return self._read_whole(rest)
        for name, payload in frames(rest) if rest.strip() else ():
            # Half an event: harmless behind the finish, the sign of a cut before it.
            whole = _is_json(payload) or payload.startswith(b"[DONE]")
            if whole and not self._read_one(name, payload, events):
                return events
        if not self._finished():
            raise Disconnected(UNFINISHED)
        self._end(events)
        return events

    def _read_one(self, name: bytes, payload: bytes, events: list[Event]) -> bool:
        """False when the answer is over."""
        if payload.startswith(b"[DONE]"):
            return self._end(events)
        if not payload.strip():
            return True
        if name == b"error":
            return self._fault(decode_error(200, (), payload), events)
        try:
            chunk = _read_chunk(payload)
            if not self._started:
                self._start(payload, events)
        except NOT_JSON as error:
            bad = Garbled("the provider sent an unreadable event", detail=str(error))
            return self._fault(bad, events)
        return self._take(chunk, events)

    def _start(self, payload: bytes, events: list[Event]) -> None:
        fields = RAW_MAP.decode(payload)
        head = read_head(fields)
        extra = {**self._early, **head.extra}
        if not head.id and bytes(fields.get("choices", b"[]")) == b"[]":
            # Azure's first event tells of its content filter alone, its id and model empty.
            self._early = extra
            return
        self._started = True
        events.append(Started(head.id, head.model, head.created, extra, NAME))

    def _take(self, chunk: Chunk, events: list[Event]) -> bool:
        """False when the answer is over."""
        if chunk.error is not UNSET and bytes(chunk.error) not in NO_ERRORS:
            self._report(chunk, events)
            told = decode_error(200, (), b'{"error":' + bytes(chunk.error) + b"}")
            return self._fault(told, events)
        for choice in chunk.choices or ():
            voice = self._voices.get(choice.index)
            if voice is None:
                voice = self._voices[choice.index] = Voice(choice.index, self._parts)
            delta = choice.delta
            if delta is not None:
                content = delta.content
                if voice.speaking >= 0 and content.__class__ is str and _is_text_alone(delta):
                    if content:
                        events.append(PartDelta(voice.speaking, content))
                elif not voice.finished:
                    voice.take(delta, events)
            if choice.logprobs:
                voice.weigh(choice.logprobs, events)
            if choice.finish_reason:
                fault = voice.finish(choice.finish_reason, events)
                if fault is not None:
                    return self._fault(fault, events)
        if chunk.usage is not None or chunk.x_groq is not None:
            self._report(chunk, events)
        return True

    def _report(self, chunk: Chunk, events: list[Event]) -> None:
        usage = read_usage(usage_in(chunk), chunk.service_tier)
        if usage is not None and self._started:
            events.append(UsageReported(usage))

    def _end(self, events: list[Event]) -> bool:
        """
        At the sentinel. It says that the answer is whole, even to who left out why it finished:
        OpenRouter and Snowflake do (recorded 2025-07 and 2026-08).
        """
        if not self._voices:
            return self._fault(Disconnected(UNFINISHED), events)
        for voice in self._voices.values():
            voice.finish("", events)
        events.append(Ended())
        self._closed = True
        return False

    def _fault(self, error: GatewayError, events: list[Event]) -> bool:
        events.append(Faulted(error))
        self._closed = True
        return False

    def _finished(self) -> bool:
        return bool(self._voices) and all(voice.finished for voice in self._voices.values())

    def _read_whole(self, body: bytes) -> Burst:
        """A provider that does not stream answers with the whole, or with an error."""
        self._closed = True
        try:
            return unfold(decode_answer(body, think_tags=self._parts.think_tags))
        except GatewayError as error:
            return (Faulted(error),)


def _is_text_alone(delta: Delta) -> bool:
    """What nearly every delta is."""
    return (
        delta.tool_calls is None
        and delta.reasoning_content is None
        and delta.reasoning is None
        and delta.reasoning_details is None
        and delta.refusal is None
        and delta.annotations is None
        and delta.function_call is None
        and delta.audio is None
    )


def _read_chunk(payload: bytes) -> Chunk:
    if not payload.isascii():
        payload.decode()
    try:
        return CHUNK.decode(payload)
    except ValidationError:
        tolerant = TOLERANT_CHUNK.decode(payload)
        return Chunk(choices=tolerant.choices, error=tolerant.error)


def _is_json(payload: bytes) -> bool:
    try:
        RAW_MAP.decode(payload)
    except NOT_JSON:
        return False
    return True
