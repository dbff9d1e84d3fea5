"""An upstream's stream to canonical events."""

from collections.abc import Mapping

from msgspec import Raw

from trunkline.canon.errors import Disconnected, Garbled, GatewayError
from trunkline.canon.event import (
    Burst,
    Ended,
    Event,
    Faulted,
    Started,
    UsageReported,
)
from trunkline.canon.usage import Usage
from trunkline.dialects.gemini.decode_error import decode_inline
from trunkline.dialects.gemini.quick import Usual, usual
from trunkline.dialects.gemini.usage import read_usage, usage_of
from trunkline.dialects.gemini.voice import Parts, Voice
from trunkline.dialects.gemini.wire import (
    NAME,
    RESPONSE,
    Response,
    block_reason,
    extra_of,
    present,
)
from trunkline.dialects.raws import NOT_JSON, RAW_LIST
from trunkline.wire.sse import Splitter, frames

UNFINISHED = "the provider ended its answer before saying why it finished"


class StreamDecoder:
    """
    One per answer. There is no sentinel: an answer whose candidates have all said why they
    finished ends with the body. Whatever is wrong with an event becomes Faulted behind the events
    before it, so that no chunking loses one of them.
    """

    __slots__ = ("_closed", "_parts", "_splitter", "_started", "_usage", "_voices")

    def __init__(self) -> None:
        self._splitter = Splitter()
        self._parts = Parts()
        self._voices: dict[int, Voice] = {}
        self._usage: Usage | None = None
        self._started = False
        self._closed = False

    def feed(self, data: bytes) -> Burst:
        events: list[Event] = []
        if not self._closed:
            whole = self._splitter.feed(data)
            if whole:
                self._read(whole, events)
        return events

    def finish(self) -> Burst:
        events: list[Event] = []
        if self._closed:
            return events
        rest = self._splitter.rest()
        if not self._started and rest.lstrip()[:1] in (b"{", b"["):
            return self.read_whole(rest)
        if rest.strip() and not self._finished:
            # The last event lacks its blank line, or half of itself.
            for _, payload in frames(rest):
                if not self._closed:  # of odd line ends there may be more than one
                    self._take_last(payload, events)
        if events and isinstance(events[-1], Faulted):
            return events
        if not self._finished:
            raise Disconnected(UNFINISHED)
        self._end(events)
        return events

    def read_whole(self, body: bytes) -> Burst:
        """A whole answer, or an array of the chunks of one: what comes without alt=sse."""
        events: list[Event] = []
        try:
            pieces = RAW_LIST.decode(body) if body.lstrip()[:1] == b"[" else [Raw(body)]
        except NOT_JSON as error:
            self._fault(_unreadable(error), events)
            return events
        for piece in pieces:
            if not self._one(bytes(piece), events):
                return events
        if not self._voices:
            self._fault(Garbled("the provider's answer has no candidates"), events)
            return events
        self._end(events)
        return events

    def _read(self, whole: bytes, events: list[Event]) -> None:
        for _, payload in frames(whole):
            if payload.strip() and not self._one(payload, events):
                return

    def _take_last(self, payload: bytes, events: list[Event]) -> None:
        try:
            RESPONSE.decode(payload)
        except NOT_JSON:
            return
        self._one(payload, events)

    def _one(self, payload: bytes, events: list[Event]) -> bool:
        """False when the answer is over."""
        try:
            if not payload.isascii():
                payload.decode()
            if self._started and (told := usual(payload)) is not None:
                return self._hear(told, events)
            response = RESPONSE.decode(payload)
            return self._take(response, events)
        except NOT_JSON as error:
            return self._fault(_unreadable(error), events)
        except Garbled as error:
            return self._fault(error, events)

    def _hear(self, told: Usual, events: list[Event]) -> bool:
        for candidate in told.candidates:
            voice = self._voice(candidate.index)
            for piece in candidate.content.parts:
                voice.speak(piece.text, events, thought=piece.thought)
        self._report(usage_of(told.usage_metadata), events)
        return True

    def _report(self, usage: Usage | None, events: list[Event]) -> None:
        if usage is not None and usage != self._usage:
            self._usage = usage
            events.append(UsageReported(usage))

    def _take(self, response: Response, events: list[Event]) -> bool:
        if (told := present(response.error)) is not None:
            return self._fault(decode_inline(told), events)
        if not self._started:
            self._start(response, events)
        for candidate in response.candidates or ():
            fault = self._voice(candidate.index or 0).take(candidate, events)
            if fault is not None:
                return self._fault(fault, events)
        if word := block_reason(response.prompt_feedback):
            self._block(word, events)
        self._report(read_usage(response.usage_metadata), events)
        return True

    def _start(self, response: Response, events: list[Event]) -> None:
        self._started = True
        extra: Mapping[str, Raw] = extra_of(response)
        model = response.model_version or ""
        events.append(Started(response.response_id or "", model, 0, extra, NAME))

    def _block(self, word: str, events: list[Event]) -> None:
        """The prompt itself was refused: there is no candidate to say so."""
        if not self._voices:
            self._voice(0).block(word, events)

    def _voice(self, choice: int) -> Voice:
        voice = self._voices.get(choice)
        if voice is None:
            voice = self._voices[choice] = Voice(choice, self._parts)
        return voice

    def _end(self, events: list[Event]) -> None:
        for voice in self._voices.values():
            if not voice.finished:
                voice.finish("", events)
        self._closed = True
        events.append(Ended())

    def _fault(self, error: GatewayError, events: list[Event]) -> bool:
        events.append(Faulted(error))
        self._closed = True
        return False

    @property
    def _finished(self) -> bool:
        return bool(self._voices) and all(voice.finished for voice in self._voices.values())


def _unreadable(error: Exception) -> Garbled:
    return Garbled("the provider's answer is not the Gemini API's", detail=str(error)[:500])
