"""An upstream's bytes to the client's bytes: untouched but watched, or through the canonical events."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec.structs import replace

from trunkline.canon.errors import Disconnected, Garbled, GatewayError
from trunkline.canon.event import (
    Burst,
    Ended,
    Event,
    Faulted,
    Finished,
    PartDelta,
    PartKind,
    PartOpened,
    Signed,
    UsageReported,
)
from trunkline.canon.usage import Usage
from trunkline.dialects.base import EventDecoder, EventEncoder, Sighting, Watcher
from trunkline.wire.sse import Splitter

_UNFINISHED = "the provider ended its answer before saying why it finished"
# Pieces of an answer kept apart until they are joined: a string and its place cost some 60 bytes
# besides its letters, so that a million events would hold 60 MB.
_LOOSE = 512
_WHOLE_PARTS = frozenset({PartKind.TOOL_CALL, PartKind.OPAQUE})


def check_text(data: bytes) -> None:
    """Raises Garbled where it is not UTF-8: no client could read it."""
    if not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError as error:
            raise Garbled("the provider sent bytes that are no text", detail=str(error)) from None


class Pipe(Protocol):
    """One answer's way through. Sans-IO, any chunking of the input gives the same output."""

    usage: Usage | None
    before_error: bytes
    """What a raising `feed` had already made of the bytes before the offence."""

    @property
    def sighting(self) -> Sighting: ...
    @property
    def delivered(self) -> list[str]:
        """The content that passed, for an estimate when no usage comes."""

    def feed(self, data: bytes) -> bytes:
        """Raises Garbled, or the error that an event of the upstream told of."""

    def finish(self) -> bytes:
        """At the end of the upstream's body. Raises Disconnected when it came too early."""

    def fault(self, error: GatewayError, request_id: str) -> bytes:
        """How the client is told of what `feed` or `finish` raised, or of what befell between them."""


class Passthrough:
    """Same dialect on both sides: whole events go out as they came in."""

    __slots__ = (
        "_full",
        "_sentinel",
        "_splitter",
        "_watcher",
        "before_error",
        "delivered",
        "usage",
    )

    def __init__(self, watcher: Watcher, sentinel: bytes) -> None:
        self._watcher = watcher
        self._sentinel = sentinel
        self._splitter = Splitter()
        self.delivered = watcher.delivered
        self._full = _LOOSE
        self.before_error = b""
        self.usage: Usage | None = None

    @property
    def sighting(self) -> Sighting:
        return self._watcher.sighting

    def feed(self, data: bytes) -> bytes:
        whole = self._splitter.feed(data)
        if not whole:
            return b""
        readable = whole if whole.isascii() else _readable(whole)
        watcher = self._watcher
        try:
            passed = watcher.feed(readable) if readable else b""
        except GatewayError:
            self.before_error = watcher.before_error
            raise
        finally:
            self.usage = watcher.usage
        if len(self.delivered) > self._full:
            self._fold()
        if len(readable) < len(whole):
            self.before_error = passed
            check_text(whole)
        return passed

    def finish(self) -> bytes:
        rest = self._splitter.rest()
        last = b""
        if rest.strip():
            try:
                last = self._watcher.feed(rest + b"\n\n")
            except GatewayError:
                # Half an event: harmless behind the finish, the sign of a cut before it.
                if self.sighting.value < Sighting.FINISHED.value:
                    raise Disconnected(_UNFINISHED) from None
        self.usage = self._watcher.usage
        if self.sighting.value < Sighting.FINISHED.value:
            raise Disconnected(_UNFINISHED)
        return last if self.sighting is Sighting.ENDED else last + self._sentinel

    def fault(self, error: GatewayError, request_id: str) -> bytes:
        return self._watcher.fault(error, request_id)

    def _fold(self) -> None:
        """The loose pieces become one behind those made before: nothing is copied twice."""
        folded = self._full - _LOOSE
        self.delivered[folded:] = ["".join(self.delivered[folded:])]
        self._full += 1


def _readable(whole: bytes) -> bytes:
    """The events before the first that is not UTF-8; mostly all of them."""
    try:
        whole.decode()
    except UnicodeDecodeError as error:
        return Splitter(len(whole)).feed(whole[: error.start])
    return whole


def _said_in(bursts: Sequence[Burst]) -> list[str]:
    return [
        event.text if isinstance(event, PartDelta) else event.name
        for burst in bursts
        for event in burst
        if isinstance(event, PartDelta | PartOpened)
    ]


class Translation:
    """Bytes to events to bytes of the other dialect."""

    __slots__ = (
        "_decoder",
        "_encoder",
        "_names",
        "_passed",
        "_said",
        "before_error",
        "sighting",
        "usage",
    )

    def __init__(
        self, decoder: EventDecoder, encoder: EventEncoder, names: Mapping[str, str]
    ) -> None:
        self._decoder = decoder
        self._encoder = encoder
        self._names = names
        self._passed: list[Burst] = []
        self._said: list[str] = []
        """Of bursts that are no longer in `_passed`."""
        self.sighting = Sighting.NOTHING
        self.usage: Usage | None = None
        self.before_error = b""

    @property
    def delivered(self) -> list[str]:
        """Mostly put together only when somebody has to count: most upstreams count for us."""
        return [*self._said, *_said_in(self._passed)]

    def feed(self, data: bytes) -> bytes:
        return self._encode(self._decoder.feed(data))

    def finish(self) -> bytes:
        return self._encode(self._decoder.finish())

    def fault(self, error: GatewayError, request_id: str) -> bytes:
        return self._encoder.fault(error, request_id)

    def _encode(self, burst: Burst) -> bytes:
        if not burst:
            return b""
        if self._names:
            burst = [self._restore(event) for event in burst]
        self._passed.append(burst)
        if len(self._passed) > _LOOSE:
            self._said.append("".join(_said_in(self._passed)))
            self._passed.clear()
        for event in burst:
            if type(event) is not PartDelta:
                self._see(event, burst)
            elif self.sighting is Sighting.NOTHING and event.text:
                self.sighting = Sighting.CONTENT
        return self._encoder.feed(burst)

    def _see(self, event: Event, burst: Burst) -> None:
        """Raises what a Faulted tells of."""
        match event:
            case PartOpened(kind=kind):
                if kind in _WHOLE_PARTS and self.sighting is Sighting.NOTHING:
                    self.sighting = Sighting.CONTENT
            case Signed() if self.sighting is Sighting.NOTHING:
                self.sighting = Sighting.CONTENT
            case UsageReported(usage=usage):
                self.usage = usage
            case Finished():
                self.sighting = Sighting.FINISHED
            case Ended():
                self.sighting = Sighting.ENDED
            case Faulted(error=error):
                before = [e for e in burst if e is not event]
                self.before_error = self._encoder.feed(before) if before else b""
                raise error
            case _:
                pass

    def _restore(self, event: Event) -> Event:
        """Tool names that were too long for the upstream come back as the client wrote them."""
        if type(event) is PartOpened and event.name in self._names:
            return replace(event, name=self._names[event.name])
        return event
