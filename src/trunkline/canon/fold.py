"""Events to a whole answer and back: the reason a stream and its whole can never disagree."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from msgspec import Raw, json

from trunkline.canon.answer import Answer, Choice
from trunkline.canon.content import Opaque, Part, Reasoning, Refusal, Text, ToolCall
from trunkline.canon.event import (
    Annotated,
    Burst,
    Ended,
    Event,
    Faulted,
    Finished,
    FinishReason,
    Logprobs,
    PartClosed,
    PartDelta,
    PartKind,
    PartOpened,
    Signed,
    Started,
    UsageReported,
)
from trunkline.canon.usage import Usage

_RAW_LIST = json.Decoder(list[Raw])
_RAW_MAP = json.Decoder(dict[str, Raw])


@dataclass(slots=True)
class _OpenPart:
    opened: PartOpened
    pieces: list[str] = field(default_factory=list)
    signature: str = ""
    origin: str = ""
    annotations: list[Raw] = field(default_factory=list)

    def close(self) -> Part:
        opened, text = self.opened, "".join(self.pieces)
        match opened.kind:
            case PartKind.TEXT:
                notes = Raw(json.encode(self.annotations)) if self.annotations else None
                return Text(text, annotations=notes, origin=self.origin, extra=opened.extra)
            case PartKind.REASONING:
                return Reasoning(text, self.signature, self.origin, opened.redacted)
            case PartKind.TOOL_CALL:
                return ToolCall(opened.id, opened.name, text, opened.call_kind, extra=opened.extra)
            case PartKind.REFUSAL:
                return Refusal(text)
            case PartKind.OPAQUE:
                return Opaque(opened.origin, opened.raw or Raw(b"null"))


class Fold:
    """
    Accumulates events; `answer()` is the whole so far, `fault` what broke it.

    Works on any prefix of a stream, so what was delivered before a cut can be counted.
    """

    __slots__ = ("_ended", "_finishes", "_logprobs", "_parts", "_started", "fault", "usage")

    def __init__(self) -> None:
        self._started = Started("", "")
        self._parts: dict[int, _OpenPart] = {}
        self._finishes: dict[int, Finished] = {}
        self._logprobs: dict[int, list[Raw]] = {}
        self._ended: Mapping[str, Raw] = {}
        self.usage: Usage | None = None
        self.fault: Faulted | None = None

    def feed(self, burst: Iterable[Event]) -> None:
        for event in burst:
            match event:
                case PartDelta(index=index, text=text):
                    self._parts[index].pieces.append(text)
                case PartOpened(index=index):
                    self._parts[index] = _OpenPart(event, origin=event.origin)
                case Signed(index=index):
                    part = self._parts[index]
                    part.signature, part.origin = event.signature, event.origin
                case Annotated(index=index):
                    part = self._parts[index]
                    part.annotations.append(event.raw)
                    part.origin = event.origin
                case Logprobs(choice=choice, raw=raw):
                    self._logprobs.setdefault(choice, []).append(raw)
                case PartClosed():
                    pass
                case UsageReported(usage=usage):
                    self.usage = usage
                case Finished(choice=choice):
                    self._finishes[choice] = event
                case Started():
                    self._started = event
                case Ended(extra=extra):
                    self._ended = extra
                case Faulted():
                    self.fault = event

    def answer(self) -> Answer:
        started = self._started
        indices = {p.opened.choice for p in self._parts.values()} | set(self._finishes) | {0}
        return Answer(
            id=started.id,
            model=started.model,
            created=started.created,
            choices=tuple(self._choice(index) for index in sorted(indices)),
            usage=self.usage,
            extra={**started.extra, **self._ended},
            origin=started.origin,
        )

    def _choice(self, index: int) -> Choice:
        finished = self._finishes.get(index)
        parts = tuple(
            part.close() for _, part in sorted(self._parts.items()) if part.opened.choice == index
        )
        return Choice(
            index=index,
            parts=parts,
            finish=finished.reason if finished else None,
            native=finished.native if finished else "",
            stop_sequence=finished.stop_sequence if finished else None,
            details=finished.details if finished else None,
            logprobs=_join_logprobs(self._logprobs.get(index, [])),
        )


def fold(burst: Iterable[Event]) -> Answer:
    folded = Fold()
    folded.feed(burst)
    return folded.answer()


def unfold(answer: Answer) -> Burst:
    """The events of a stream that would have amounted to `answer`."""
    return tuple(_unfold(answer))


def _unfold(answer: Answer) -> Iterator[Event]:
    yield Started(answer.id, answer.model, answer.created, answer.extra, answer.origin)
    index = 0
    for choice in answer.choices:
        if choice.logprobs is not None:
            yield Logprobs(choice.index, choice.logprobs)
        for part in choice.parts:
            yield from _unfold_part(part, index, choice.index)
            index += 1
        yield Finished(
            choice.finish or FinishReason.STOP,
            choice.index,
            choice.native,
            choice.stop_sequence,
            answer.origin,
            choice.details,
        )
    if answer.usage is not None:
        yield UsageReported(answer.usage)
    yield Ended()


def _unfold_part(part: Part, index: int, choice: int) -> Iterator[Event]:
    match part:
        case Text(text=text):
            yield PartOpened(index, PartKind.TEXT, choice, extra=part.extra)
            if text:
                yield PartDelta(index, text)
            for raw in _RAW_LIST.decode(part.annotations) if part.annotations else ():
                yield Annotated(index, raw, part.origin)
        case Reasoning(text=text):
            yield PartOpened(index, PartKind.REASONING, choice, redacted=part.redacted)
            if text:
                yield PartDelta(index, text)
            if part.signature:
                yield Signed(index, part.signature, part.origin)
        case ToolCall():
            kind = PartKind.TOOL_CALL
            yield PartOpened(index, kind, choice, part.id, part.name, part.kind, extra=part.extra)
            if part.arguments:
                yield PartDelta(index, part.arguments)
        case Refusal(text=text):
            yield PartOpened(index, PartKind.REFUSAL, choice)
            if text:
                yield PartDelta(index, text)
        case Opaque(origin=origin, raw=raw):
            yield PartOpened(index, PartKind.OPAQUE, choice, raw=raw, origin=origin)
        case _:
            raise TypeError(f"no answer holds a {type(part).__name__}")
    yield PartClosed(index)


def _join_logprobs(pieces: list[Raw]) -> Raw | None:
    """{"content":[a]} and {"content":[b]} make {"content":[a,b]}; keys keep their nulls."""
    if len(pieces) <= 1:
        return pieces[0] if pieces else None
    joined: dict[str, list[Raw] | None] = {}
    for piece in pieces:
        for key, raw in _RAW_MAP.decode(piece).items():
            have = joined.setdefault(key, None)
            if bytes(raw) != b"null":
                joined[key] = (have or []) + _RAW_LIST.decode(raw)
    return Raw(json.encode(joined))
