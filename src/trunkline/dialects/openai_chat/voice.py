"""One choice of a streamed answer: which of its parts are open, and what a delta adds to them."""

from msgspec import Raw, json

from trunkline.canon.content import Reasoning
from trunkline.canon.errors import GatewayError
from trunkline.canon.event import (
    Annotated,
    Event,
    Finished,
    Logprobs,
    PartClosed,
    PartDelta,
    PartKind,
    PartOpened,
    Signed,
)
from trunkline.dialects.openai_chat import call_ids
from trunkline.dialects.openai_chat.decode_answer import (
    arguments_of,
    broken_off,
    is_call,
    kind_of,
    name_of,
    read_logprobs,
    tells,
    thought_in,
)
from trunkline.dialects.openai_chat.finish import FAILURES, finish_reason
from trunkline.dialects.openai_chat.reasoning import ours_in, proof_of, shown_in
from trunkline.dialects.openai_chat.think_tags import ThinkTags
from trunkline.dialects.openai_chat.wire import NAME, Call, Delta

_NONE = -1


class Parts:
    """What the choices of one answer share: the numbering of parts."""

    __slots__ = ("_next", "think_tags")

    def __init__(self, think_tags: bool) -> None:  # noqa: FBT001 - its one argument
        self.think_tags = think_tags
        self._next = 0

    def number(self) -> int:
        number = self._next
        self._next += 1
        return number


class _Call:
    """A tool call that is being written."""

    __slots__ = ("id", "index")

    def __init__(self, call_id: str, index: int) -> None:
        self.id = call_id
        self.index = index


class Voice:
    """
    Text and reasoning close when the other, or a call, begins; calls stay open until the end,
    for look-alikes write parallel ones at the same time.
    """

    __slots__ = (
        "_calls",
        "_choice",
        "_details",
        "_latest",
        "_parts",
        "_reasoning",
        "_refusal",
        "_tags",
        "_text",
        "_thinks_aloud",
        "_written",
        "finished",
        "speaking",
    )

    def __init__(self, choice: int, parts: Parts) -> None:
        self._choice = choice
        self._parts = parts
        self._tags = ThinkTags() if parts.think_tags else None
        self._reasoning = _NONE
        self._refusal = _NONE
        self._details: list[Raw] = []
        self._thinks_aloud = False
        """Its thinking has a field of its own, so that what details repeat of it is not more of it."""
        self._calls: dict[int, _Call] = {}
        self._written: list[int] = []
        self._latest = 0
        self.finished = False
        self._text = _NONE
        self.speaking = _NONE
        """The open text part where text needs no second look, else -1."""

    def take(self, delta: Delta, events: list[Event]) -> None:
        if thought := delta.reasoning_content or delta.reasoning:
            self._thinks_aloud = True
        elif delta.reasoning_details and not self._thinks_aloud:
            thought = shown_in(delta.reasoning_details)
        if thought:
            self._think(thought, events)
        if delta.reasoning_details:
            self._prove(delta.reasoning_details, events)
        content = delta.content
        if isinstance(content, str):
            self._say(content, events)
        else:
            for segment in content or ():
                if thinking := thought_in(segment):
                    self._think(thinking, events)
                self._say(segment.text, events)
        for note in delta.annotations or ():
            self._open_text(events)
            events.append(Annotated(self._text, note, NAME))
        if delta.refusal:
            self._refuse(delta.refusal, events)
        if delta.audio is not None and any(map(tells, delta.audio.values())):
            self._whole(Raw(json.encode({"audio": delta.audio})), events)
        for call in delta.tool_calls or ():
            self._call(call, events)
        if delta.function_call is not None:
            self._call(Call(index=_NONE, function=delta.function_call), events)

    def weigh(self, logprobs: dict[str, Raw], events: list[Event]) -> None:
        told = read_logprobs(logprobs)
        if told is not None and not self.finished:
            events.append(Logprobs(self._choice, told))

    def finish(self, word: str, events: list[Event]) -> GatewayError | None:
        """Closes every part. Returns the error where the word tells of one; once is enough."""
        if self.finished:
            return None
        if word in FAILURES:
            return broken_off(word)
        if self._tags is not None:
            for thinking, text in self._tags.finish():
                (self._think if thinking else self._speak)(text, events)
        self._close_thought(events)
        self._close_text(events)
        if self._refusal >= 0:
            events.append(PartClosed(self._refusal))
        events.extend(PartClosed(index) for index in self._written)
        self.finished = True
        reason = finish_reason(word, called=bool(self._written))
        events.append(Finished(reason, self._choice, word, origin=NAME))
        return None

    def _say(self, text: str, events: list[Event]) -> None:
        if self._tags is None:
            self._speak(text, events)
            return
        for thinking, piece in self._tags.feed(text):
            (self._think if thinking else self._speak)(piece, events)

    def _speak(self, text: str, events: list[Event]) -> None:
        if text:
            self._open_text(events)
            events.append(PartDelta(self._text, text))

    def _open_text(self, events: list[Event]) -> None:
        if self._text < 0:
            self._close_thought(events)
            self._text = self._open(PartKind.TEXT, events)
            if self._tags is None:
                self.speaking = self._text

    def _think(self, text: str, events: list[Event]) -> None:
        if self._reasoning < 0:
            self._close_text(events)
            self._reasoning = self._open(PartKind.REASONING, events)
        events.append(PartDelta(self._reasoning, text))

    def _prove(self, details: list[Raw], events: list[Event]) -> None:
        for raw in details:
            ours = ours_in(raw)
            if ours is None:
                self._details.append(raw)
            else:
                self._prove_ours(ours, events)

    def _prove_ours(self, proof: Reasoning, events: list[Event]) -> None:
        """Our own extension, from an upstream that is a Trunkline, too: a part ends with each."""
        if proof.redacted or self._reasoning < 0:
            self._close_thought(events)
            self._close_text(events)
            self._reasoning = self._open(PartKind.REASONING, events, redacted=proof.redacted)
            if proof.text:
                events.append(PartDelta(self._reasoning, proof.text))
        events.append(Signed(self._reasoning, proof.signature, proof.origin))
        events.append(PartClosed(self._reasoning))
        self._reasoning = _NONE

    def _close_thought(self, events: list[Event]) -> None:
        proof, self._details = proof_of(self._details), []
        if proof and self._reasoning < 0:
            self._close_text(events)
            self._reasoning = self._open(PartKind.REASONING, events, redacted=True)
        if self._reasoning >= 0:
            if proof:
                events.append(Signed(self._reasoning, proof, NAME))
            events.append(PartClosed(self._reasoning))
            self._reasoning = _NONE

    def _close_text(self, events: list[Event]) -> None:
        if self._text >= 0:
            events.append(PartClosed(self._text))
            self._text = self.speaking = _NONE

    def _refuse(self, text: str, events: list[Event]) -> None:
        if self._refusal < 0:
            self._close_thought(events)
            self._close_text(events)
            self._refusal = self._open(PartKind.REFUSAL, events)
        events.append(PartDelta(self._refusal, text))

    def _whole(self, raw: Raw, events: list[Event]) -> None:
        index = self._parts.number()
        events.append(PartOpened(index, PartKind.OPAQUE, self._choice, raw=raw, origin=NAME))
        events.append(PartClosed(index))

    def _call(self, call: Call, events: list[Event]) -> None:
        key = self._key(call)
        known = self._calls.get(key)
        name, arguments = name_of(call), arguments_of(call)
        if known is None and not is_call(call):
            return
        if known is None or (call.id and call.id != known.id and name):
            # Gemini's compatible endpoint gives every parallel call the index 0.
            known = self._calls[key] = self._open_call(call, events)
        self._latest = key
        if arguments:
            events.append(PartDelta(known.index, arguments))

    def _key(self, call: Call) -> int:
        """Some leave out the index: a new id or name is then a new call, all else more of the latest."""
        if call.index is not None:
            return call.index
        for key, known in self._calls.items():
            if call.id and call.id == known.id:
                return key
        return self._latest + 1 if name_of(call) else self._latest

    def _open_call(self, call: Call, events: list[Event]) -> _Call:
        self._close_thought(events)
        self._close_text(events)
        index = self._parts.number()
        call_id = call_ids.signed(call.id or "", call.extra_content)
        kind = PartKind.TOOL_CALL
        events.append(PartOpened(index, kind, self._choice, call_id, name_of(call), kind_of(call)))
        self._written.append(index)
        return _Call(call.id or "", index)

    def _open(self, kind: PartKind, events: list[Event], *, redacted: bool = False) -> int:
        index = self._parts.number()
        events.append(PartOpened(index, kind, self._choice, redacted=redacted))
        return index
