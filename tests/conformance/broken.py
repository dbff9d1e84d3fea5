"""Dialects with a bug each, to see that the suites see it."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Raw
from msgspec.structs import replace

from trunkline.canon.answer import Answer
from trunkline.canon.content import Part, Reasoning, Role, ToolCall
from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import Disconnected, GatewayError, Overloaded
from trunkline.canon.event import (
    Burst,
    Ended,
    Event,
    Finished,
    FinishReason,
    PartClosed,
    PartDelta,
    PartKind,
    PartOpened,
    Signed,
)
from trunkline.canon.exchange import Headers
from trunkline.canon.request import Request
from trunkline.dialects.base import Encoded, EventDecoder, EventEncoder, Sighting, Stamp, Watcher
from trunkline.dialects.gemini.dialect import Gemini
from trunkline.dialects.openai_chat.dialect import OpenAIChat
from trunkline.dialects.openai_responses.dialect import OpenAIResponses
from trunkline.dialects.thought_ids import unsigned

_OF_A_PART = (PartDelta, Signed, PartClosed)


class Healthy(OpenAIChat):
    """With nothing wrong; typed so that its parts can be taken by wrappers of them."""

    def encoder(self, request: Request, stamp: Stamp) -> Any:
        return super().encoder(request, stamp)

    def decoder(self, *, think_tags: bool = False) -> Any:
        return super().decoder(think_tags=think_tags)

    def watcher(self, *, wants_usage: bool) -> Any:
        return super().watcher(wants_usage=wants_usage)


class Thoughtless(Healthy):
    """Tells clients nothing of reasoning in streams."""

    def encoder(self, request: Request, stamp: Stamp) -> Any:
        return _SilentOfThought(super().encoder(request, stamp))


class HardOfHearing(Healthy):
    """Hears nothing of an upstream's reasoning."""

    def decode_answer(self, body: bytes, *, think_tags: bool = False) -> Answer:
        return _with_parts(super().decode_answer(body), _spoken)

    def decoder(self, *, think_tags: bool = False) -> Any:
        return _DeafToThought(super().decoder())


class Merging(Healthy):
    """Takes parallel calls for one."""

    def decode_answer(self, body: bytes, *, think_tags: bool = False) -> Answer:
        return _with_parts(super().decode_answer(body), _first_call_only)

    def encoder(self, request: Request, stamp: Stamp) -> Any:
        return _OneCall(super().encoder(request, stamp))


class Hopeful(Healthy):
    """Takes a stream that broke off for one that ended."""

    def decoder(self, *, think_tags: bool = False) -> Any:
        return _NeverCut(super().decoder())

    def watcher(self, *, wants_usage: bool) -> Any:
        return _AlwaysFinished(super().watcher(wants_usage=wants_usage))


class Leaking(Healthy):
    """Passes on half an event."""

    def watcher(self, *, wants_usage: bool) -> Any:
        return _Doubling(super().watcher(wants_usage=wants_usage))


class Forgetful(Healthy):
    """Leaves out stop sequences, and says nothing of it."""

    def decode_request(self, body: bytes, headers: Mapping[bytes, bytes]) -> Request:
        return replace(super().decode_request(body, headers), stop=())

    def forward(
        self, envelope: Mapping[str, Raw], deployment: Deployment, headers: Mapping[bytes, bytes]
    ) -> Encoded:
        left = {name: raw for name, raw in envelope.items() if name != "stop"}
        return super().forward(left, deployment, headers)


class Untyped(Healthy):
    """Asks in words no SDK has."""

    def encode_request(self, request: Request, deployment: Deployment) -> Encoded:
        encoded = super().encode_request(request, deployment)
        return replace(
            encoded, body=encoded.body.replace(b'"messages":', b'"messagez":[],"messages":')
        )


class Careless(Gemini):
    """Loses the proofs of what was thought, on calls and on texts."""

    def decode_answer(self, body: bytes, *, think_tags: bool = False) -> Answer:
        return _with_parts(super().decode_answer(body), _unproven)


class Hushing(Healthy):
    """Leaves out what the system says."""

    def encode_request(self, request: Request, deployment: Deployment) -> Encoded:
        heard = tuple(m for m in request.messages if m.role is not Role.SYSTEM)
        return super().encode_request(replace(request, messages=heard), deployment)


class Blaming(Healthy):
    """Whatever happens, the upstream was overloaded."""

    def decode_error(self, status: int, headers: Headers, body: bytes) -> GatewayError:
        return Overloaded("busy")


class Muddled(OpenAIResponses):
    """Takes every item of a stream for the first."""

    def decoder(self, *, think_tags: bool = False) -> Any:
        return _AllInOne(super().decoder())


class Sealing(OpenAIResponses):
    """Keeps what proves reasoning to itself."""

    def decode_answer(self, body: bytes, *, think_tags: bool = False) -> Answer:
        return _with_parts(super().decode_answer(body), _unproved)


def _with_parts(answer: Answer, kept: Any) -> Answer:
    choices = tuple(replace(c, parts=tuple(kept(c.parts))) for c in answer.choices)
    return replace(answer, choices=choices)


def _spoken(parts: tuple[Part, ...]) -> Iterator[Part]:
    return (part for part in parts if not isinstance(part, Reasoning))


def _unproved(parts: tuple[Part, ...]) -> Iterator[Part]:
    return (replace(p, signature="") if isinstance(p, Reasoning) else p for p in parts)


def _first_call_only(parts: tuple[Part, ...]) -> Iterator[Part]:
    called = False
    for part in parts:
        if not (called and isinstance(part, ToolCall)):
            yield part
        called |= isinstance(part, ToolCall)


def _unproven(parts: tuple[Part, ...]) -> Iterator[Part]:
    for part in parts:
        if isinstance(part, ToolCall):
            yield replace(part, id=unsigned(part.id)[0])
        elif not isinstance(part, Reasoning):
            yield part
        elif part.text:
            yield replace(part, signature="")


class _WithoutThought:
    def __init__(self) -> None:
        self._thoughts: set[int] = set()

    def keep(self, burst: Burst) -> Iterator[Event]:
        for event in burst:
            if isinstance(event, PartOpened) and event.kind is PartKind.REASONING:
                self._thoughts.add(event.index)
            elif not (isinstance(event, _OF_A_PART) and event.index in self._thoughts):
                yield event


class _SilentOfThought(_WithoutThought):
    def __init__(self, encoder: EventEncoder) -> None:
        super().__init__()
        self._encoder = encoder

    def feed(self, burst: Burst) -> bytes:
        return self._encoder.feed(list(self.keep(burst)))


class _DeafToThought(_WithoutThought):
    def __init__(self, decoder: EventDecoder) -> None:
        super().__init__()
        self._decoder = decoder

    def feed(self, data: bytes) -> Burst:
        return list(self.keep(self._decoder.feed(data)))

    def finish(self) -> Burst:
        return list(self.keep(self._decoder.finish()))


class _OneCall:
    def __init__(self, encoder: EventEncoder) -> None:
        self._encoder = encoder
        self._calls: list[int] = []

    def feed(self, burst: Burst) -> bytes:
        return self._encoder.feed(list(self._merged(burst)))

    def _merged(self, burst: Burst) -> Iterator[Event]:
        for event in burst:
            if isinstance(event, PartOpened) and event.kind is PartKind.TOOL_CALL:
                self._calls.append(event.index)
                if len(self._calls) > 1:
                    continue
            if isinstance(event, PartDelta) and event.index in self._calls:
                yield PartDelta(self._calls[0], event.text)
            else:
                yield event


class _AllInOne:
    def __init__(self, decoder: EventDecoder) -> None:
        self._decoder = decoder
        self._first = -1

    def feed(self, data: bytes) -> Burst:
        return [self._moved(event) for event in self._decoder.feed(data)]

    def finish(self) -> Burst:
        return self._decoder.finish()

    def _moved(self, event: Event) -> Event:
        if isinstance(event, PartOpened) and event.kind is PartKind.TOOL_CALL and self._first < 0:
            self._first = event.index
        moves = isinstance(event, PartDelta) and 0 <= self._first < event.index
        return replace(event, index=self._first) if moves else event


class _NeverCut:
    def __init__(self, decoder: EventDecoder) -> None:
        self._decoder = decoder

    def feed(self, data: bytes) -> Burst:
        return self._decoder.feed(data)

    def finish(self) -> Burst:
        try:
            return self._decoder.finish()
        except Disconnected:
            return [Finished(FinishReason.STOP), Ended()]


class _Watching:
    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self.delivered = watcher.delivered
        self.before_error = b""

    @property
    def sighting(self) -> Sighting:
        return self._watcher.sighting

    @property
    def usage(self) -> Any:
        return self._watcher.usage

    def feed(self, events: bytes) -> bytes:
        return self._watcher.feed(events)

    def fault(self, error: GatewayError, request_id: str) -> bytes:
        return self._watcher.fault(error, request_id)


class _AlwaysFinished(_Watching):
    @property
    def sighting(self) -> Sighting:
        return max(self._watcher.sighting, Sighting.FINISHED, key=lambda seen: seen.value)


class _Doubling(_Watching):
    def feed(self, events: bytes) -> bytes:
        return super().feed(events) + b"data: {"
