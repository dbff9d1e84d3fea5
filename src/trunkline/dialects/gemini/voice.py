"""One candidate of an answer, part by part, as canonical events."""

from msgspec import Raw, json

from trunkline.canon.errors import GatewayError
from trunkline.canon.event import (
    Event,
    Finished,
    FinishReason,
    Logprobs,
    PartClosed,
    PartDelta,
    PartKind,
    PartOpened,
    Signed,
)
from trunkline.dialects.gemini.finish import FAILURES, broken_off, reason_of
from trunkline.dialects.gemini.logprobs import read_logprobs
from trunkline.dialects.gemini.partial_args import PartialArgs
from trunkline.dialects.gemini.signature import unpack
from trunkline.dialects.gemini.wire import (
    ABSENT,
    NAME,
    OWN_FIELDS,
    PART,
    Candidate,
    FunctionCall,
    Part,
    present,
)
from trunkline.dialects.raws import RAW_MAP
from trunkline.dialects.thought_ids import signed

_NONE = -1
_THOUGHT_FIELDS = frozenset({"thought", "thoughtSignature", "text"})


class Parts:
    """What the candidates of one answer share: the numbering of parts."""

    __slots__ = ("_next",)

    def __init__(self) -> None:
        self._next = 0

    def number(self) -> int:
        number = self._next
        self._next += 1
        return number


class _Written:
    """A call whose arguments come piece by piece."""

    __slots__ = ("args", "call", "signature")

    def __init__(self, call: FunctionCall, signature: str) -> None:
        self.call = call
        self.signature = signature
        self.args = PartialArgs()


class Voice:
    """Text and thoughts go on until something else comes; all else is whole when it comes."""

    __slots__ = (
        "_calls",
        "_choice",
        "_details",
        "_kind",
        "_open",
        "_parts",
        "_written",
        "finished",
    )

    def __init__(self, choice: int, parts: Parts) -> None:
        self._choice = choice
        self._parts = parts
        self._kind = PartKind.TEXT
        self._open = _NONE
        """The text or reasoning part under way, of `_kind`."""
        self._written: _Written | None = None
        self._calls = 0
        self._details: dict[str, Raw] = {}
        self.finished = False

    def take(self, candidate: Candidate, events: list[Event]) -> GatewayError | None:
        """Raises msgspec.DecodeError or Garbled; returns the error a finish reason tells of."""
        if self.finished:
            return None
        content = candidate.content
        for raw in (content.parts if content is not None else None) or ():
            self._part(PART.decode(raw), raw, events)
        self._keep(candidate)
        logprobs = read_logprobs(candidate.logprobs_result)
        if logprobs is not None:
            events.append(Logprobs(self._choice, logprobs))
        if candidate.finish_reason:
            return self.finish(candidate.finish_reason, events)
        return None

    def speak(self, text: str, events: list[Event], *, thought: bool) -> None:
        """A piece of text, as nearly every event is."""
        if self._written is not None:
            self._settle(events)
        if text and not self.finished:
            self._speak(text, events, thought=thought)

    def _speak(self, text: str, events: list[Event], *, thought: bool) -> None:
        kind = PartKind.REASONING if thought else PartKind.TEXT
        if self._open < 0 or self._kind is not kind:
            self._begin(kind, events)
        events.append(PartDelta(self._open, text))

    def finish(self, word: str, events: list[Event]) -> GatewayError | None:
        if word in FAILURES:
            return broken_off(word)
        self._settle(events)
        self._close(events)
        self.finished = True
        reason = reason_of(word, called=self._calls > 0)
        details = Raw(json.encode(self._details)) if self._details else None
        events.append(Finished(reason, self._choice, word, origin=NAME, details=details))
        return None

    def block(self, word: str, events: list[Event]) -> None:
        """The prompt was refused, and so there is nothing to say."""
        self.finished = True
        events.append(Finished(FinishReason.CONTENT_FILTER, self._choice, word, origin=NAME))

    def _keep(self, candidate: Candidate) -> None:
        """The latest of each field that only our own clients know."""
        for name, field in OWN_FIELDS:
            raw: Raw = getattr(candidate, field)
            if raw is not ABSENT and present(raw) is not None:
                self._details[name] = raw

    def _part(self, part: Part, raw: Raw, events: list[Event]) -> None:
        signature = part.thought_signature or ""
        if part.function_call is not None:
            self._call(part.function_call, signature, events)
            return
        self._settle(events)
        if part.text is None and not RAW_MAP.decode(raw).keys() <= _THOUGHT_FIELDS:
            self._whole(raw, events)
            return
        if part.text:
            self._speak(part.text, events, thought=bool(part.thought))
        if signature:
            self._sign(signature, events, thought=bool(part.thought))

    def _sign(self, signature: str, events: list[Event], *, thought: bool) -> None:
        """
        Of a thought, its proof. Of a text (at a stream's end an empty one) the proof of what
        was thought before it: a reasoning part of its own, whose text nobody sees.
        """
        proof, origin = unpack(signature)
        if not (thought and self._open >= 0 and self._kind is PartKind.REASONING):
            self._begin(PartKind.REASONING, events, redacted=True)
        events.append(Signed(self._open, proof, origin))
        self._close(events)

    def _begin(self, kind: PartKind, events: list[Event], *, redacted: bool = False) -> None:
        self._close(events)
        self._kind, self._open = kind, self._parts.number()
        events.append(PartOpened(self._open, kind, self._choice, redacted=redacted))

    def _close(self, events: list[Event]) -> None:
        if self._open >= 0:
            events.append(PartClosed(self._open))
            self._open = _NONE

    def _whole(self, raw: Raw, events: list[Event]) -> None:
        self._close(events)
        index = self._parts.number()
        events.append(PartOpened(index, PartKind.OPAQUE, self._choice, raw=raw, origin=NAME))
        events.append(PartClosed(index))

    def _call(self, call: FunctionCall, signature: str, events: list[Event]) -> None:
        """Whole, but where Vertex AI was asked to stream arguments."""
        written = self._written
        if call.name or written is None:
            self._settle(events)
            if not call.name:
                return  # the end of a call that was never begun
            written = _Written(call, signature)
            if present(call.args) is not None or not (call.will_continue or call.partial_args):
                self._say(written, _compact(call.args), events)
                return
            self._written = written
        written.signature = written.signature or signature
        for piece in call.partial_args or ():
            written.args.add(piece)
        if not call.will_continue:
            self._settle(events)

    def _settle(self, events: list[Event]) -> None:
        """The call that was being written is whole."""
        written, self._written = self._written, None
        if written is not None:
            self._say(written, written.args.text(), events)

    def _say(self, written: _Written, arguments: str, events: list[Event]) -> None:
        self._close(events)
        call_id = signed(written.call.id or "", written.signature)
        name = written.call.name or ""
        self._calls += 1
        index = self._parts.number()
        events.append(PartOpened(index, PartKind.TOOL_CALL, self._choice, call_id, name))
        events.append(PartDelta(index, arguments))
        events.append(PartClosed(index))


def _compact(args: Raw) -> str:
    """Whole answers come with line ends and blanks for human readers."""
    raw = present(args)
    return "{}" if raw is None else json.format(raw, indent=-1).decode()
